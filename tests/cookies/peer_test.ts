// A differential test against `npm:tough-cookie`. If the two differ on purpose,
// `explain` names the reason; any other difference is a bug.

import { assertEquals } from "@std/assert";
import { HttpCookieJar } from "@pimalaya/io-http/cookies";
import { fc } from "../_fast_check.ts";
import { CookieJar } from "tough-cookie";
import { property } from "../properties/_property.ts";

const NOW = Date.UTC(2026, 10, 26);

const urls = fc.constantFrom(
  "https://www.example.com/a/b",
  "http://www.example.com/a",
  "https://example.com/",
  "http://example.org/a/",
  "http://192.0.2.1/a",
).map((url) => new URL(url));

const attributes = fc.oneof(
  fc.constantFrom("Secure", "HttpOnly", "SameSite=Lax", "SameSite=Strict", ""),
  fc.constantFrom(
    "Domain=example.com",
    "Domain=.example.com",
    "domain=www.EXAMPLE.com",
    "Domain=example.org",
    "Domain=192.0.2.1",
    "Domain=",
  ),
  fc.constantFrom("Path=/", "Path=/a", "PATH = /a/", "Path=", "Path=a"),
  fc.constantFrom("Max-Age=60", "Max-Age=0", "Max-Age=-1", "Max-Age=x"),
  fc.constantFrom(
    "Expires=Fri, 27 Nov 2026 00:00:00 GMT",
    "Expires=26-Nov-70 12:00:00",
    "expires=27 november 26 1:2:3",
    "Expires=2026",
  ),
  fc.string({ maxLength: 12, unit: fc.constantFrom(...'ab=; \t,"/.') }),
);

const lines = fc.tuple(
  fc.constantFrom("a", "b", "", " c ", "__Secure-d", "__Host-e"),
  fc.string({ maxLength: 8, unit: fc.constantFrom(...'a1 ,="') }),
  fc.array(attributes, { maxLength: 4 }),
).map(([name, value, rest]) => [`${name}=${value}`, ...rest].join(";"));

/** Why tough-cookie stores a line otherwise, if it does so on purpose. */
function explain(line: string): string | null {
  const [pair = "", ...rest] = line.split(";").map((part) => part.trim());
  const last = (name: string) =>
    rest.filter((it) => it.toLowerCase().split("=")[0]!.trim() === name).at(-1);
  if (/^=\s*(?:__secure-|__host-)/i.test(pair)) {
    return "it has no nameless prefix";
  }
  if (/^\s*=\s*[^=]*=/.test(pair)) return "it reads `=a=b` as the name a";
  if (/^[\s=]*$/.test(pair)) return "it stores what has no name and no value";
  // Here, as in the draft, the last Path or Domain counts even if it is invalid.
  if (/^path\b(?!\s*=\s*\/)/i.test(last("path") ?? "path=/")) {
    return "it skips an invalid Path";
  }
  if (/^domain\s*(?:=\s*\.?\s*)?$/i.test(last("domain") ?? "")) {
    return "it skips an empty Domain";
  }
  return null;
}

property(
  "Cookies: HttpCookieJar agrees with tough-cookie on random lines",
  5000,
  fc.tuple(
    fc.array(fc.tuple(urls, lines), { minLength: 1, maxLength: 6 }),
    fc.array(urls, { minLength: 1, maxLength: 3 }),
  ),
  ([responses, requests]) => {
    fc.pre(responses.every(([, line]) => explain(line) === null));
    const ours = new HttpCookieJar();
    const theirs = new CookieJar(undefined, {
      looseMode: true,
      rejectPublicSuffixes: false,
      prefixSecurity: "silent",
    });
    const hostOnly = new Map<string, boolean>();
    responses.forEach(([url, line], index) => {
      const now = NOW + index;
      const [result] = ours.store(url, [line], now);
      theirs.setCookieSync(line, url.href, {
        now: new Date(now),
        ignoreError: true,
      });
      if ("refused" in result!) {
        // It lets http overwrite a cookie that is Secure.
        fc.pre(result.refused !== "OverwritesSecure");
        return;
      }
      // It does not count the host-only flag as part of a cookie's identity.
      const { domain, path, name, hostOnly: flag } = result!.cookie;
      const id = `${domain}${path};${name}`;
      fc.pre((hostOnly.get(id) ?? flag) === flag);
      hostOnly.set(id, flag);
    });
    for (const url of requests) {
      const now = NOW + 1000;
      const expected = theirs
        .getCookiesSync(url.href, { expire: false, sort: true })
        .filter((cookie) => (cookie.expiryTime() ?? Infinity) > now)
        .map((cookie) => `${cookie.key}=${cookie.value}`);
      // It keeps expired cookies, and with them the age of their successors,
      // so the order is not compared.
      assertEquals(
        ours.cookies(url, now).map((it) => `${it.name}=${it.value}`).sort(),
        expected.sort(),
        JSON.stringify({ responses, url }),
      );
    }
  },
);
