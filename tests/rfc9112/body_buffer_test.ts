import {
  assert,
  assertEquals,
  assertLessOrEqual,
  assertNotStrictEquals,
  assertThrows,
} from "@std/assert";
import { HttpError } from "../../error.ts";
import { BodyBuffer } from "../../rfc9112/_body_buffer.ts";
import { test } from "../_pure.ts";
import { toBytes, toText } from "../_text.ts";
import { countWork } from "../_work.ts";

function fill(buffer: BodyBuffer, length: number, pieceLength: number): void {
  for (let at = 0; at < length; at += pieceLength) {
    const piece = new Uint8Array(Math.min(pieceLength, length - at));
    for (let i = 0; i < piece.length; i++) piece[i] = (at + i) * 31;
    buffer.push(piece);
  }
}

function assertFilled(body: Uint8Array, length: number): void {
  assertEquals(body.length, length);
  assertEquals(body.buffer.byteLength, length);
  assert(body.every((byte, i) => byte === ((i * 31) & 0xff)));
}

for (const length of [0, 1, 4095, 4096, 4097, 8192, 12_289, 100_000]) {
  for (const pieceLength of [1, 1000, 4096, 1 << 20]) {
    test(`BodyBuffer returns ${length} bytes, which came ${pieceLength} by ${pieceLength}, in exact storage`, () => {
      for (const expected of [null, length]) {
        const buffer = new BodyBuffer(length, expected);
        fill(buffer, length, pieceLength);
        assertFilled(buffer.take(), length);
      }
    });
  }
}

test("BodyBuffer copies pieces, and keeps no reference to them", () => {
  const buffer = new BodyBuffer(100, 4);
  const piece = toBytes("ab");
  buffer.push(piece);
  piece.set(toBytes("cd"));
  buffer.push(piece);
  piece.fill(0);
  assertEquals(toText(buffer.take()), "abcd");
});

test("BodyBuffer takes no memory on the word of a length", () => {
  const length = 2 ** 53 - 1;
  let buffer: BodyBuffer | null = null;
  const before = countWork(() => {
    buffer = new BodyBuffer(Infinity, length);
  });
  assertEquals(before.allocated, 0);
  const piece = toBytes("a");
  const after = countWork(() => buffer!.push(piece));
  assertLessOrEqual(after.allocated, 4096);
});

test("BodyBuffer allocates a short body of known length once, in one piece", () => {
  const { allocated, copied } = countWork(() => {
    const buffer = new BodyBuffer(8000, 8000);
    fill(buffer, 8000, 8000);
    assertEquals(buffer.take().length, 8000);
  });
  // The piece itself is the other half.
  assertEquals([allocated, copied], [16_000, 8000]);
});

for (const known of [true, false]) {
  test(`BodyBuffer grows as bytes arrive where the length is ${known ? "" : "not "}known`, () => {
    const length = 3_000_000;
    const piece = new Uint8Array(100);
    const buffer = new BodyBuffer(length, known ? length : null);
    let held = 0;
    let total = 0;
    let growths = 0;
    for (; held < length; held += piece.length) {
      const { allocated } = countWork(() => buffer.push(piece));
      if (allocated === 0) continue;
      growths++;
      total += allocated;
      // Never far ahead of what has come.
      assertLessOrEqual(allocated, Math.max(4096, 16 * (held + piece.length)));
    }
    assertLessOrEqual(growths, 6);
    assertLessOrEqual(total, known ? 2 * length : 6 * length);
    let body: Uint8Array | null = null;
    const { allocated } = countWork(() => body = buffer.take());
    if (known) assertEquals(allocated, 0);
    assertEquals(body!.length, length);
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
    assertEquals(
      error.message,
      "Cannot read the response body: it has more than 5 bytes (maxBodyBytes)",
    );
  }
  buffer.push(toBytes("de"));
  assertEquals(toText(buffer.take()), "abcde");
});

test("BodyBuffer shares no empty body with another buffer", () => {
  const [first, second] = [new BodyBuffer(0, 0), new BodyBuffer(0, null)];
  assertNotStrictEquals(first.take().buffer, second.take().buffer);
});

test("BodyBuffer does not grow above its limit", () => {
  const limit = 1_000_000;
  const buffer = new BodyBuffer(limit, null);
  for (let held = 0; held < limit; held += 1000) {
    const { allocated } = countWork(() => buffer.push(new Uint8Array(1000)));
    assertLessOrEqual(allocated, limit + 1000);
  }
});
