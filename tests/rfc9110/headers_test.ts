import { assert, assertEquals, assertThrows } from "@std/assert";
import { inspect } from "node:util";
import { HttpHeaders, type HttpHeadersInit } from "../../rfc9110/headers.ts";
import { Secret } from "../../rfc9110/secret.ts";
import { test } from "../_pure.ts";

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

const PLATFORM: PlatformInit[] = [
  [["B", "1"], ["a", "2"]],
  { B: "1", a: "2" },
];

const HEADERS = new Headers([["X", "1"], ["Set-Cookie", "a"]]);
HEADERS.append("Set-Cookie", "b");
HEADERS.append("X", "\xff");

for (
  const [source, init, pairs] of [
    ["nothing", undefined, []],
    ["no pairs", [], []],
    ["an empty record", {}, []],
    ["pairs", PAIRS, PAIRS],
    ["a generator, read once", generate(), PAIRS],
    ["a Map", new Map([["A", "1"]]), [["A", "1"]]],
    ["HttpHeaders", new HttpHeaders(PAIRS), PAIRS],
    ["a record, in its order", { Z: "1", a: "2" }, [["Z", "1"], ["a", "2"]]],
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
    ["null", null],
    ["a string", "a: b"],
    ["a number", 5],
    ["a pair of one", [["A"]]],
    ["a pair of three", [["A", "1", "2"]]],
    ["strings for pairs", ["ab"]],
    ["an array in a pair", [["A", ["1"]]]],
    ["undefined in a pair", [["A", undefined]]],
    ["null in a record", { A: null }],
    ["a number in a record", { A: 5 }],
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

test("get returns all values joined, and null if there are none", () => {
  const headers = new HttpHeaders(PAIRS);
  assertEquals(headers.get("aCCept"), "text/html, */*, ");
  assertEquals(headers.get("X-ID"), "1, 1");
  assertEquals(headers.get("absent"), null);
  assertEquals(new HttpHeaders([["A", ""]]).get("a"), "");
});

test("getAll returns each value in an array of the caller's own", () => {
  const headers = new HttpHeaders(PAIRS);
  const values = headers.getAll("ACCEPT");
  assertEquals(values, ["text/html", "*/*", ""]);
  values.length = 0;
  assertEquals(headers.getAll("accept").length, 3);
  assertEquals(headers.getAll("absent"), []);
});

test("has returns whether there is a field with a name", () => {
  const headers = new HttpHeaders([["X", ""]]);
  assertEquals([headers.has("x"), headers.has("X")], [true, true]);
  assertEquals([headers.has("xx"), headers.has("")], [false, false]);
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

test("set keeps the position of the first field, and removes the others", () => {
  const headers = new HttpHeaders(PAIRS);
  headers.set("aCCept", " new\t");
  headers.set("Last", "1");
  assertEquals([...headers], [
    ["aCCept", "new"],
    ["X-Id", "1"],
    ["x-id", "1"],
    ["Last", "1"],
  ]);
});

test("delete removes all fields with a name and keeps the others in order", () => {
  const headers = new HttpHeaders(PAIRS);
  headers.delete("ACCept");
  assertEquals([...headers], [["X-Id", "1"], ["x-id", "1"]]);
  headers.delete("absent");
  headers.delete("X-ID");
  assertEquals([headers.size, headers.get("x-id")], [0, null]);
  headers.append("Again", "1");
  assertEquals([...headers], [["Again", "1"]]);
});

test("append accepts every byte of a value, and trims blanks", () => {
  const chars = Array.from({ length: 256 }, (_, i) => String.fromCharCode(i));
  const text = chars.filter((char) => /[\t\x20-\x7e\x80-\xff]/.test(char));
  const headers = new HttpHeaders();
  headers.append("X", `\t [${text.join("")}] \t`);
  assertEquals(headers.get("x"), `[${text.join("")}]`);
  headers.set("X", " \t ");
  assertEquals(headers.get("x"), "");
  headers.set("X", new Secret(" hush "));
  assertEquals(headers.get("x"), "hush");
  assertEquals(headers.toJSON(), [["X", "[redacted]"]]);
});

test("append rejects every character that a value must not contain", () => {
  const codes = [...Array(0x20).keys(), 0x7f, 0x100, 0x20ac, 0xd83d, 0xffff];
  for (const code of codes.filter((code) => code !== 0x09)) {
    const char = String.fromCharCode(code);
    for (const text of [char, `a${char}b`, `${char}a`, `a${char}`]) {
      for (const value of [text, new Secret(text)]) {
        const headers = new HttpHeaders();
        assertThrows(() => headers.append("X", value), TypeError, '"X"');
        assertEquals(headers.size, 0);
      }
    }
  }
});

test("append accepts exactly the characters of a token in a name", () => {
  const headers = new HttpHeaders();
  for (let code = 0; code < 0x180; code++) {
    const name = `x${String.fromCharCode(code)}`;
    if (/^[\w!#$%&'*+.^`|~-]+$/.test(name)) {
      headers.append(name, "1");
    } else {
      assertThrows(() => headers.append(name, "1"), TypeError, "not a token");
    }
  }
  assertEquals(headers.size, 77);
  for (const name of ["", 5 as never, undefined as never]) {
    assertThrows(() => headers.append(name, "1"), TypeError, "not a token");
  }
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

test("Iterating returns pairs that are the caller's own", () => {
  const headers = new HttpHeaders(PAIRS);
  for (const pair of headers) pair[1] = "changed";
  assertEquals([...headers], PAIRS);
});

test("toHeaders returns new Headers with the same values", () => {
  const headers = new HttpHeaders([
    ["Set-Cookie", "a"],
    ["X", new Secret("\xe9")],
    ["set-cookie", "b"],
    ["x", ""],
  ]);
  const platform = headers.toHeaders();
  assertEquals([...platform], [
    ["set-cookie", "a"],
    ["set-cookie", "b"],
    ["x", "\xe9, "],
  ]);
  platform.set("x", "changed");
  assertEquals(headers.get("x"), "\xe9, ");
});

const SENSITIVE: [name: string, value: string | Secret][] = [
  ["Authorization", "s3cret"],
  ["proxy-authorization", "s3cret"],
  ["COOKIE", "s3cret"],
  ["Set-Cookie", "s3cret"],
  ["authentication-INFO", "s3cret"],
  ["Proxy-Authentication-Info", "s3cret"],
  ["X-Api-Key", new Secret("s3cret")],
];

for (const [name, value] of SENSITIVE) {
  test(`Inspecting and serializing headers redact ${name}`, () => {
    const headers = new HttpHeaders([[name, value], ["X", "shown"]]);
    for (
      const copy of [headers, new HttpHeaders(headers)].flatMap(showings)
    ) {
      assertEquals(copy.includes("s3cret"), false, copy);
      assert(copy.includes("[redacted]") && copy.includes("shown"), copy);
    }
    // Showing changes nothing.
    assertEquals(headers.get(name), "s3cret");
  });
}

/** Everything that shows a value. */
function showings(value: unknown): string[] {
  return [
    Deno.inspect(value),
    Deno.inspect({ deep: [value] }, { depth: 9, showHidden: true }),
    inspect(value),
    inspect(value, { showHidden: true }),
    JSON.stringify(value),
  ];
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
    ["From", "me@example.com"],
  ]);
  assertEquals(headers.toJSON(), [
    ["WWW-Authenticate", 'Basic realm="x"'],
    ["Proxy-Authenticate", "Negotiate abc="],
    ["Location", "http://[redacted]@example.com/a@b"],
    ["Link", "<//[redacted]@[::1]:8/>, <https://[redacted]@e.org?@>"],
    ["Location", "\\/[redacted]@example.com"],
    ["Location", "HTTP:\\[redacted]@example.com"],
    ["Location", "https:[redacted]@example.com"],
    ["From", "me@example.com"],
  ]);
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
