// Cost and memory: what would be quadratic takes minutes at these sizes, and
// what is kept of the input is read off the input.

import { assert, assertEquals } from "@std/assert";
import { SseParser } from "@pimalaya/io-http/sse";
import { Input } from "../../core/input.ts";
import { LineReader } from "../../sse/_lines.ts";
import { bytesOf, feed, readAll } from "./_streams.ts";

function test(name: string, fn: () => void): void {
  Deno.test({ name, permissions: "none", fn });
}

function* byteByByte(bytes: Uint8Array): Iterable<Uint8Array> {
  for (const value of bytes) yield Uint8Array.of(value);
}

test("SseParser reads a line of 1 MiB one byte a call", () => {
  const data = "x".repeat(2 ** 20);
  const { seen } = readAll(byteByByte(bytesOf(`data:${data}\n\n`)));
  assertEquals(seen.length, 2);
  assert(Array.isArray(seen[0]) && seen[0][1] === data);
});

test("SseParser reads 200,000 events in one call", () => {
  const { seen } = readAll([
    bytesOf("data: 1\nid: \u00e9\n\n".repeat(200_000)),
  ]);
  assertEquals(seen.length, 200_001);
  assertEquals(seen[199_999], ["message", "1", "\u00e9"]);
});

test("SseParser reads an event of 200,000 data fields", () => {
  const { seen } = readAll([bytesOf("data: 12\n".repeat(200_000) + "\n")]);
  assertEquals(seen.length, 2);
  assert(Array.isArray(seen[0]));
  assertEquals(seen[0][1].length, 3 * 200_000 - 1);
});

test("SseParser reads a comment without end, of which it keeps nothing", () => {
  const parser = new SseParser({ maxEventBytes: 16 });
  const piece = new Uint8Array(2 ** 16).fill(0x78);
  assertEquals(feed(parser, [bytesOf("data: 1\n:")]), []);
  for (let i = 0; i < 100; i++) {
    assertEquals(parser.resume(piece).type, "WantsRead");
  }
  assertEquals(feed(parser, [bytesOf("\n\n")]), [["message", "1", ""]]);
});

test("LineReader uses up what there is of a comment", () => {
  const lines = new LineReader(16);
  const input = new Input();
  for (const piece of [": a", "bc", ": data: 1", "\r", ":"]) {
    input.push(bytesOf(piece));
    assertEquals(lines.next(input), false);
    assertEquals(input.start, input.end);
    input.settle();
  }
});

test("LineReader leaves a field line in the input until it is whole", () => {
  const lines = new LineReader(16);
  const input = new Input();
  input.push(bytesOf("da"));
  assertEquals(lines.next(input), false);
  assertEquals(input.end - input.start, 2);
  input.settle();
  input.push(bytesOf("ta\r\n"));
  assertEquals(lines.next(input), true);
  assertEquals(lines.end - lines.start, 4);
  assertEquals(input.start, input.end);
});
