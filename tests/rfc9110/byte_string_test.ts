import {
  assert,
  assertEquals,
  assertNotStrictEquals,
  assertThrows,
} from "@std/assert";
import { fc } from "../_fast_check.ts";
import {
  decodeByteString,
  encodeByteString,
  encodeByteStringInto,
  fromByteString,
  toByteString,
} from "../../rfc9110/byte_string.ts";
import { HttpHeaders } from "../../rfc9110/headers.ts";
import { test, transfer } from "../_pure.ts";

const ALL = Uint8Array.from({ length: 256 }, (_, byte) => byte);

test("decodeByteString returns the same for ASCII on both ways", () => {
  const ascii = ALL.subarray(0, 0x80);
  assertEquals(decodeByteString(ascii, true), decodeByteString(ascii, false));
});

test("decodeByteString returns what is longer than an argument list", () => {
  for (const length of [0, 1, 4095, 4096, 4097, 1_000_003]) {
    const array = Uint8Array.from({ length }, (_, i) => i * 7);
    const text = decodeByteString(array, false);
    assertEquals(text.length, length);
    assert(array.every((byte, i) => text.charCodeAt(i) === byte));
  }
});

test("decodeByteString returns a text that outlives the bytes", () => {
  const array = ALL.slice(0x20, 0x7f);
  const [ascii, other] = [
    decodeByteString(array, true),
    decodeByteString(array, false),
  ];
  array.fill(0);
  assertEquals([ascii.charAt(1), other.charAt(1)], ["!", "!"]);
});

test("encodeByteString returns an array of its own each time", () => {
  for (const text of ["", "\r\n"]) {
    const first = encodeByteString(text);
    assertNotStrictEquals(first.buffer, encodeByteString(text).buffer);
    assertEquals(first.buffer.byteLength, text.length);
    transfer(first);
    assertEquals(encodeByteString(text).length, text.length);
  }
});

test("decodeByteString returns what encodeByteString was given", () => {
  // The longer ones are encoded in another way.
  const texts = fc.uint8Array({ maxLength: 400 });
  fc.assert(
    fc.property(texts, fc.boolean(), (array, ascii) => {
      const bytes = array.map((byte) => ascii ? byte & 0x7f : byte);
      const text = decodeByteString(bytes, ascii);
      assertEquals(text.length, bytes.length);
      assert(bytes.every((byte, i) => text.charCodeAt(i) === byte));
      assertEquals(encodeByteString(text), new Uint8Array(bytes));
      const into = new Uint8Array(bytes.length);
      encodeByteStringInto(text, into);
      assertEquals(into, new Uint8Array(bytes));
    }),
    { seed: 9101, numRuns: 200 },
  );
});

test("fromByteString returns the text that toByteString encoded", () => {
  for (const text of ["", "abc", "Zo\u00eb \u20ac \u{1f600}", "\ufeffa"]) {
    const headers = new HttpHeaders({ X: toByteString(text) });
    assertEquals(fromByteString(headers.get("x")!), text);
  }
  assertEquals(toByteString("\u00eb"), "\u00c3\u00ab");
});

test("fromByteString replaces invalid UTF-8, and rejects other strings", () => {
  assertEquals(fromByteString("a\xeb\xffb"), "a\ufffd\ufffdb");
  assertThrows(() => fromByteString("\u0100"), TypeError, "above 0xFF");
});
