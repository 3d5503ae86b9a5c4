import {
  assertEquals,
  assertLessOrEqual,
  assertStrictEquals,
} from "@std/assert";
import { fc } from "../_fast_check.ts";
import { Input } from "../../core/input.ts";
import { test, transfer } from "../_pure.ts";
import { toBytes, toText } from "../_text.ts";
import { countWork } from "../_work.ts";

function unused({ bytes, start, end }: Input): string {
  return toText(bytes.subarray(start, end));
}

// The steps of a machine in one call: it pushes, uses, takes, and settles.
const calls = fc.array(
  fc.record({
    pieces: fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 2 }),
    used: fc.nat({ max: 99 }),
    taken: fc.nat({ max: 99 }),
    detaches: fc.boolean(),
  }),
  { maxLength: 30 },
);

test("Input returns all bytes in order, and holds at most twice what it must", () => {
  fc.assert(
    fc.property(calls, (calls) => {
      const input = new Input();
      let expected = "";
      let held = 0;
      for (const { pieces, used, taken, detaches } of calls) {
        const copies = pieces.map((piece) => new Uint8Array(piece));
        for (const piece of copies) {
          input.push(piece);
          expected += toText(piece);
        }
        held = Math.max(held, expected.length);
        assertEquals(unused(input), expected);
        input.start += Math.floor(expected.length * used / 99);
        const rest = input.end - input.start;
        const view = input.take(Math.floor(rest * taken / 99));
        expected = expected.slice(expected.length - rest);
        assertEquals(toText(view), expected.slice(0, view.length));
        expected = expected.slice(view.length);
        input.settle();
        // Nothing of the caller's is kept, and nothing that was taken is needed.
        const isCallers = copies.some(({ buffer }) => buffer === view.buffer);
        if (detaches && !isCallers && view.length > 0) transfer(view);
        for (const piece of copies) piece.fill(0xaa);
        assertEquals(unused(input), expected);
        assertLessOrEqual(input.bytes.length, Math.max(64, 2 * held));
      }
      const rest = input.takeRest();
      assertEquals(toText(rest), expected);
      assertEquals(rest.buffer.byteLength, expected.length);
      assertEquals(input.start, input.end);
    }),
    { seed: 9002, numRuns: 300 },
  );
});

test("Input lends the caller's array without a copy during a step", () => {
  const input = new Input();
  const piece = toBytes("hello");
  input.push(piece);
  assertStrictEquals(input.bytes, piece);
  assertEquals([input.start, input.end, input.eof], [0, 5, false]);
});

test("Input copies what is left over once, however often it settles", () => {
  const input = new Input();
  input.push(toBytes("x".repeat(1000)));
  const { copied } = countWork(() => {
    for (let i = 0; i < 1000; i++) {
      input.settle();
      input.start++;
    }
  });
  assertEquals(copied, 1000);
});

test("Input takes an empty array for the end of file, and nothing after", () => {
  const input = new Input();
  input.push(toBytes("ab"));
  input.push(new Uint8Array(0));
  assertEquals(input.eof, false);
  input.push(new Uint8Array(0), true);
  input.settle();
  assertEquals([input.eof, unused(input)], [true, "ab"]);
  input.push(toBytes("cd"));
  assertEquals(unused(input), "ab");
  input.start = input.end;
  input.push(toBytes("ef"));
  assertEquals(unused(input), "");
});

test("Input copies and allocates each byte a bounded number of times", () => {
  const input = new Input();
  const length = 1 << 18;
  const piece = Uint8Array.of(0x61);
  const { allocated, copied } = countWork(() => {
    for (let i = 0; i < length; i++) {
      input.push(piece);
      input.settle();
    }
  });
  assertEquals(input.end - input.start, length);
  assertLessOrEqual(copied, 3 * length);
  assertLessOrEqual(allocated, 4 * length);
});

test("Input does not grow while a reader keeps up", () => {
  const input = new Input();
  let largest = 0;
  for (let i = 0; i < 20_000; i++) {
    input.push(new Uint8Array(50));
    input.settle();
    // 100 bytes are left over at most.
    input.start = Math.max(input.start, input.end - 100);
    input.settle();
    largest = Math.max(largest, input.bytes.length);
  }
  assertLessOrEqual(largest, 512);
});
