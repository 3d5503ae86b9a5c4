import { assertEquals } from "@std/assert";
import { STATUS_CODES } from "node:http";
import { reasonPhrase, StatusCode } from "../../rfc9110/status.ts";
import { test } from "../_pure.ts";

test("StatusCode holds each code once, in order, from 100 to 511", () => {
  const codes: number[] = Object.values(StatusCode);
  assertEquals(codes, [...new Set(codes)].sort((a, b) => a - b));
  assertEquals(codes.length, 62);
  assertEquals([codes[0], codes.at(-1)], [100, 511]);
  // The registry calls these unused.
  assertEquals(codes.filter((code) => code === 306 || code === 418), []);
});

test("StatusCode names are in PascalCase, acronyms as words", () => {
  for (const name of Object.keys(StatusCode)) {
    assertEquals(/^([A-Z][a-z]+)+$/.test(name), true, name);
  }
  assertEquals(StatusCode.Ok, 200);
  assertEquals(StatusCode.ImUsed, 226);
  assertEquals(StatusCode.UriTooLong, 414);
  assertEquals(StatusCode.HttpVersionNotSupported, 505);
});

test("StatusCode is a type that admits any registered code", () => {
  const codes: StatusCode[] = [404, StatusCode.Continue];
  assertEquals(codes, [404, 100]);
});

// The phrases of RFC 9110 and the registry that differ from Node's, which keeps those
// of older documents, and lacks some of the codes.
const NOT_AS_IN_NODE: Readonly<Record<number, string>> = {
  104: "Upload Resumption Supported",
  413: "Content Too Large",
  422: "Unprocessable Content",
};

test("reasonPhrase returns the registry's phrase for each code", () => {
  for (const code of Object.values(StatusCode)) {
    const expected = NOT_AS_IN_NODE[code] ?? STATUS_CODES[code];
    assertEquals(reasonPhrase(code), expected, String(code));
  }
});

test("reasonPhrase returns undefined for a code that is not registered", () => {
  for (const code of [0, 99, 199, 306, 418, 509, 599, 999, 200.5, NaN, -1]) {
    assertEquals(reasonPhrase(code), undefined, String(code));
  }
});
