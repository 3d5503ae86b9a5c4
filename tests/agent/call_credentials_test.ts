// Credentials and cookies of a call.

import { assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { HttpAuthBasic, HttpAuthBearer, HttpRequest } from "@pimalaya/io-http";
import {
  HttpCallMemory,
  type HttpCallOptions,
  type HttpCredential,
} from "@pimalaya/io-http/agent";
import { HttpAuthDigest } from "@pimalaya/io-http/auth/digest";
import { HttpCookieJar } from "@pimalaya/io-http/cookies";
import { test } from "../_pure.ts";
import { Driven, show } from "./_calls.ts";

const HTTPS = "https://a.test/";
const HTTP = "http://a.test/";
const PASSWORD = { username: "u", password: "p" };
const BASIC = 'Basic realm="r"';
const BEARER = 'Bearer realm="r"';
const INVALID = 'Bearer realm="r", error="invalid_token"';

function digest(nonce: string, more = ""): string {
  return `Digest realm="r", nonce="${nonce}", qop="auth"${more}`;
}

// A function is not run by the call, so any will do.
function asking(more: HttpCallOptions = {}): HttpCallOptions {
  return { credentials: () => null, memory: new HttpCallMemory(), ...more };
}

function challenge(driven: Driven, ...challenges: string[]): Driven {
  return driven.respond(
    401,
    challenges.map((value) => ["WWW-Authenticate", value] as const),
  );
}

/** What a call answers to challenges with credentials: the scheme, or nothing. */
function answer(
  url: string,
  credential: HttpCredential,
  ...challenges: string[]
): string {
  const driven = challenge(new Driven(url, asking()), ...challenges);
  if (driven.is("WantsCredentials")) driven.credentials(credential);
  if (!driven.is("WantsExchange")) return show(driven.step);
  const value = driven.sent("authorization") ?? "";
  const algorithm = /algorithm=([^,]*)/.exec(value)?.[1];
  return value.split(" ")[0]! +
    (algorithm === undefined ? "" : ` ${algorithm}`);
}

test("A call answers the strongest challenge that its credentials can", () => {
  const basic = new HttpAuthBasic("u", "p");
  const bearer = new HttpAuthBearer("t");
  const sha = digest("1", ", algorithm=SHA-256");
  const sha512 = digest("1", ", algorithm=SHA-512-256-sess");
  const cases: [
    url: string,
    credential: HttpCredential,
    challenges: string[],
    answer: string,
  ][] = [
    [HTTPS, PASSWORD, [BASIC], "Basic"],
    [HTTP, PASSWORD, [BASIC], "401 after 1"],
    [HTTP, PASSWORD, [BASIC, digest("1")], "Digest"],
    [HTTPS, PASSWORD, [BASIC, digest("1"), sha512, sha], "Digest SHA-256"],
    [HTTPS, PASSWORD, [BASIC, digest("1"), sha512], "Digest SHA-512-256-sess"],
    [HTTPS, PASSWORD, [digest("1", ", algorithm=NEW"), BASIC], "Basic"],
    [HTTPS, PASSWORD, [`${BASIC}, ${digest("1")}`], "Digest"],
    [HTTP, basic, [BASIC], "Basic"],
    [HTTP, basic, [digest("1")], "401 after 1"],
    [HTTP, bearer, [BASIC, BEARER], "Bearer"],
    [HTTP, bearer, [BASIC], "401 after 1"],
    [HTTP, new HttpAuthDigest("u", "p"), [BASIC, digest("1")], "Digest"],
    [HTTPS, new HttpAuthDigest("u", "p"), [BASIC], "401 after 1"],
    [HTTPS, PASSWORD, [BEARER], "401 after 1"],
    [HTTPS, PASSWORD, [], "401 after 1"],
  ];
  for (const [url, credential, challenges, expected] of cases) {
    assertEquals(answer(url, credential, ...challenges), expected);
  }
});

test("A call asks for the origin, with its challenges", () => {
  const { step } = challenge(new Driven(`${HTTPS}x?y`, asking()), BASIC);
  if (step.type !== "WantsCredentials") throw new Error(step.type);
  const { url, proxy, challenges, attempt } = step.ask;
  assertEquals(
    [url.href, proxy, challenges.map(({ scheme }) => scheme), attempt],
    [`${HTTPS}x?y`, false, ["basic"], 1],
  );
});

test("A call returns the 401 if nobody has credentials, or they are wrong", () => {
  const none = challenge(new Driven(HTTPS, asking()), BASIC).credentials(null);
  assertEquals(show(none.step), "401 after 1");
  assertEquals(show(challenge(new Driven(HTTPS), BASIC).step), "401 after 1");

  const options = asking();
  const wrong = challenge(new Driven(HTTPS, options), BASIC)
    .credentials(PASSWORD);
  assertEquals(show(challenge(wrong, BASIC).step), "401 after 2");
  assertEquals(new Driven(HTTPS, options).sent("authorization"), null);
});

test("A call leaves an Authorization of the caller's alone", () => {
  const request = HttpRequest.get(HTTPS, { headers: { Authorization: "x" } });
  const driven = challenge(new Driven(request, asking()), BASIC);
  assertEquals(show(driven.step), "401 after 1");
});

test("A call answers only if its body can be sent again", () => {
  const one = () => new Driven(HTTPS, asking({ replayable: false }));
  assertEquals(show(challenge(one(), BASIC).step), "401 after 1");
  const waiting = one().respond(401, { "WWW-Authenticate": BASIC }, {
    bodyUsed: false,
  });
  assertEquals(show(waiting.step), "ask 1");
});

test("Credentials are sent ahead of the next challenge, to their origin alone", () => {
  const options = asking();
  challenge(new Driven(HTTPS, options), BASIC).credentials(PASSWORD);
  const value = "Basic dTpw";
  assertEquals(
    new Driven(`${HTTPS}other`, options).sent("authorization"),
    value,
  );
  for (const url of [HTTP, "https://b.test/", "https://a.test:444/"]) {
    assertEquals(new Driven(url, options).sent("authorization"), null);
  }
  const hops = new Driven(HTTPS, options)
    .respond(302, { Location: "https://b.test/" });
  assertEquals(hops.sent("authorization"), null);
  hops.respond(302, { Location: HTTPS });
  assertEquals(hops.sent("authorization"), value);
});

test("Credentials that one function found are not those of another", () => {
  const options = asking();
  challenge(new Driven(HTTPS, options), BASIC).credentials(PASSWORD);
  const others = { ...options, credentials: () => PASSWORD };
  assertEquals(new Driven(HTTPS, others).sent("authorization"), null);
});

test("Calls with one nonce use different counts, and one digest", () => {
  const options = asking();
  const calls = Array.from({ length: 20 }, () => new Driven(HTTPS, options));
  for (const call of calls) challenge(call, digest("1"));
  for (const call of calls) call.credentials(new HttpAuthDigest("u", "p"));
  const counts = calls.map((call) =>
    /nonce="1", nc=([0-9a-f]{8})/.exec(call.sent("authorization") ?? "")?.[1]
  );
  const expected = calls.map((_, i) => (i + 1).toString(16).padStart(8, "0"));
  assertEquals(counts, expected);
});

test("A call answers a stale nonce once more, and a new nonce to a kept digest", () => {
  const stale = (nonce: string) => digest(nonce, ", stale=TRUE");
  const options = asking();
  const driven = challenge(new Driven(HTTPS, options), digest("1"))
    .credentials(PASSWORD);
  challenge(driven, stale("2"));
  assertMatch(driven.sent("authorization")!, /nonce="2", nc=00000001/);
  assertEquals(show(challenge(driven, stale("3")).step), "401 after 3");

  // Not those that were refused last, but others.
  challenge(new Driven(HTTPS, options), digest("4")).credentials(PASSWORD);
  const next = new Driven(HTTPS, options);
  assertMatch(next.sent("authorization")!, /nonce="4", nc=00000002/);
  challenge(next, digest("5"));
  assertMatch(next.sent("authorization")!, /nonce="5", nc=00000001/);
  // Now the password must have changed.
  assertEquals(show(challenge(next, digest("6")).step), "ask 2");
  next.credentials({ username: "u", password: "new" });
  assertEquals(show(challenge(next, digest("7")).step), "401 after 3");
});

test("A server that offers new nonces forever gets no more than 3 requests", () => {
  const driven = new Driven(HTTPS, asking());
  let nonce = 0;
  while (driven.is("WantsExchange")) {
    challenge(driven, digest(`${nonce++}`, ", stale=true"));
    if (driven.is("WantsCredentials")) driven.credentials(PASSWORD);
  }
  assertEquals(show(driven.step), "401 after 3");
});

test("A call covers its target with the digest, as it is sent", () => {
  const uri = (url: string, proxy: string | null) => {
    const driven = new Driven(url, asking({ proxy }));
    challenge(driven, digest("1")).credentials(PASSWORD);
    return / uri="([^"]*)"/.exec(driven.sent("authorization")!)?.[1];
  };
  assertEquals(uri("http://a.test/x?y#z", null), "/x?y");
  assertEquals(
    uri("http://a.test/x?y#z", "http://p.test"),
    "http://a.test/x?y",
  );
  assertEquals(uri("https://a.test/x", "http://p.test"), "/x");
});

test("A call answers for a stream only if the digest need not cover it", () => {
  const answered = (qop: string, streamed: boolean) => {
    const challenges = 'Digest realm="r", nonce="n", qop=' + qop;
    const driven = challenge(
      new Driven(HttpRequest.put(HTTPS), asking({ streamed })),
      challenges,
    ).credentials(PASSWORD);
    return driven.is("WantsExchange");
  };
  assertEquals(answered('"auth-int"', false), true);
  assertEquals(answered('"auth-int"', true), false);
  assertEquals(answered('"auth-int, auth"', true), true);
});

test("A call fails if the server cannot prove that it knows the password", () => {
  const driven = challenge(new Driven(HTTPS, asking()), digest("1"))
    .credentials(PASSWORD)
    .respond(200, { "Authentication-Info": 'rspauth="0", qop=auth' });
  assertEquals(show(driven.step), "InvalidAuthenticationInfo");
});

test("A call uses the nextnonce of a server", () => {
  const options = asking();
  challenge(new Driven(HTTPS, options), digest("1")).credentials(PASSWORD)
    .respond(200, { "Authentication-Info": 'nextnonce="2"' });
  const sent = new Driven(HTTPS, options).sent("authorization")!;
  assertMatch(sent, /nonce="2", nc=00000001/);
});

test("A call takes random cnonces", () => {
  const cnonce = (random: () => number) => {
    const driven = challenge(
      new Driven(HTTPS, asking({ random })),
      digest("1"),
    );
    const sent = driven.credentials(PASSWORD).sent("authorization")!;
    return /cnonce="([0-9a-f]{32})"/.exec(sent)?.[1];
  };
  let state = 0;
  const random = () => (state = (state + 0.618) % 1);
  assertNotEquals(cnonce(random), cnonce(random));
});

test("A call asks again for a token that is invalid, once", () => {
  const options = asking();
  const token = (text: string) => new HttpAuthBearer(text);
  const driven = challenge(new Driven(HTTPS, options), BEARER)
    .credentials(token("1"));
  assertEquals(driven.sent("authorization"), "Bearer 1");
  assertEquals(show(challenge(driven, INVALID).step), "ask 2");
  driven.credentials(token("2"));
  assertEquals(show(challenge(driven, INVALID).step), "401 after 3");

  challenge(new Driven(HTTPS, options), BEARER).credentials(token("3"));
  const later = new Driven(HTTPS, options);
  assertEquals(show(challenge(later, INVALID).step), "ask 2");
  later.credentials(token("4"));
  assertEquals(show(challenge(later, BEARER).step), "401 after 2");
});

test("A call uses the token that another call has refreshed", () => {
  const options = asking();
  challenge(new Driven(HTTPS, options), BEARER)
    .credentials(new HttpAuthBearer("1"));
  const [first, second] = [
    new Driven(HTTPS, options),
    new Driven(HTTPS, options),
  ];
  challenge(first, INVALID).credentials(new HttpAuthBearer("2"));
  assertEquals(challenge(second, INVALID).sent("authorization"), "Bearer 2");
});

test("Userinfo in a URL answers challenges of its origin, also with Basic over http", () => {
  const options = { memory: new HttpCallMemory() };
  const url = "http://u:p%40@a.test/";
  const driven = new Driven(url, options);
  assertEquals(driven.exchange.request.url.href, HTTP);
  assertEquals(driven.sent("authorization"), null);
  challenge(driven, BASIC);
  assertEquals(driven.sent("authorization"), "Basic dTpwQA==");
  assertEquals(
    new Driven(url, options).sent("authorization"),
    "Basic dTpwQA==",
  );
  assertEquals(new Driven(HTTP, options).sent("authorization"), null);

  driven.respond(302, { Location: "/x" });
  assertEquals(driven.sent("authorization"), "Basic dTpwQA==");
  driven.respond(302, { Location: "http://b.test/" });
  driven.respond(302, { Location: HTTP });
  assertEquals(driven.sent("authorization"), null);
  const wrong = challenge(challenge(new Driven(url), BASIC), BASIC);
  assertEquals(show(wrong.step), "401 after 2");
});

const PROXY = { "Proxy-Authenticate": BASIC };

test("A call answers a 407 of the proxy that forwards, with other credentials", () => {
  const options = asking({ proxy: "http://p.test" });
  const driven = new Driven(HTTP, options).respond(407, PROXY);
  if (driven.step.type !== "WantsCredentials") {
    throw new Error(show(driven.step));
  }
  const { url, proxy } = driven.step.ask;
  assertEquals([url.href, proxy], ["http://p.test/", true]);
  driven.credentials(PASSWORD);
  assertEquals(driven.sent("proxy-authorization"), "Basic dTpw");
  assertEquals(driven.sent("authorization"), null);

  const later = new Driven("http://b.test/", options);
  assertEquals(later.sent("proxy-authorization"), "Basic dTpw");
  challenge(later, digest("1")).credentials({ username: "o", password: "o" });
  assertMatch(later.sent("authorization")!, /^Digest username="o"/);
  assertEquals(later.sent("proxy-authorization"), "Basic dTpw");
  later.respond(302, { Location: HTTPS });
  assertEquals(later.sent("proxy-authorization"), null);
});

test("A call takes the userinfo of a proxy for the proxy", () => {
  const proxy = "http://u:p@p.test";
  const driven = new Driven(HTTP, { proxy }).respond(407, PROXY);
  assertEquals(driven.sent("proxy-authorization"), "Basic dTpw");
  assertEquals(show(driven.respond(407, PROXY).step), "ProxyRefused");
});

test("A call fails with a 407 that nobody answers, and its response", () => {
  const { step } = new Driven(HTTP, { proxy: "http://p.test" })
    .respond(407, PROXY);
  assertEquals(step.type === "Err" && step.error.response?.status, 407);
});

test("A call never answers a 407 without a proxy, or from within a tunnel", () => {
  const direct = new Driven(HTTP, asking()).respond(407, PROXY);
  assertEquals(show(direct.step), "407 after 1");
  for (const proxy of ["http://u:p@p.test", "socks5://u:p@p.test"]) {
    const tunnel = new Driven(HTTPS, asking({ proxy })).respond(407, PROXY);
    assertEquals(show(tunnel.step), "407 after 1");
  }
});

test("A call sends and stores cookies for each hop", () => {
  const cookies = new HttpCookieJar();
  cookies.store(new URL(HTTP), ["a=1", "b=2"], 0);
  const request = HttpRequest.get(HTTP, {
    headers: { Cookie: "b=own; c=own" },
  });
  const driven = new Driven(request, { cookies });
  assertEquals(driven.sent("cookie"), "b=own; c=own; a=1");
  driven.respond(302, [
    ["Location", "/x"],
    ["Set-Cookie", "a=3"],
    ["Set-Cookie", "d=4; Path=/x"],
  ]);
  assertEquals(driven.sent("cookie"), "b=own; c=own; d=4; a=3");
  driven.respond(302, { Location: "http://b.test/" });
  assertEquals(driven.sent("cookie"), null);
  driven.respond(302, { Location: HTTP, "Set-Cookie": "b=there" });
  assertEquals(driven.sent("cookie"), "a=3; b=2");
  driven.respond(401, { "Set-Cookie": "e=5" });
  assertEquals(cookies.header(new URL("http://b.test/"), 0), "b=there");
  assertEquals(cookies.header(new URL(HTTP), 0), "a=3; b=2; e=5");
});

test("A call sends no cookie that has expired when it starts", () => {
  const cookies = new HttpCookieJar();
  cookies.store(new URL(HTTP), ["a=1; Max-Age=1"], 0);
  const sent = (now: number) =>
    new Driven(HTTP, { cookies, now }).sent("cookie");
  assertEquals([sent(999), sent(1001)], ["a=1", null]);
});

test("A call stores no cookie of a proxy", () => {
  const cookies = new HttpCookieJar();
  const options = { cookies, proxy: "http://u:p@p.test" };
  new Driven(HTTP, options).respond(407, { ...PROXY, "Set-Cookie": "a=1" });
  assertEquals(cookies.cookies().length, 0);
});
