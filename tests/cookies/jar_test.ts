// docs/policies.md, "Cookies": RFC 6265bis.

import {
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
import { testScripts } from "../_scripts.ts";
import { expand, type Wire } from "../_vectors.ts";
import scripts from "../vectors/cookie_jars.json" with { type: "json" };
import vectors from "../vectors/set_cookie.json" with { type: "json" };

const NOW = Date.UTC(2026, 10, 26);
const HTTPS = "https://www.example.com/a/b";

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

test("Cookies: HttpCookieJar throws for a character that is not a byte, and for no time", () => {
  const jar = new HttpCookieJar();
  assertThrows(() => store(jar, HTTPS, "a=\u20ac"), TypeError);
  const never = undefined as unknown as number;
  const url = new URL(HTTPS);
  for (const now of [never, NaN]) {
    assertThrows(() => jar.store(url, ["a=1"], now), TypeError, "Invalid now");
    assertThrows(() => jar.header(url, now), TypeError, "Invalid now");
  }
});

// The events: `set [URL] COOKIE`, `send URL`, `names`, and `at MILLISECONDS`.
testScripts<HttpCookieJarOptions>(scripts, {
  subject: "HttpCookieJar",
  words: { "co.uk": { isPublicSuffix: (domain) => domain === "co.uk" } },
  start(options) {
    const jar = new HttpCookieJar(options);
    let now = NOW;
    return (event) => {
      const [, verb, url = HTTPS, text] = /^(\w+)(?: (https?:\S+))?(?: (.*))?$/
        .exec(event)!;
      if (verb === "names") return names(jar).join(", ");
      if (verb === "send") return header(jar, url, now) ?? "";
      if (verb === "set") {
        const outcome = store(jar, url, text!, now);
        return typeof outcome === "string" ? outcome : "stored";
      }
      assertEquals(verb, "at");
      now = NOW + Number(text);
      return "";
    };
  },
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
  // Of one time, and of several domains.
  for (const more of ["c=3", "d=4; Domain=example.com", "e=5"]) {
    store(jar, HTTPS, `${more}; Path=/`, NOW + 5);
  }
  const saved = JSON.parse(JSON.stringify(jar));
  const restored = HttpCookieJar.fromJSON(saved);
  assertEquals(restored.cookies(), jar.cookies());
  assertEquals(header(restored, HTTPS, NOW + 8), "b=2; a=1; c=3; d=4; e=5");
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

// In quadratic time, it would take minutes.
test("Cookies: HttpCookieJar.header takes no time for a host of a million labels", () => {
  const jar = new HttpCookieJar();
  store(jar, HTTPS, "a=1; Domain=example.com");
  // Not every runtime's URL takes such a host.
  const hostname = "a.".repeat(2 ** 20) + "example.com";
  const url = { protocol: "https:", hostname, pathname: "/" } as URL;
  assertEquals(jar.header(url, NOW), null);
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
