import { assertEquals, assertNotStrictEquals, assertThrows } from "@std/assert";
import { inspect } from "node:util";
import { HttpHeaders, type HttpHeadersInit } from "../../rfc9110/headers.ts";
import { test } from "../_pure.ts";

const PAIRS: [string, string][] = [
  ["Accept", "text/html"],
  ["X-Id", "1"],
  ["accept", "*/*"],
  ["x-id", "1"],
  ["ACCEPT", ""],
];

function pairsOf(init?: HttpHeadersInit): [string, string][] {
  return [...new HttpHeaders(init)];
}

test("HttpHeaders keeps order, case and duplicates of pairs", () => {
  const headers = new HttpHeaders(PAIRS);
  assertEquals([...headers], PAIRS);
  assertEquals(headers.size, 5);
});

test("HttpHeaders accepts pairs of any iterable, just once", () => {
  function* generate(): Iterable<[string, string]> {
    yield* PAIRS;
  }
  assertEquals(pairsOf(generate()), PAIRS);
  assertEquals(pairsOf(new Map([["A", "1"]])), [["A", "1"]]);
});

test("HttpHeaders accepts a record, in its order", () => {
  assertEquals(pairsOf({ Zeta: "1", alpha: "2" }), [
    ["Zeta", "1"],
    ["alpha", "2"],
  ]);
});

test("HttpHeaders accepts the platform's Headers, each Set-Cookie apart", () => {
  const headers = new Headers([["Set-Cookie", "a"], ["X", "1"]]);
  headers.append("Set-Cookie", "b");
  headers.append("X", "\xff");
  assertEquals(pairsOf(headers), [
    ["set-cookie", "a"],
    ["set-cookie", "b"],
    ["x", "1, \xff"],
  ]);
});

test("HttpHeaders copies other HttpHeaders, both ways apart from then on", () => {
  const first = new HttpHeaders(PAIRS);
  const second = new HttpHeaders(first);
  second.append("New", "1");
  second.set("X-Id", "2");
  first.delete("Accept");
  assertEquals([...first], [["X-Id", "1"], ["x-id", "1"]]);
  assertEquals([...second], [
    PAIRS[0],
    ["X-Id", "2"],
    PAIRS[2],
    PAIRS[4],
    ["New", "1"],
  ]);
});

test("HttpHeaders does not notice what becomes of the pairs it was given", () => {
  const pairs: [string, string][] = [["A", "1"]];
  const headers = new HttpHeaders(pairs);
  pairs[0]![1] = "2";
  pairs.push(["B", "3"]);
  assertEquals([...headers], [["A", "1"]]);
});

test("HttpHeaders is empty without anything given", () => {
  for (const init of [undefined, [], {}, new Headers(), new HttpHeaders()]) {
    assertEquals([pairsOf(init), new HttpHeaders(init).size], [[], 0]);
  }
});

test("get returns all values joined, whatever the case, and null for none", () => {
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

test("has tells whether there is a field of that name, in any case", () => {
  const headers = new HttpHeaders([["X", ""]]);
  assertEquals([headers.has("x"), headers.has("X")], [true, true]);
  assertEquals([headers.has("xx"), headers.has("")], [false, false]);
});

test("Look-ups return nothing for what is no field name", () => {
  const headers = new HttpHeaders([["a", "1"], ["__proto__", "2"]]);
  for (const name of ["", " a", "a ", "a\0", "\u00e4", "constructor"]) {
    assertEquals([headers.get(name), headers.has(name)], [null, false]);
    headers.delete(name);
  }
  assertEquals(headers.get("__PROTO__"), "2");
  assertEquals(headers.size, 2);
});

test("Look-ups ignore the case of ASCII, and of nothing else", () => {
  // U+212A, the Kelvin sign, is a "k" in lowercase.
  const headers = new HttpHeaders([["Cookie", "1"]]);
  headers.delete("Coo\u212aie");
  assertEquals(headers.get("Coo\u212aie"), null);
  assertEquals(headers.getAll("Coo\u212aie"), []);
  assertEquals(headers.has("Coo\u212aie"), false);
  assertEquals(headers.get("COOKIE"), "1");
});

test("set keeps the place of the first field, and removes the others", () => {
  const headers = new HttpHeaders(PAIRS);
  headers.set("aCCept", " new\t");
  assertEquals([...headers], [
    ["aCCept", "new"],
    ["X-Id", "1"],
    ["x-id", "1"],
  ]);
});

test("set adds a field at the end where there was none", () => {
  const headers = new HttpHeaders(PAIRS);
  headers.set("Last", "1");
  assertEquals([...headers], [...PAIRS, ["Last", "1"]]);
});

test("delete removes all fields of a name and keeps the others in order", () => {
  const headers = new HttpHeaders(PAIRS);
  headers.delete("ACCept");
  assertEquals([...headers], [["X-Id", "1"], ["x-id", "1"]]);
  headers.delete("absent");
  headers.delete("X-ID");
  assertEquals([headers.size, headers.get("x-id")], [0, null]);
  headers.append("Again", "1");
  assertEquals([...headers], [["Again", "1"]]);
});

test("append keeps every char that a value may hold, and trims blanks", () => {
  const chars = Array.from({ length: 256 }, (_, i) => String.fromCharCode(i));
  const text = chars.filter((char) => /[\t\x20-\x7e\x80-\xff]/.test(char));
  const headers = new HttpHeaders();
  headers.append("X", `\t [${text.join("")}] \t`);
  assertEquals(headers.get("x"), `[${text.join("")}]`);
  headers.set("X", " \t ");
  assertEquals(headers.get("x"), "");
});

test("append rejects every char that a value must not hold", () => {
  const codes = [...Array(0x20).keys(), 0x7f, 0x100, 0x20ac, 0xd83d, 0xffff];
  for (const code of codes.filter((code) => code !== 0x09)) {
    const char = String.fromCharCode(code);
    for (const value of [char, `a${char}b`, `${char}a`, `a${char}`]) {
      const headers = new HttpHeaders();
      assertThrows(() => headers.append("X", value), TypeError, '"X"');
      assertEquals(headers.size, 0);
    }
  }
});

test("append accepts exactly the chars of a token in a name", () => {
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
  assertThrows(() => headers.append("", "1"), TypeError, '""');
});

test("A value that is rejected is not in the message, and changes nothing", () => {
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

test("The constructor rejects a bad field of any kind of source", () => {
  assertThrows(() => new HttpHeaders([["A B", "1"]]), TypeError);
  assertThrows(() => new HttpHeaders({ A: "1\r\nB: 2" }), TypeError);
  const looser = new Headers({ A: "\x01" });
  assertThrows(() => new HttpHeaders(looser), TypeError);
});

test("Iterating returns pairs whose change changes nothing", () => {
  const headers = new HttpHeaders(PAIRS);
  for (const pair of headers) pair[1] = "changed";
  assertEquals([...headers], PAIRS);
  assertNotStrictEquals([...headers][0], [...headers][0]);
});

test("toHeaders returns new Headers with the same values", () => {
  const headers = new HttpHeaders([
    ["Set-Cookie", "a"],
    ["X", "\xe9"],
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
  assertEquals(headers.toHeaders() === platform, false);
});

const SENSITIVE = [
  "Authorization",
  "proxy-authorization",
  "COOKIE",
  "Set-Cookie",
  "authentication-INFO",
  "Proxy-Authentication-Info",
];

for (const name of SENSITIVE) {
  test(`Inspecting and serialising headers redact ${name}`, () => {
    const headers = new HttpHeaders([[name, "s3cret"], ["X", "shown"]]);
    for (
      const text of [
        Deno.inspect(headers),
        Deno.inspect({ deep: [headers] }, { depth: 9, showHidden: true }),
        inspect(headers),
        inspect(headers, { showHidden: true }),
        JSON.stringify(headers),
        JSON.stringify({ headers }),
        String(headers),
      ]
    ) {
      assertEquals(text.includes("s3cret"), false, text);
    }
    const shown = `[["${name}","[redacted]"],["X","shown"]]`;
    assertEquals(JSON.stringify(headers), shown);
    // What is shown is no change of what is kept.
    assertEquals(headers.get(name), "s3cret");
  });
}

test("Inspecting headers shows the class, and the fields in order", () => {
  const headers = new HttpHeaders(PAIRS.slice(0, 2));
  const shown = 'HttpHeaders [ [ "Accept", "text/html" ], [ "X-Id", "1" ] ]';
  assertEquals(Deno.inspect(headers), shown);
  assertEquals(inspect(headers), shown.replaceAll('"', "'"));
});

test("Inspecting headers without an inspect function shows the fields", () => {
  const headers = new HttpHeaders([["Cookie", "s3cret"], ["X", "1"]]);
  assertEquals(inspectBare(headers), [["Cookie", "[redacted]"], ["X", "1"]]);
});

/** What a runtime is given that passes no inspection of its own. */
function inspectBare(value: object): unknown {
  const key = Symbol.for("nodejs.util.inspect.custom");
  const methods = value as Record<symbol, (depth: number) => unknown>;
  return methods[key]!(2);
}

test("HttpHeaders rejects a value that is no string", () => {
  assertThrows(
    () => new HttpHeaders({ A: 5 as never }),
    TypeError,
    "neither a string nor a Secret",
  );
});
