import { assertEquals } from "@std/assert";
import { fc } from "../_fast_check.ts";
import { parseLength } from "../../rfc9112/framing.ts";
import { test } from "../_pure.ts";

// tests/vectors/framing.json has one case for each rule. Here is the rest.

for (
  const text of [
    ...["", " ", "+1", "-1", "-0", "1.0", "1e3", "0x1", "1_000", "1 2", "1,2"],
    ...["\u0661", "\uff11", "1\0", "\n1", "1\r", "\xa01", "Infinity", "NaN"],
    ...["9007199254740992", "9".repeat(400), "18446744073709551617"],
  ]
) {
  test(`parseLength returns -1 for ${JSON.stringify(text.slice(0, 24))}`, () => {
    assertEquals(parseLength(text), -1);
  });
}

test("parseLength returns what BigInt makes of digits, up to 2^53-1", () => {
  const digits = fc.stringMatching(/^[ \t]?0{0,9}[0-9]{1,18}[ \t]?$/);
  const near = fc.bigInt({ min: 2n ** 53n - 9n, max: 2n ** 53n + 9n });
  fc.assert(
    fc.property(fc.oneof(digits, near.map(String)), (text) => {
      const value = BigInt(text);
      const known = value <= BigInt(Number.MAX_SAFE_INTEGER);
      assertEquals(parseLength(text), known ? Number(value) : -1);
    }),
    { seed: 9201, numRuns: 300 },
  );
});
