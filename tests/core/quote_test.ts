import { assertEquals, assertMatch } from "@std/assert";
import fc from "fast-check";
import { quote, quoteBytes } from "../../core/quote.ts";
import { test } from "../_pure.ts";

for (
  const [value, quoted] of [
    ["", '""'],
    ["plain text", '"plain text"'],
    ['a "b" \\ c', '"a \\"b\\" \\\\ c"'],
    ["a\r\nb\tc", '"a\\r\\nb\\tc"'],
    ["\0\x07\x1b[2J\x7f", '"\\x00\\x07\\x1b[2J\\x7f"'],
    ["\x80\x9b\u00e9\xff", '"\\x80\\x9b\\xe9\\xff"'],
    ["\u0100\u2028\u202e", '"\\u0100\\u2028\\u202e"'],
    ["\u{1f600}", '"\\ud83d\\ude00"'],
    ["x".repeat(40), `"${"x".repeat(40)}"`],
    ["x".repeat(41), `"${"x".repeat(40)}..."`],
    ["\n".repeat(1e6), `"${"\\n".repeat(40)}..."`],
  ] as const
) {
  test(`quote returns ${quoted.slice(0, 30)} ...`, () => {
    assertEquals(quote(value), quoted);
  });
}

test("quoteBytes returns what quote does for one char a byte", () => {
  const all = Uint8Array.from({ length: 256 }, (_, i) => i);
  for (let byte = 0; byte < 256; byte++) {
    assertEquals(
      quoteBytes(all, byte, byte + 1),
      quote(String.fromCharCode(byte)),
    );
  }
});

test("quoteBytes returns nothing outside of start and end", () => {
  const array = new TextEncoder().encode("<inner>");
  assertEquals(quoteBytes(array, 1, 6), '"inner"');
  assertEquals(quoteBytes(array, 3, 3), '""');
});

test("quoteBytes cuts short what is longer than 40 bytes, and not 40", () => {
  const array = new Uint8Array(1 << 20).fill(0x61);
  const forty = "a".repeat(40);
  assertEquals(quoteBytes(array, 5, 45), `"${forty}"`);
  assertEquals(quoteBytes(array, 5, 46), `"${forty}..."`);
  assertEquals(quoteBytes(array, 0, array.length), `"${forty}..."`);
});

test("quote returns printable ASCII in one pair of quotes for any text", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 60 }), (value) => {
      assertMatch(quote(value), /^"(?:[\x20-\x21\x23-\x5b\x5d-\x7e]|\\.)*"$/);
    }),
    { seed: 9001, numRuns: 300 },
  );
});
