import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { byte, bytesOf, readAll, readPlainly } from "./_streams.ts";

const PARTS = [
  ..."data|event|id|retry|: |:|\n|\r|\r\n|\n\n|x|12|\0|\u00e9|\u{1f600}|\ufeff"
    .split("|"),
  "data: x",
  "id: 1",
  "y".repeat(5000),
  byte(0xc3),
  byte(0xe2),
  byte(0xf0),
  byte(0x80),
  byte(0xff),
];

const streams = fc.array(fc.constantFrom(...PARTS), { maxLength: 60 })
  .map((parts) => bytesOf(parts.join("")));

const places = fc.array(fc.nat(), { maxLength: 20 });

/** Cuts bytes at places, each taken modulo the length. */
function cutAt(bytes: Uint8Array, at: readonly number[]): Uint8Array[] {
  const sorted = at.map((place) => place % (bytes.length + 1)).sort((a, b) =>
    a - b
  );
  return [0, ...sorted].map((start, i) => bytes.subarray(start, sorted[i]))
    .filter((piece) => piece.length > 0);
}

Deno.test({
  name: "SseParser returns what a parser of the whole stream does, for any cut",
  permissions: "none",
  fn() {
    fc.assert(
      fc.property(streams, places, (bytes, at) => {
        assertEquals(readAll(cutAt(bytes, at)), readPlainly(bytes));
      }),
      { seed: 9251, numRuns: 1500 },
    );
  },
});

Deno.test({
  name: "SseParser returns the same steps within a limit, for any cut",
  permissions: "none",
  fn() {
    fc.assert(
      fc.property(streams, places, fc.nat(80), (bytes, at, maxEventBytes) => {
        const whole = bytes.length === 0 ? [] : [bytes];
        assertEquals(
          readAll(cutAt(bytes, at), { maxEventBytes }),
          readAll(whole, { maxEventBytes }),
        );
      }),
      { seed: 9252, numRuns: 1500 },
    );
  },
});
