import { assertEquals, assertMatch } from "@std/assert";
import { fc } from "../_fast_check.ts";
import { quote, quoteBytes } from "../../core/quote.ts";
import { test } from "../_pure.ts";
import { toText } from "../_text.ts";

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
  const bytes = fc.uint8Array({ maxLength: 60 });
  fc.assert(
    fc.property(bytes, fc.nat({ max: 60 }), (bytes, start) => {
      const array = new Uint8Array([...bytes, 0x61]);
      const from = Math.min(start, bytes.length);
      const text = toText(bytes.subarray(from));
      assertEquals(quoteBytes(array, from, bytes.length), quote(text));
    }),
    { seed: 9003, numRuns: 500 },
  );
});

test("quote returns printable ASCII in one pair of quotes for any text", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 60 }), (value) => {
      assertMatch(quote(value), /^"(?:[\x20-\x21\x23-\x5b\x5d-\x7e]|\\.)*"$/);
    }),
    { seed: 9001, numRuns: 300 },
  );
});
