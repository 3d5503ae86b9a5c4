import {
  assertEquals,
  assertNotStrictEquals,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { HttpHeaders } from "../../rfc9110/headers.ts";
import { Http11ChunkEncoder } from "../../rfc9112/chunk_encoder.ts";
import { test, transfer } from "../_pure.ts";
import { toBytes, toText } from "../_text.ts";

test("chunk returns the size, the data itself and the line's end", () => {
  const data = toBytes("xxhello").subarray(2);
  const pieces = new Http11ChunkEncoder().chunk(data);
  assertEquals(pieces.map(toText), ["5\r\n", "hello", "\r\n"]);
  assertStrictEquals(pieces[1], data);
});

test("chunk returns nothing for no data, however often", () => {
  const encoder = new Http11ChunkEncoder();
  assertEquals(encoder.chunk(new Uint8Array(0)), []);
  assertEquals(encoder.chunk(new Uint8Array(0)), []);
  assertEquals(encoder.chunk(toBytes("a")).length, 3);
});

test("chunk returns sizes in hexadecimal without zeros in front", () => {
  const encoder = new Http11ChunkEncoder();
  for (const length of [1, 9, 10, 15, 16, 255, 256, 65_536, 1 << 20]) {
    const [size] = encoder.chunk(new Uint8Array(length));
    assertEquals(toText(size!), `${length.toString(16)}\r\n`);
  }
});

test("The encoder survives that all it returned is taken away", () => {
  const encoder = new Http11ChunkEncoder();
  for (let i = 0; i < 3; i++) {
    const pieces = encoder.chunk(toBytes("hi"));
    assertEquals(pieces.map(toText), ["2\r\n", "hi", "\r\n"]);
    pieces.forEach(transfer);
  }
  const end = encoder.end();
  assertEquals(toText(end), "0\r\n\r\n");
  transfer(end);
  const other = new Http11ChunkEncoder().end();
  assertEquals(toText(other), "0\r\n\r\n");
});

test("Two encoders share no array", () => {
  const [first, second] = [new Http11ChunkEncoder(), new Http11ChunkEncoder()];
  const data = toBytes("a");
  const [a, b] = [first.chunk(data), second.chunk(data)];
  assertNotStrictEquals(a[0]!.buffer, b[0]!.buffer);
  assertNotStrictEquals(a[2]!.buffer, b[2]!.buffer);
  assertNotStrictEquals(first.end().buffer, second.end().buffer);
});

test("end returns trailers in order, with case, duplicates and bytes", () => {
  const trailers: [string, string][] = [
    ["x-B", " 1 "],
    ["X-A", "\xe9"],
    ["X-b", ""],
  ];
  const written = "0\r\nx-B: 1\r\nX-A: \xe9\r\nX-b: \r\n\r\n";
  for (const init of [trailers, new HttpHeaders(trailers)]) {
    assertEquals(toText(new Http11ChunkEncoder().end(init)), written);
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
  for (
    const trailers of [
      { "Content-Length": "1" },
      { tRAILER: "a" },
      { A: "1", Host: "b" },
      { "transfer-encoding": "chunked" },
      { "A:": "1" },
      { A: "1\r\nB: 2" },
    ]
  ) {
    assertThrows(() => encoder.end(trailers), TypeError);
  }
  assertEquals(encoder.chunk(toBytes("a")).length, 3);
  assertEquals(toText(encoder.end({ A: "1" })), "0\r\nA: 1\r\n\r\n");
});
