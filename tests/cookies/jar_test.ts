// docs/policies.md, "Cookies": RFC 6265bis.

import {
  assert,
  assertEquals,
  assertFalse,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { HttpHeaders } from "@pimalaya/io-http";
import {
  type HttpCookie,
  HttpCookieJar,
  type HttpCookieJarOptions,
  type HttpCookieRefusal,
} from "@pimalaya/io-http/cookies";
import { test } from "../_pure.ts";
import { expand, type Wire } from "../_vectors.ts";
import vectors from "../vectors/set_cookie.json" with { type: "json" };

const NOW = Date.UTC(2026, 10, 26);
const HTTPS = "https://www.example.com/a/b";
const HTTP = "http://www.example.com/a/b";

/** Stores one value, and returns the cookie or the reason of the refusal. */
function store(
  jar: HttpCookieJar,
  url: string,
  value: string,
  now = NOW,
): HttpCookie | HttpCookieRefusal {
  const [result] = jar.store(new URL(url), [value], now);
  return "refused" in result! ? result.refused : result!.cookie;
}

function header(jar: HttpCookieJar, url: string, now = NOW): string | null {
  return jar.header(new URL(url), now);
}

type Expected = { refused: string } | { lasts?: number };

for (const { set, url = HTTPS, expect } of vectors) {
  const value = expand(set as Wire);
  const shown = JSON.stringify(value.slice(0, 60));
  test(`Cookies: HttpCookieJar.store decides ${shown} from ${url}`, () => {
    const outcome = store(new HttpCookieJar(), url, value);
    const expected: Expected = expect;
    if ("refused" in expected || typeof outcome === "string") {
      assertEquals({ refused: outcome }, expected as { refused: never });
    } else {
      const { lasts, ...members } = expected;
      const expires = lasts === undefined ? {} : { expires: NOW + lasts };
      assertEquals({ ...outcome, ...members, ...expires }, { ...outcome });
    }
  });
}

test("Cookies: HttpCookieJar.store takes HttpHeaders, Headers, and values", () => {
  const values = ["a=1", "b=\xe9", "c=3, d=4; Expires=Fri, 27 Nov 2026 0:0:0"];
  const pairs = values.map((value) => ["Set-Cookie", value] as const);
  for (
    const headers of [
      new HttpHeaders([...pairs, ["Cookie", "x=1"]]),
      new Headers(pairs.map(([name, value]) => [name, value])),
      values,
    ]
  ) {
    const results = new HttpCookieJar().store(new URL(HTTPS), headers, NOW);
    assertEquals(
      results.map((it) => "refused" in it ? it.refused : it.cookie.value),
      ["1", "\xe9", "3, d=4"],
    );
  }
});

test("Cookies: HttpCookieJar.store throws for a character that is not a byte", () => {
  assertThrows(() => store(new HttpCookieJar(), HTTPS, "a=\u20ac"), TypeError);
});

test("Cookies: HttpCookieJar applies isPublicSuffix to Domain", () => {
  const jar = new HttpCookieJar({
    isPublicSuffix: (domain) => domain === "co.uk",
  });
  const refused = store(jar, "https://a.co.uk/", "a=1; Domain=co.uk");
  assertEquals(refused, "PublicSuffix");
  const own = store(jar, "https://co.uk/", "a=1; Domain=co.uk") as HttpCookie;
  assert(own.hostOnly);
  store(jar, "https://a.co.uk/", "b=1; Domain=a.co.uk");
  assertEquals(header(jar, "https://x.a.co.uk/"), "b=1");
});

test("Cookies: HttpCookieJar.header sends a cookie to the hosts, paths, and schemes it is for", () => {
  const jar = new HttpCookieJar();
  store(jar, HTTPS, "host=1; Path=/");
  store(jar, HTTPS, "domain=1; Path=/; Domain=example.com");
  store(jar, HTTPS, "secure=1; Path=/; Secure");
  store(jar, HTTPS, "path=1; Path=/a");
  const all = "path=1; host=1; domain=1; secure=1";
  for (
    const [url, expected] of [
      ["https://www.example.com/a", all],
      ["https://www.example.com:8443/a/x", all],
      ["https://www.example.com/ab", "host=1; domain=1; secure=1"],
      ["http://www.example.com/", "host=1; domain=1"],
      ["http://example.com/", "domain=1"],
      ["http://x.www.example.com/", "domain=1"],
      ["http://notexample.com/", null],
      ["http://com/", null],
    ] as const
  ) {
    assertEquals(header(jar, url), expected, url);
  }
});

test("Cookies: HttpCookieJar.header sends no domain cookie of an address below it", () => {
  const jar = new HttpCookieJar();
  store(jar, "http://0.0.0.1/", "a=1; Domain=0.0.0.1");
  assertEquals(header(jar, "http://127.0.0.1/"), null);
  assertEquals(header(jar, "http://0.0.0.1/"), "a=1");
});

test("Cookies: HttpCookieJar.header puts the longest path first, then the oldest cookie", () => {
  const jar = new HttpCookieJar();
  store(jar, HTTPS, "a=1; Path=/", NOW);
  store(jar, HTTPS, "b=1; Path=/a", NOW + 1);
  store(jar, HTTPS, "c=1; Path=/; Domain=example.com", NOW + 2);
  store(jar, HTTPS, "d=1; Path=/", NOW + 2);
  store(jar, HTTPS, "a=2; Path=/", NOW + 3);
  store(jar, HTTPS, "nameless; Path=/", NOW + 3);
  const all = "b=1; a=2; c=1; d=1; nameless";
  assertEquals(header(jar, HTTPS, NOW + 4), all);
});

test("Cookies: HttpCookieJar.header leaves out and Max-Age=0 deletes cookies", () => {
  const jar = new HttpCookieJar();
  store(jar, HTTPS, "a=1; Max-Age=60");
  store(jar, HTTPS, "b=1");
  assertEquals(header(jar, HTTPS, NOW + 59_999), "a=1; b=1");
  assertEquals(header(jar, HTTPS, NOW + 60_000), "b=1");
  const deleted = store(jar, HTTPS, "b=; Max-Age=0") as HttpCookie;
  assertEquals(deleted.expires, 0);
  assertEquals(jar.cookies(undefined, NOW).map(({ name }) => name), ["a"]);
});

test("Cookies: HttpCookieJar.store over http leaves Secure cookies of that name alone", () => {
  const jar = new HttpCookieJar();
  const login = "Path=/login; Domain=example.com";
  store(jar, HTTPS, `a=1; Secure; ${login}`);
  for (
    const [from, value, isStored] of [
      [HTTP, "a=2; Path=/login/x", false],
      [HTTP, `a=2; ${login}`, false],
      ["http://x.example.com/login/", "a=2", false],
      ["http://example.com/login/", "a=2", false],
      [HTTP, "a=2; Path=/", true],
      [HTTP, "b=2; Path=/login", true],
      [HTTPS, "a=2; Path=/login", true],
    ] as const
  ) {
    const outcome = store(jar, from, value);
    const what = `${value} from ${from}`;
    if (isStored) assertEquals(typeof outcome, "object", what);
    else assertEquals(outcome, "OverwritesSecure", what);
  }
});

test("Cookies: HttpCookieJar evicts expired cookies, then insecure ones, then the least used", () => {
  const jar = new HttpCookieJar({ maxCookiesPerDomain: 3 });
  store(jar, HTTPS, "old=1; Path=/old", NOW);
  store(jar, HTTPS, "secure=1; Secure", NOW + 1);
  store(jar, HTTPS, "short=1; Max-Age=1", NOW + 2);
  store(jar, HTTPS, "a=1", NOW + 2000);
  assertEquals(names(jar), ["old", "secure", "a"]);
  header(jar, "https://www.example.com/old", NOW + 2001);
  store(jar, HTTPS, "b=1", NOW + 2002);
  assertEquals(names(jar), ["old", "secure", "b"]);
  store(jar, HTTPS, "c=1; Secure", NOW + 2003);
  store(jar, HTTPS, "d=1; Secure", NOW + 2004);
  store(jar, HTTPS, "e=1; Secure", NOW + 2005);
  assertEquals(names(jar), ["c", "d", "e"]);
  // Another domain has a limit of its own.
  store(jar, "https://example.org/", "f=1", NOW + 2006);
  assertEquals(names(jar), ["c", "d", "e", "f"]);
});

test("Cookies: HttpCookieJar holds 50 of 10,000 cookies of one host, and 3,000 in total", () => {
  const jar = new HttpCookieJar();
  for (let i = 0; i < 10_000; i++) store(jar, HTTPS, `a${i}=1`, NOW + i);
  assertEquals(names(jar).length, 50);
  assertEquals(names(jar).at(-1), "a9999");
  for (let i = 0; i < 3100; i++) {
    store(jar, `https://host${i}.example/`, "a=1", NOW + 10_000 + i);
  }
  assertEquals(names(jar).length, 3000);
});

test("Cookies: HttpCookieJar returns a saved jar as it was, and its cookies as copies", () => {
  const jar = new HttpCookieJar();
  store(jar, HTTPS, "a=1; Path=/; Max-Age=60; HttpOnly");
  store(jar, HTTPS, "b=2; Secure; SameSite=Lax; Domain=example.com", NOW + 5);
  const [before] = jar.cookies(new URL(HTTPS), NOW + 6);
  header(jar, HTTPS, NOW + 7);
  assertEquals(before!.lastAccess, NOW + 5);
  const saved = JSON.parse(JSON.stringify(jar));
  const restored = HttpCookieJar.fromJSON(saved);
  assertEquals(restored.cookies(), jar.cookies());
  assertEquals(header(restored, HTTPS, NOW + 8), "b=2; a=1");
  assertEquals(restored.cookies()[0], {
    name: "a",
    value: "1",
    domain: "www.example.com",
    path: "/",
    hostOnly: true,
    secure: false,
    httpOnly: true,
    sameSite: "Default",
    expires: NOW + 60_000,
    created: NOW,
    lastAccess: NOW + 8,
  });
});

test("Cookies: HttpCookieJar.fromJSON throws for what is no saved jar", () => {
  const jar = new HttpCookieJar();
  store(jar, HTTPS, "a=1");
  const [cookie] = JSON.parse(JSON.stringify(jar)).cookies;
  const changes = [
    { value: "a; b=c" },
    { path: "\r\n" },
    { expires: "soon" },
    { sameSite: "lax" },
    { created: NaN },
  ];
  for (
    const data of [
      null,
      [],
      { version: 2, cookies: [] },
      { version: 1, cookies: [null] },
      ...changes.map((change) => ({
        version: 1,
        cookies: [{ ...cookie, ...change }],
      })),
    ]
  ) assertThrows(() => HttpCookieJar.fromJSON(data), TypeError);
  HttpCookieJar.fromJSON({ version: 1, cookies: [cookie] });
});

test("Cookies: HttpCookieJar.delete removes cookies by name, domain, path, or function", () => {
  const jar = new HttpCookieJar();
  for (const name of ["a", "b", "c", "d"]) store(jar, HTTPS, `${name}=1`);
  store(jar, HTTPS, "a=1; Path=/x; Domain=example.com");
  assertEquals(jar.delete({ name: "a", domain: "example.com" }), 1);
  assertEquals(jar.delete({ name: "a", path: "/x" }), 0);
  assertEquals(jar.delete({ name: "a" }), 1);
  assertEquals(jar.delete((cookie) => cookie.name > "c"), 1);
  assertEquals(names(jar), ["b", "c"]);
  assertEquals(jar.delete({}), 2);
});

test("Cookies: HttpCookieJar never shows a value to a log", () => {
  const jar = new HttpCookieJar();
  const cookie = store(jar, HTTPS, "session=hunter2");
  const shown = Deno.inspect([jar, cookie, jar.cookies()], { depth: 9 });
  assertFalse(shown.includes("hunter2"));
  assertStringIncludes(shown, "session");
});

test("Cookies: HttpCookieJar throws for a limit that is not a non-negative integer", () => {
  for (const options of [{ maxCookies: -1 }, { maxCookiesPerDomain: 1.5 }]) {
    assertThrows(() => new HttpCookieJar(options), RangeError);
  }
  const none: HttpCookieJarOptions = { maxCookies: 0 };
  const jar = new HttpCookieJar(none);
  store(jar, HTTPS, "a=1");
  assertEquals(names(jar), []);
});

function names(jar: HttpCookieJar): string[] {
  return jar.cookies().map(({ name }) => name);
}
