import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { Http11ChunkEncoder } from "../../rfc9112/chunk_encoder.ts";
import { test, transfer } from "../_pure.ts";
import { toBytes, toText } from "../_text.ts";

// tests/vectors/requests.json has the bytes of each case. Here is the rest.

test("chunk returns the size, the data itself and the line's end", () => {
  const data = toBytes("xxhello").subarray(2);
  const pieces = new Http11ChunkEncoder().chunk(data);
  assertEquals(pieces.map(toText), ["5\r\n", "hello", "\r\n"]);
  assertStrictEquals(pieces[1], data);
});

test("The encoder survives that all it returned is taken away", () => {
  for (const encoder of [new Http11ChunkEncoder(), new Http11ChunkEncoder()]) {
    for (let i = 0; i < 3; i++) {
      const pieces = encoder.chunk(toBytes("hi"));
      assertEquals(pieces.map(toText), ["2\r\n", "hi", "\r\n"]);
      pieces.forEach(transfer);
    }
    const end = encoder.end();
    assertEquals(toText(end), "0\r\n\r\n");
    transfer(end);
  }
});

test("chunk and end throw TypeError after the end", () => {
  const encoder = new Http11ChunkEncoder();
  encoder.end();
  const ended = "Cannot write: the body has ended";
  assertThrows(() => encoder.chunk(toBytes("a")), TypeError, ended);
  assertThrows(() => encoder.chunk(new Uint8Array(0)), TypeError, ended);
  assertThrows(() => encoder.end(), TypeError, ended);
  assertThrows(() => encoder.end({ A: "1" }), TypeError, ended);
});

test("end rejects a bad trailer, after which the body can still be ended", () => {
  const encoder = new Http11ChunkEncoder();
  for (const trailers of [{ A: "1", tRAILER: "a" }, { "A:": "1" }]) {
    assertThrows(() => encoder.end(trailers as never), TypeError);
  }
  assertEquals(encoder.chunk(toBytes("a")).length, 3);
  assertEquals(toText(encoder.end({ A: "1" })), "0\r\nA: 1\r\n\r\n");
});
