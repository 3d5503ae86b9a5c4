import v8 from "node:v8";
import { runInNewContext } from "node:vm";
import { assert, assertEquals, assertLess } from "@std/assert";
import { Http11ReceiveHead } from "../../mod.ts";
import { test } from "../_pure.ts";
import { toBytes } from "../_text.ts";

test("A string kept from a head does not keep the head alive", () => {
  const padding = "X-Padding: 0123456789abcdef\r\n".repeat(280);
  const kept: string[][] = [];
  const before = heapUsed();
  for (let i = 0; i < 2500; i++) {
    const wire = toBytes(
      `HTTP/1.1 200 A reason of 20 chars\r\nX-Entity-Tag-${i}: "${i}--------------"\r\n${padding}\r\n`,
    );
    const step = new Http11ReceiveHead().resume(wire);
    assert(step.type === "Ok");
    const { headers, reason } = step.response;
    const name = `x-entity-tag-${i}`;
    const [pair] = headers;
    kept.push([headers.get(name)!, ...headers.getAll(name), ...pair!, reason]);
  }
  // Together, the heads have 20 MB.
  assertLess(heapUsed() - before, 5e6);
  assertEquals(kept[7], [
    ...Array(2).fill('"7--------------"'),
    "X-Entity-Tag-7",
    '"7--------------"',
    "A reason of 20 chars",
  ]);
});

/** The bytes alive after a garbage collection. */
function heapUsed(): number {
  v8.setFlagsFromString("--expose-gc");
  runInNewContext("gc")();
  return v8.getHeapStatistics().used_heap_size;
}

// Long values are read by words of 4 bytes, which the input may start inside.
test("Http11ReceiveHead finds a bad byte anywhere in a long value", () => {
  const start = "HTTP/1.1 200 OK\r\nA: ";
  const end = `\r\nB: ${"y".repeat(300)}\r\n\r\n`;
  const wire = toBytes(`${start}${"x".repeat(60)}${end}`);
  const storage = new Uint8Array(wire.length + 3);
  for (const byte of [0, 0x1f, 0x20, 0x7e, 0x7f, 0x80, 0xff, 0x09, 0x0d]) {
    const isText = byte === 0x09 || (byte >= 0x20 && byte !== 0x7f);
    for (let offset = 0; offset < 4; offset++) {
      for (let at = 1; at < 59; at++) {
        const bytes = storage.subarray(offset, offset + wire.length);
        bytes.set(wire);
        bytes[start.length + at] = byte;
        const step = new Http11ReceiveHead().resume(bytes);
        assertEquals(step.type, isText ? "Ok" : "Err");
        if (step.type !== "Ok") continue;
        const value = "x".repeat(at) + String.fromCharCode(byte);
        assertEquals(step.response.header("a"), value.padEnd(60, "x"));
        assertEquals(step.response.header("b"), "y".repeat(300));
      }
    }
  }
});
