import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { Buffer } from "node:buffer";
import { inspect } from "node:util";
import { HttpAuthBasic, Secret } from "../../auth/mod.ts";
import { test } from "../_pure.ts";

const HIDDEN = "open sesame";

/** Encodes as a program that we did not write does it. */
function base64(text: string): string {
  return Buffer.from(text, "utf-8").toString("base64");
}

function assertRejects(make: () => unknown, ...absent: string[]): void {
  const error = assertThrows(make, TypeError);
  assertEquals(error.message.startsWith("Invalid Basic credentials: "), true);
  assertEquals(error.cause, undefined);
  for (const text of absent) {
    assertEquals(error.message.includes(text), false, error.message);
  }
}

for (
  const [what, username, password, value] of [
    // RFC 7617 §2 and §2.1.
    [
      "the example of the RFC",
      "Aladdin",
      HIDDEN,
      "QWxhZGRpbjpvcGVuIHNlc2FtZQ==",
    ],
    ["UTF-8 as in the RFC", "test", "123\u00a3", "dGVzdDoxMjPCow=="],
    ["an empty password", "user", "", "dXNlcjo="],
    ["an empty user name", "", "pass", "OnBhc3M="],
    ["nothing but the colon", "", "", "Og=="],
    ["colons in the password", "a", ":b::c:", "YTo6Yjo6Yzo="],
    ["chars beyond the BMP", "\u{1f511}", "\u{1f512}", "8J+UkTrwn5SS"],
    ["a BOM at the start", "\ufeffa", "b", "77u/YTpi"],
    ["C1 controls, which are no CTL", "\x80", "\x9f", "woA6wp8="],
  ] as const
) {
  test(`HttpAuthBasic returns ${what} as it went in, both ways`, () => {
    const auth = new HttpAuthBasic(username, password);
    assertEquals(auth.username, username);
    assertEquals(auth.password.expose(), password);
    assertEquals(auth.toAuthorization(), `Basic ${value}`);

    const parsed = HttpAuthBasic.fromAuthorization(`Basic ${value}`);
    assertEquals(parsed.username, username);
    assertEquals(parsed.password.expose(), password);
  });
}

test("HttpAuthBasic rejects a colon in the user name", () => {
  assertRejects(() => new HttpAuthBasic("ada:min", HIDDEN), "ada", HIDDEN);
});

test("HttpAuthBasic rejects each control character, in either", () => {
  const codes = [...Array(0x20).keys(), 0x7f];
  for (const code of codes) {
    const text = `ada${String.fromCharCode(code)}min`;
    assertRejects(() => new HttpAuthBasic(text, HIDDEN), "ada", HIDDEN);
    assertRejects(() => new HttpAuthBasic("user", text), "ada", "user");
  }
});

test("HttpAuthBasic rejects half of a surrogate pair, in either", () => {
  for (const half of ["\ud83d", "\udd11", "\udd11\ud83d"]) {
    assertRejects(() => new HttpAuthBasic(`ada${half}`, HIDDEN), "ada");
    assertRejects(() => new HttpAuthBasic("user", `ada${half}`), "ada");
  }
});

for (
  const [url, username, password] of [
    ["http://ada:hush@example.com/", "ada", "hush"],
    ["https://ada@example.com/", "ada", ""],
    ["http://:hush@example.com/", "", "hush"],
    ["socks5://ada:a:b@proxy.example:1080", "ada", "a:b"],
    ["http://%61da:p%40ss%C3%A9%F0%9F%94%91@e.org", "ada", "p@ssé🔑"],
    ["http://ada:100%%zz@e.org", "ada", "100%%zz"],
  ] as const
) {
  test(`HttpAuthBasic.fromUrl decodes ${url}`, () => {
    for (const given of [url, new URL(url)]) {
      const auth = HttpAuthBasic.fromUrl(given);
      assertEquals([auth?.username, auth?.password.expose()], [
        username,
        password,
      ]);
    }
  });
}

test("HttpAuthBasic.fromUrl returns null if there is no userinfo", () => {
  for (const url of ["http://example.com/a@b", "http://@e.org", "http://:@e"]) {
    assertEquals(HttpAuthBasic.fromUrl(url), null);
  }
});

test("HttpAuthBasic.fromUrl rejects other userinfo without repeating it", () => {
  for (
    const userinfo of [
      "a%3Ada:hush", // a colon in the username
      "ada:hush%0A",
      "ada:hush%ff",
      "ada:hush%C3",
      `ada:hush${new Secret("x")}`,
    ]
  ) {
    const url = `http://${userinfo}@example.com/`;
    assertRejects(() => HttpAuthBasic.fromUrl(url), "ada", "hush");
  }
  const error = assertThrows(
    () => HttpAuthBasic.fromUrl("http://ada:hush@exa mple/"),
    TypeError,
    "Invalid URL",
  );
  assertEquals(error.message.includes("hush"), false);
});

test("HttpAuthBasic takes a Secret, and rejects what is not a string", () => {
  const auth = new HttpAuthBasic("ada", new Secret("hush"));
  assertEquals(auth.toAuthorization(), `Basic ${base64("ada:hush")}`);
  for (const value of [undefined, null, 5, {}] as never[]) {
    assertRejects(() => new HttpAuthBasic("ada", value), "ada");
    assertRejects(() => new HttpAuthBasic(value, "hush"), "hush");
    assertRejects(() => HttpAuthBasic.fromAuthorization(value));
  }
  for (const text of [`${auth.password}`, "x" + auth.password]) {
    assertThrows(() => new HttpAuthBasic("ada", text), TypeError, "expose()");
  }
});

for (const scheme of ["Basic ", "basic ", "BASIC ", "bAsIc ", "Basic    "]) {
  test(`HttpAuthBasic.fromAuthorization accepts "${scheme}"`, () => {
    const value = `${scheme}${base64("user:pass")}`;
    const { username, password } = HttpAuthBasic.fromAuthorization(value);
    assertEquals([username, password.expose()], ["user", "pass"]);
  });
}

const GOOD = base64("ada:hush1"); // YWRhOmh1c2gx, which needs no padding

for (
  const [what, value] of [
    ["an empty value", ""],
    ["the scheme alone", "Basic"],
    ["the scheme and spaces alone", "Basic  "],
    ["no scheme", GOOD],
    ["another scheme", `Bearer ${GOOD}`],
    ["a longer scheme", `Basics ${GOOD}`],
    ["no space after the scheme", `Basic${GOOD}`],
    ["HTAB after the scheme", `Basic\t${GOOD}`],
    ["a space before the scheme", ` Basic ${GOOD}`],
    ["a long s in the scheme", `Ba\u017fic ${GOOD}`],
    ["white space after the base64", `Basic ${GOOD} `],
    ["white space within the base64", "Basic YWRh Omh1c2gx"],
    ["a line break within the base64", "Basic YWRh\r\nOmh1c2gx"],
    ["missing padding", "Basic Og"],
    ["half of the padding", "Basic Og="],
    ["padding that is too long", `Basic ${GOOD}=`],
    ["padding alone", "Basic ===="],
    ["bits behind the last byte", "Basic Oh=="],
    ["a base64 cut short", "Basic YWRhO"],
    ["the URL-safe alphabet", "Basic 77u_YTpi"],
    ["a char that base64 lacks", "Basic YWRhOmh1c2*x"],
    ["a char above 0xFF", "Basic YWRhOmh1c2g\u4e2d"],
    ["two values in a list", `Basic ${GOOD}, Basic ${GOOD}`],
    ["bytes that are not UTF-8", "Basic " + btoa("ada:\xff\xfe")],
    ["UTF-8 that is cut short", "Basic " + btoa("ada:\xc3")],
    ["overlong UTF-8", "Basic " + btoa("ada:\xc0\xaf")],
    ["a surrogate in UTF-8", "Basic " + btoa("ada:\xed\xa0\x80")],
    ["no colon", `Basic ${base64("adahush1")}`],
    ["a control character in the user name", `Basic ${base64("a\nda:hush1")}`],
    ["a control character in the password", `Basic ${base64("ada:hush\x7f1")}`],
  ] as const
) {
  test(`HttpAuthBasic.fromAuthorization rejects ${what}`, () => {
    const text = value.slice("Basic ".length);
    const make = () => HttpAuthBasic.fromAuthorization(value);
    assertRejects(make, "ada", "hush", ...(text.length < 4 ? [] : [text]));
  });
}

test("HttpAuthBasic.fromAuthorization takes a megabyte", () => {
  const password = "x".repeat(1 << 20);
  const value = new HttpAuthBasic("user", password).toAuthorization();
  const parsed = HttpAuthBasic.fromAuthorization(value);
  assertEquals(parsed.password.expose() === password, true);
  assertRejects(() => HttpAuthBasic.fromAuthorization(" ".repeat(1 << 20)));
});

test("HttpAuthBasic.fromAuthorization returns what any pair went in as", () => {
  const text = fc.string({ unit: "grapheme", maxLength: 20 });
  fc.assert(
    fc.property(text, text, (first, password) => {
      const username = first.replaceAll(":", "");
      const value = new HttpAuthBasic(username, password).toAuthorization();
      assertEquals(value, `Basic ${base64(`${username}:${password}`)}`);
      const parsed = HttpAuthBasic.fromAuthorization(value);
      assertEquals(parsed.username, username);
      assertEquals(parsed.password.expose(), password);
    }),
    { numRuns: 200, seed: 1 },
  );
});

test("HttpAuthBasic shows the user name and not the password", () => {
  const auth = new HttpAuthBasic("Aladdin", HIDDEN);
  const shown = 'HttpAuthBasic { username: "Aladdin", password: [redacted] }';
  assertEquals(auth.password instanceof Secret, true);
  assertEquals(Deno.inspect(auth), shown);
  assertEquals(inspect(auth), shown.replaceAll('"', "'"));
  assertEquals(inspect(auth, { showHidden: true }).includes(HIDDEN), false);
  assertEquals(
    JSON.stringify(auth),
    '{"username":"Aladdin","password":"[redacted]"}',
  );
  assertEquals(`${auth}`.includes(HIDDEN), false);
});
