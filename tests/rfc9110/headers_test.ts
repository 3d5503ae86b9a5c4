import { assert, assertEquals, assertThrows } from "@std/assert";
import { inspect } from "node:util";
import { shownAs } from "../_shown.ts";
import { HttpHeaders, type HttpHeadersInit } from "../../rfc9110/headers.ts";
import { Secret } from "../../rfc9110/secret.ts";
import { Http11ReceiveHead } from "../../rfc9112/receive_head.ts";
import { test } from "../_pure.ts";
import { toBytes } from "../_text.ts";

type Pairs = [name: string, value: string][];

const PAIRS: Pairs = [
  ["Accept", "text/html"],
  ["X-Id", "1"],
  ["accept", "*/*"],
  ["x-id", "1"],
  ["ACCEPT", ""],
];

function* generate(): Iterable<[string, string]> {
  yield* PAIRS;
}

/** The platform's own type, without its name, as a library may declare it. */
type PlatformInit = NonNullable<ConstructorParameters<typeof Headers>[0]>;

const PLATFORM: PlatformInit[] = [[["B", "1"], ["a", "2"]], { B: "1", a: "2" }];

const HEADERS = new Headers([["X", "1"], ["Set-Cookie", "a"]]);
HEADERS.append("Set-Cookie", "b");
HEADERS.append("X", "\xff");

for (
  const [source, init, pairs] of [
    ["nothing", undefined, []],
    ["pairs", PAIRS, PAIRS],
    ["a generator, read once", generate(), PAIRS],
    ["a Map", new Map([["A", "1"]]), [["A", "1"]]],
    ["HttpHeaders", new HttpHeaders(PAIRS), PAIRS],
    [
      "a record with arrays, and undefined for an absent field",
      { A: ["1", new Secret("2"), ""], B: undefined, C: [] },
      [["A", "1"], ["A", "2"], ["A", ""]],
    ],
    ["Secrets in pairs", [["A", new Secret("1")]], [["A", "1"]]],
    ["Headers, with each Set-Cookie separate", HEADERS, [
      ["set-cookie", "a"],
      ["set-cookie", "b"],
      ["x", "1, \xff"],
    ]],
    ["the platform's pairs", PLATFORM[0], [["B", "1"], ["a", "2"]]],
    ["the platform's record", PLATFORM[1], [["B", "1"], ["a", "2"]]],
  ] satisfies [string, HttpHeadersInit | undefined, Pairs][]
) {
  test(`HttpHeaders copies ${source}`, () => {
    const headers = new HttpHeaders(init);
    assertEquals([...headers], pairs);
    assertEquals(headers.size, pairs.length);
  });
}

for (
  const [source, init] of [
    ["undefined in a pair", [["A", undefined]]],
    ["undefined in an array", { A: [undefined] }],
    ["an invalid name", [["A B", "1"]]],
    ["an invalid value", { A: "1\r\nB: 2" }],
    ["Headers with an invalid value", new Headers({ A: "\x01" })],
  ] as const
) {
  test(`HttpHeaders rejects ${source}`, () => {
    assertThrows(() => new HttpHeaders(init as never), TypeError, "Invalid ");
  });
}

test("HttpHeaders shares nothing with its source", () => {
  const pairs: Pairs = [["A", "1"]];
  const first = new HttpHeaders(pairs);
  const second = new HttpHeaders(first);
  pairs[0]![1] = "2";
  pairs.push(["B", "3"]);
  second.append("C", "4");
  second.set("A", "5");
  assertEquals([...first], [["A", "1"]]);
  assertEquals([...second], [["A", "5"], ["C", "4"]]);
});

test("Lookups find nothing for an invalid field name", () => {
  const headers = new HttpHeaders([["a", "1"], ["__proto__", "2"]]);
  for (const name of ["", " a", "a ", "a\0", "\u00e4", "constructor"]) {
    assertEquals([headers.get(name), headers.has(name)], [null, false]);
    headers.delete(name);
  }
  assertEquals(headers.get("__PROTO__"), "2");
  assertEquals(headers.size, 2);
});

test("Lookups ignore the case of ASCII only", () => {
  // U+212A, the Kelvin sign, is a "k" in lowercase.
  const headers = new HttpHeaders([["Cookie", "1"]]);
  headers.delete("Coo\u212aie");
  assertEquals(headers.get("Coo\u212aie"), null);
  assertEquals(headers.getAll("Coo\u212aie"), []);
  assertEquals(headers.get("COOKIE"), "1");
});

test("append accepts exactly the characters of a token and of a value", () => {
  for (let code = 0; code < 0x180; code++) {
    const char = String.fromCharCode(code);
    const isName = /[\w!#$%&'*+.^`|~-]/.test(char);
    const isValue = /[\t\x20-\x7e\x80-\xff]/.test(char);
    for (const text of [`x${char}`, `${char}x`, `x${char}x`]) {
      const headers = new HttpHeaders();
      const asName = () => headers.append(text, "1");
      if (isName) asName();
      else assertThrows(asName, TypeError, "not a token");
      for (const value of [text, new Secret(text)]) {
        const asValue = () => headers.append("X", value);
        if (isValue) asValue();
        else {
          const says = code > 0xff ? "toByteString" : "control character";
          assertThrows(asValue, TypeError, says);
        }
      }
      assertEquals(headers.size, Number(isName) + 2 * Number(isValue));
    }
  }
  for (const name of ["", 5 as never, undefined as never]) {
    const append = () => new HttpHeaders().append(name, "1");
    assertThrows(append, TypeError, "not a token");
  }
});

test("set trims blanks, also around a Secret, which stays one", () => {
  const headers = new HttpHeaders({ X: " \t " });
  assertEquals(headers.get("x"), "");
  headers.set("X", new Secret(" hush\t"));
  assertEquals(headers.get("x"), "hush");
  assertEquals(headers.toJSON(), [["X", "[redacted]"]]);
});

test("A Secret in a string is rejected with the way to send it", () => {
  const secret = new Secret("hush");
  const headers = new HttpHeaders();
  for (
    const value of [
      "Bearer " + secret,
      `${secret}`,
      new Secret(`Bearer ${secret}`),
    ]
  ) {
    assertThrows(() => headers.append("X", value), TypeError, "call expose()");
    assertThrows(() => headers.set("X", value), TypeError, "call expose()");
    assertThrows(() => new HttpHeaders({ X: value }), TypeError, "expose()");
  }
  assertEquals(headers.size, 0);
});

test("A rejected value is not in the message, and changes nothing", () => {
  const headers = new HttpHeaders([["Authorization", "old"], ["A", "1"]]);
  for (const method of ["append", "set"] as const) {
    const error = assertThrows(
      () => headers[method]("Authorization", "Bearer s3cret\n"),
      TypeError,
    );
    assertEquals(error.message.includes("s3cret"), false);
    assertThrows(() => headers[method]("A:", "2"), TypeError);
  }
  assertEquals([...headers], [["Authorization", "old"], ["A", "1"]]);
});

test("HttpHeaders returns pairs and values that are the caller's own", () => {
  const headers = new HttpHeaders(PAIRS);
  for (const pair of headers) pair[1] = "changed";
  headers.getAll("accept").length = 0;
  assertEquals([...headers], PAIRS);
  assertEquals(headers.getAll("accept").length, 3);
});

for (
  const name of [
    ...["Authorization", "proxy-authorization", "COOKIE", "Set-Cookie"],
    ...["authentication-INFO", "Proxy-Authentication-Info", "X-Api-Key"],
  ]
) {
  test(`Inspecting and serializing headers redact ${name}`, () => {
    const value = name === "X-Api-Key" ? new Secret("s3cret") : "s3cret";
    const headers = new HttpHeaders([[name, value], ["X", "shown"]]);
    for (const text of [headers, new HttpHeaders(headers)].flatMap(shownAs)) {
      assertEquals(text.includes("s3cret"), false, text);
      assert(text.includes("[redacted]") && text.includes("shown"), text);
    }
    // Showing changes nothing.
    assertEquals(headers.get(name), "s3cret");
  });
}

test("Inspecting headers shows challenges, and URLs without userinfo", () => {
  const headers = new HttpHeaders([
    ["WWW-Authenticate", 'Basic realm="x"'],
    ["Proxy-Authenticate", "Negotiate abc="],
    ["Location", "http://us3r:s3c@ret@example.com/a@b"],
    ["Link", "<//us3r:s3cret@[::1]:8/>, <https://s3cret@e.org?@>"],
    ["Location", "\\/us3r:s3cret@example.com"],
    ["Location", "HTTP:\\us3r:s3cret@example.com"],
    ["Location", "https:us3r:s3cret@example.com"],
    ["Location", "ht\ttp:/\t/us3r:s3c\tret@example.com"],
    ["Location", "h\tttps:us3r:s3cret@example.com"],
    ["From", "me@example.com"],
    ["Location", "/a\t@b"],
  ]);
  assertEquals(headers.toJSON(), [
    ["WWW-Authenticate", 'Basic realm="x"'],
    ["Proxy-Authenticate", "Negotiate abc="],
    ["Location", "http://[redacted]@example.com/a@b"],
    ["Link", "<//[redacted]@[::1]:8/>, <https://[redacted]@e.org?@>"],
    ["Location", "\\/[redacted]@example.com"],
    ["Location", "HTTP:\\[redacted]@example.com"],
    ["Location", "https:[redacted]@example.com"],
    ["Location", "http://[redacted]@example.com"],
    ["Location", "https:[redacted]@example.com"],
    ["From", "me@example.com"],
    ["Location", "/a\t@b"],
  ]);
  // A URL parser skips the characters that a lenient reader leaves before a URL.
  const head = new Http11ReceiveHead({ lenient: ["ControlCharacters"] });
  const step = head.resume(toBytes(
    "HTTP/1.1 302 Found\r\nLocation: \x01http:us3r:s3cret@e.org\r\n\r\n",
  ));
  assertEquals(
    step.type === "Ok" && step.response.headers.toJSON(),
    [["Location", "\x01http:[redacted]@e.org"]],
  );
});

test("Inspecting headers shows the class, and the fields in order", () => {
  const headers = new HttpHeaders(PAIRS.slice(0, 2));
  const shown = 'HttpHeaders [ [ "Accept", "text/html" ], [ "X-Id", "1" ] ]';
  assertEquals(Deno.inspect(headers), shown);
  assertEquals(inspect(headers), shown.replaceAll('"', "'"));
  // A runtime that passes no function to inspect with gets the fields.
  const key = Symbol.for("nodejs.util.inspect.custom");
  const methods = headers as unknown as Record<symbol, () => unknown>;
  assertEquals(methods[key]!(), PAIRS.slice(0, 2));
});
