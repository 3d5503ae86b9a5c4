import {
  assert,
  assertEquals,
  assertLessOrEqual,
  assertNotStrictEquals,
} from "@std/assert";
import { holdBytes, toOwnBytes, toText } from "../../core/held_bytes.ts";
import { test } from "../_pure.ts";
import { toBytes } from "../_text.ts";
import { countWork } from "../_work.ts";

test("holdBytes copies bytes of any length, and toOwnBytes gives no one else's", () => {
  for (const length of [0, 1, 1023, 1024, 1025, 8193]) {
    const bytes = new Uint8Array(length).fill(7);
    const held = [holdBytes(bytes), holdBytes(bytes.fill(8))];
    bytes.fill(0);
    const [first, second] = held.map(toOwnBytes);
    assertEquals([first, second].map((own) => own!.buffer.byteLength), [
      length,
      length,
    ]);
    assertNotStrictEquals(first!.buffer, second!.buffer);
    assert(first!.every((byte) => byte === 7));
    assert(second!.every((byte) => byte === 8));
  }
});

test("holdBytes allocates less than one array for a hundred small bodies", () => {
  const bytes = toBytes("small");
  const { allocated } = countWork(() => {
    for (let i = 0; i < 100; i++) holdBytes(bytes);
  });
  assertLessOrEqual(allocated, 4096);
});

test("toText decodes held bytes as UTF-8 without a BOM, also if they fill a pool", () => {
  const texts = Array.from({ length: 50 }, (_, i) => `é${i}`.repeat(i * 5));
  const encoder = new TextEncoder();
  const held = texts.map((text) => holdBytes(encoder.encode(`\ufeff${text}`)));
  assertEquals(held.map(toText), texts);
  assertEquals(toText(holdBytes(Uint8Array.of(0xff, 0x61))), "\ufffda");
});
