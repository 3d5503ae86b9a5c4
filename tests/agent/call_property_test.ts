// docs/policies.md, "Redirects" and "Credentials": over random chains of origins
// and responses, no secret reaches another origin, and none that was dropped comes
// back.

import { assert } from "@std/assert";
import { fc } from "../_fast_check.ts";
import { HttpHeaders, HttpRequest, Secret } from "@pimalaya/io-http";
import { HttpCallMemory } from "@pimalaya/io-http/agent";
import { HttpCookieJar } from "@pimalaya/io-http/cookies";
import { property } from "../properties/_property.ts";
import { Driven } from "./_calls.ts";

const ORIGINS = [
  "http://a.test",
  "https://a.test",
  "http://a.test:81",
  "http://b.test",
  "https://sub.a.test",
];
const PROXY = "http://proxy.test";

// A secret is named after its owner, and its text occurs nowhere else. Those of
// the caller belong to the first origin until the call leaves it.
const OWN = ["own-auth", "own-cookie", "own-key", "own-default", "own-info"];
const secretOf = (origin: string, kind: string) =>
  `${kind}-${origin.replace(/\W/g, "_")}-`;

const chance = fc.record({
  status: fc.constantFrom(200, 301, 303, 307, 401, 407, 408, 503),
  to: fc.constantFrom(...ORIGINS),
  scheme: fc.constantFrom("Basic", "Digest", "Bearer"),
  stale: fc.boolean(),
  reused: fc.boolean(),
  fails: fc.boolean(),
});
const call = fc.record({
  from: fc.constantFrom(...ORIGINS),
  chances: fc.array(chance, { maxLength: 12 }),
});
const chain = fc.record({
  proxied: fc.boolean(),
  ownAuthorization: fc.boolean(),
  userinfo: fc.boolean(),
  calls: fc.array(call, { minLength: 1, maxLength: 3 }),
});

type Chance = typeof chance extends fc.Arbitrary<infer Value> ? Value : never;
type Chain = typeof chain extends fc.Arbitrary<infer Value> ? Value : never;

property(
  "Redirects: A call keeps every secret to its owner",
  2000,
  chain,
  keepsSecrets,
);

function keepsSecrets({ proxied, ownAuthorization, userinfo, calls }: Chain) {
  const options = {
    credentials: () => null,
    cookies: new HttpCookieJar(),
    memory: new HttpCallMemory(),
    proxy: proxied ? PROXY : null,
    retry: true,
    headers: new HttpHeaders({ "X-Token": new Secret("own-default") }),
  };
  for (const { from, chances } of calls) {
    const first = new URL(from);
    if (userinfo) [first.username, first.password] = ["u", "own-info"];
    const request = HttpRequest.post(first, {
      headers: { Cookie: "x=own-cookie", "X-Key": new Secret("own-key") },
    });
    if (ownAuthorization) request.header("Authorization", "own-auth");
    const driven = new Driven(request, options);
    let left = false;

    for (const next of chances) {
      if (driven.is("WantsTimer")) driven.elapse();
      const { step } = driven;
      if (step.type === "WantsCredentials") {
        const owner = step.ask.proxy ? "proxy" : step.ask.url.origin;
        const username = secretOf(owner, "user");
        driven.credentials({ username, password: secretOf(owner, "password") });
        continue;
      }
      if (step.type !== "WantsExchange") break;
      left ||= step.request.url.origin !== first.origin;
      checkRequest(step.request, left);
      answer(driven, step.request.url, next);
    }
  }
}

/** Checks that a request carries no secret of anyone but its receivers. */
function checkRequest({ url, headers }: HttpRequest, left: boolean): void {
  const sent = [url.href, ...headers].join("\n") + decodeBasic(headers);
  if (left) {
    for (const secret of OWN) assert(!sent.includes(secret), secret);
  }
  for (const origin of [...ORIGINS, "proxy"]) {
    if (origin === url.origin) continue;
    const toProxy = headers.get("proxy-authorization");
    const seen = origin === "proxy" && toProxy !== null
      ? sent.replace(toProxy, "")
      : sent;
    const { hostname } = new URL(origin === "proxy" ? PROXY : origin);
    const secrets = [secretOf(origin, "user"), secretOf(origin, "password")];
    // A cookie belongs to a host, with any scheme and port (RFC 6265).
    if (hostname !== url.hostname) secrets.push(secretOf(hostname, "cookie"));
    for (const secret of secrets) {
      assert(!seen.includes(secret), `${secret} in ${sent}`);
    }
  }
}

/** The origin's credentials as Basic encodes them. */
function decodeBasic(headers: HttpHeaders): string {
  const [, text] = /^Basic (.*)/.exec(headers.get("authorization") ?? "") ?? [];
  return text === undefined ? "" : atob(text);
}

function answer(driven: Driven, { hostname }: URL, chance: Chance): void {
  const { status, to, scheme, stale, reused, fails } = chance;
  if (fails) {
    driven.fail("NoResponse", reused ? "used" : "idle");
    return;
  }
  const challenge = `${scheme} realm="r", nonce="n", stale=${stale}`;
  driven.respond(status, {
    Location: `${to}/`,
    "WWW-Authenticate": challenge,
    "Proxy-Authenticate": challenge,
    "Set-Cookie": `c=${secretOf(hostname, "cookie")}; Path=/`,
  }, { reused });
}
