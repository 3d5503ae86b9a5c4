// A jar that is given any lines by any hosts.

import { fc } from "../_fast_check.ts";
import { HttpCookieJar } from "../../cookies/mod.ts";
import { equal } from "../_sweep.ts";
import { mutated } from "./_mutations.ts";
import { must, property } from "./_property.ts";

const NOW = Date.UTC(2026, 10, 26);
const MAX_AGE = 400 * 24 * 60 * 60 * 1000;
const URLS = [
  "https://www.example.com/a/b",
  "http://www.example.com/a",
  "https://example.com/",
  "http://localhost/a/",
  "http://192.0.2.1/a",
  "https://[::1]/",
].map((url) => new URL(url));

const WORDS = ('=|;| |\t|,|"|\0|\x7f|\xff|Domain=|.example.com|com|' +
  "localhost|Path=/|/a|Secure|HttpOnly|SameSite=|None|Strict|Max-Age=|-1|0|" +
  "99999999999999999999|Expires=|Fri, 27 Nov 2026 00:00:00 GMT|__Host-|" +
  "__secure-|192.0.2.1|[::1]|x").split("|").concat("y".repeat(1100));

const lines = mutated(
  fc.constantFrom(
    "a=b; Domain=example.com; Path=/a; Secure; HttpOnly; SameSite=Lax",
    "__Host-a=b; Secure; Path=/; Max-Age=60",
    "a=; Expires=Fri, 27 Nov 2026 00:00:00 GMT",
    "=b",
    "a",
  ),
  WORDS,
);

property(
  "HttpCookieJar keeps any lines within the limits, and sends none elsewhere",
  500,
  fc.tuple(
    fc.array(fc.tuple(fc.constantFrom(...URLS), lines), { maxLength: 12 }),
    fc.constantFrom(...URLS),
  ),
  ([responses, url]) => {
    const jar = new HttpCookieJar({ maxCookies: 5, maxCookiesPerDomain: 3 });
    for (const [index, [origin, line]] of responses.entries()) {
      // Some of them at the same time.
      const results = jar.store(origin, [line], NOW + (index >> 1));
      must(results.length <= 1, `Returns ${results.length} results`);
      for (const result of results) {
        if ("refused" in result) {
          must(/^[A-Z]\w+$/.test(result.refused), `Refuses: ${result.refused}`);
        } else if (result.cookie !== null) {
          const { hostname, protocol } = origin;
          must(isWithin(hostname, result.cookie.domain), "Of another domain");
          must(
            !result.cookie.secure || protocol === "https:",
            "Is secure and was set over http",
          );
        }
      }
    }
    const cookies = jar.cookies();
    must(cookies.length <= 5, `Keeps ${cookies.length} cookies`);
    for (const { name, value, expires, domain } of cookies) {
      // deno-lint-ignore no-control-regex
      must(!/[\0-\x08\x0a-\x1f\x7f;]/.test(name + value), "Keeps controls");
      must(name.length + value.length <= 4096, "Keeps too much");
      must(expires === null || expires <= NOW + 12 + MAX_AGE, "Lives too long");
      const same = cookies.filter((cookie) => cookie.domain === domain);
      must(same.length <= 3, `Keeps ${same.length} of ${domain}`);
    }
    const header = jar.header(url, NOW + 100);
    const sent = jar.cookies(url, NOW + 100);
    equal("header", header === null, sent.length === 0);
    for (const cookie of sent) {
      must(
        cookie.hostOnly
          ? cookie.domain === url.hostname
          : isWithin(url.hostname, cookie.domain),
        "Sends a cookie to another host",
      );
      must(
        !cookie.secure || url.protocol === "https:" ||
          hostOf(url) === "localhost",
        "Sends a secure cookie over http",
      );
      must(url.pathname.startsWith(cookie.path), "Sends it to another path");
    }
    const saved = HttpCookieJar.fromJSON(JSON.parse(JSON.stringify(jar)));
    equal("saved", saved.header(url, NOW + 100), header);
  },
);

function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, "");
}

function isWithin(hostname: string, domain: string): boolean {
  const host = hostname.replace(/^\[|\]$/g, "");
  const own = domain.replace(/^\[|\]$/g, "");
  return host === own || host.endsWith(`.${own}`);
}
