import { assertEquals, assertStrictEquals } from "@std/assert";
import {
  Http11ReceiveChunks,
  type Http11ReceiveChunksResult,
} from "../../mod.ts";
import { test } from "../_pure.ts";
import { toBytes, toText } from "../_text.ts";
import { countWork } from "../_work.ts";

const HELLO = "5\r\nhello\r\n";

test("Http11ReceiveChunks returns a large chunk without a copy", () => {
  const wire = toBytes(`10000\r\n${"x".repeat(0x10000)}\r\n`);
  const chunks = new Http11ReceiveChunks();
  let step: Http11ReceiveChunksResult | undefined;
  const { allocated, copied } = countWork(() => {
    step = chunks.resume(wire);
  });
  assertEquals([allocated, copied], [0, 0]);
  assertEquals(step?.type === "Data" && step.bytes.length, 0x10000);
  assertStrictEquals(step?.type === "Data" && step.bytes.buffer, wire.buffer);
});

test("Http11ReceiveChunks returns the data of many chunks in one step", () => {
  for (const after of ["0\r\n\r\n", "5\r\nhelloX", "x"]) {
    const step = new Http11ReceiveChunks()
      .resume(toBytes(HELLO.repeat(1000) + after));
    const expected = "hello".repeat(after.includes("hello") ? 1001 : 1000);
    assertEquals(step.type === "Data" && toText(step.bytes), expected);
  }
});

test("Http11ReceiveChunks returns the fault although more input came", () => {
  const chunks = new Http11ReceiveChunks();
  assertEquals(chunks.resume(toBytes(`${HELLO}x`)).type, "Data");
  const step = chunks.resume(toBytes("0\r\n\r\n"));
  assertEquals(step.type === "Err" && step.error.code, "InvalidChunkSize");
});
