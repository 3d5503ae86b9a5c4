import {
  assert,
  assertEquals,
  assertLessOrEqual,
  assertThrows,
} from "@std/assert";
import { toOwnBytes } from "../../core/held_bytes.ts";
import { HttpError } from "../../error.ts";
import { BodyBuffer } from "../../rfc9112/_body_buffer.ts";
import { test } from "../_pure.ts";
import { toBytes, toText } from "../_text.ts";
import { countWork } from "../_work.ts";

function byteAt(at: number): number {
  return (at * 31) & 0xff;
}

for (const pieceLength of [1, 1000, 4096, 1 << 20]) {
  test(`BodyBuffer returns what came ${pieceLength} by ${pieceLength}, in exact storage`, () => {
    for (const length of [0, 1, 4095, 4096, 4097, 8192, 12_289, 100_000]) {
      for (const expected of [null, length]) {
        const buffer = new BodyBuffer(length, expected);
        for (let at = 0; at < length; at += pieceLength) {
          const piece = new Uint8Array(Math.min(pieceLength, length - at));
          buffer.push(piece.map((_, i) => byteAt(at + i)));
          piece.fill(0);
        }
        const body = toOwnBytes(buffer.take());
        assertEquals([body.length, body.buffer.byteLength], [length, length]);
        assert(body.every((byte, at) => byte === byteAt(at)));
      }
    }
  });
}

test("BodyBuffer copies pieces, and keeps no reference to them", () => {
  const buffer = new BodyBuffer(100, 4);
  const piece = toBytes("ab");
  buffer.push(piece);
  piece.set(toBytes("cd"));
  buffer.push(piece);
  piece.fill(0);
  assertEquals(toText(toOwnBytes(buffer.take())), "abcd");
});

test("BodyBuffer takes no memory on the word of a length", () => {
  const length = 2 ** 53 - 1;
  const { allocated } = countWork(() => new BodyBuffer(Infinity, length));
  assertEquals(allocated, 0);
  const buffer = new BodyBuffer(Infinity, length);
  const piece = toBytes("a");
  assertLessOrEqual(countWork(() => buffer.push(piece)).allocated, 4096);
});

test("BodyBuffer allocates a short body of known length once", () => {
  const piece = new Uint8Array(4000);
  const { allocated, copied } = countWork(() => {
    const buffer = new BodyBuffer(8000, 8000);
    buffer.push(piece);
    buffer.push(piece);
    assertEquals(buffer.take().length, 8000);
  });
  assertEquals([allocated, copied], [8000, 8000]);
});

for (const known of [true, false]) {
  test(`BodyBuffer grows as bytes arrive where the length is ${known ? "" : "not "}known`, () => {
    const length = 3_000_000;
    const piece = new Uint8Array(100);
    const buffer = new BodyBuffer(length, known ? length : null);
    let total = 0;
    let growths = 0;
    for (let held = piece.length; held <= length; held += piece.length) {
      const { allocated } = countWork(() => buffer.push(piece));
      total += allocated;
      if (allocated > 0) growths++;
      // Never far above the received bytes, nor above the limit.
      assertLessOrEqual(allocated, Math.max(4096, Math.min(16 * held, length)));
    }
    assertLessOrEqual(growths, 6);
    assertLessOrEqual(total, known ? 2 * length : 6 * length);
    const { allocated } = countWork(() =>
      assertEquals(buffer.take().length, length)
    );
    if (known) assertEquals(allocated, 0);
  });
}

test("BodyBuffer rejects a length above the limit before any byte", () => {
  const error = assertThrows(() => new BodyBuffer(5, 6), HttpError);
  assertEquals(error.code, "BodyTooLarge");
  assertEquals(new BodyBuffer(6, 6).take().length, 0);
});

test("BodyBuffer rejects the piece that passes the limit, and holds no more", () => {
  const buffer = new BodyBuffer(5, null);
  buffer.push(toBytes("abc"));
  for (let i = 0; i < 2; i++) {
    const error = assertThrows(() => buffer.push(toBytes("def")), HttpError);
    assertEquals(error.code, "BodyTooLarge");
  }
  buffer.push(toBytes("de"));
  assertEquals(toText(toOwnBytes(buffer.take())), "abcde");
});
