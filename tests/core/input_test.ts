import {
  assert,
  assertEquals,
  assertLessOrEqual,
  assertNotStrictEquals,
  assertStrictEquals,
} from "@std/assert";
import { Input } from "../../core/input.ts";
import { test, transfer } from "../_pure.ts";
import { toBytes, toText } from "../_text.ts";
import { countWork } from "../_work.ts";

function unused({ bytes, start, end }: Input): string {
  return toText(bytes.subarray(start, end));
}

test("Input lends the caller's array without a copy during a step", () => {
  const input = new Input();
  const piece = toBytes("hello");
  input.push(piece);
  assertStrictEquals(input.bytes, piece);
  assertEquals([input.start, input.end, input.eof], [0, 5, false]);
});

test("Input keeps a copy of what a step left over, and not the array", () => {
  const input = new Input();
  const piece = toBytes("hello");
  input.push(piece);
  input.start = 2;
  input.settle();
  piece.fill(0);
  assertNotStrictEquals(input.bytes.buffer, piece.buffer);
  assertEquals(unused(input), "llo");
});

test("Input keeps nothing where a step used up everything", () => {
  const input = new Input();
  input.push(toBytes("hello"));
  input.start = 5;
  input.settle();
  assertEquals([input.start, input.end, input.bytes.length], [0, 0, 0]);
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

test("Input puts new bytes behind what was left over", () => {
  const input = new Input();
  let expected = "";
  for (let i = 0; i < 300; i++) {
    const piece = String.fromCharCode(i & 0xff).repeat(i % 7 + 1);
    input.push(toBytes(piece));
    expected += piece;
    // Reads less than it gets, so that what is left grows.
    input.start += i % 3;
    expected = expected.slice(i % 3);
    input.settle();
    assertEquals(unused(input), expected);
  }
});

test("Input puts together pieces that come before it settles", () => {
  const input = new Input();
  // First it makes storage of its own that has room for all that follows.
  input.push(toBytes("x".repeat(100)));
  input.settle();
  input.start = input.end;
  input.settle();

  input.push(toBytes("ab"));
  input.push(toBytes("cd"));
  input.push(toBytes("ef"));
  assertEquals(unused(input), "abcdef");
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

test("Input.takeRest returns all that is left, in storage of its own", () => {
  const input = new Input();
  const piece = toBytes("hello");
  input.push(piece);
  input.start = 2;
  const rest = input.takeRest();
  piece.fill(0);
  assertEquals(toText(rest), "llo");
  assertEquals(rest.buffer.byteLength, 3);
  assertEquals(input.start, input.end);
});

test("Input keeps what is left where a view of it was taken away", () => {
  const input = new Input();
  input.push(toBytes("head data rest"));
  input.start = 5;
  input.settle();
  const view = input.take(5);
  input.settle();
  assertEquals(toText(view), "data ");
  transfer(view);
  assertEquals(unused(input), "rest");
  input.push(toBytes(" and more"));
  assertEquals(unused(input), "rest and more");
});

test("Input goes on where a view of all of it was taken away", () => {
  const input = new Input();
  input.push(toBytes("head data"));
  input.start = 5;
  input.settle();
  const view = input.take(4);
  input.settle();
  transfer(view);
  for (const piece of ["a", "b", "c"]) {
    input.push(toBytes(piece));
    input.settle();
  }
  assertEquals(unused(input), "abc");
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

test("Input never takes more than twice the room of what it held", () => {
  const input = new Input();
  let held = 0;
  for (let i = 0; i < 2000; i++) {
    const size = (i * 37) % 211 + 1;
    held = Math.max(held, input.end - input.start + size);
    input.push(new Uint8Array(size));
    input.settle();
    assertLessOrEqual(input.bytes.length, Math.max(64, 2 * held));
    if (i % 4 === 3) input.start += Math.min(400, input.end - input.start);
    input.settle();
  }
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
  assert(largest > 0);
  assertLessOrEqual(largest, 512);
});
