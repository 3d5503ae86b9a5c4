import { Buffer } from "node:buffer";
import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { emptyBytes, toPlainBytes } from "../../core/bytes.ts";
import { test, transfer } from "../_pure.ts";
import { toBytes, toText } from "../_text.ts";

class Subclass extends Uint8Array {
  override subarray(): never {
    throw new Error("Overridden");
  }
}

function sharedBytes(text: string): Uint8Array {
  const shared = new Uint8Array(new SharedArrayBuffer(text.length));
  shared.set(toBytes(text));
  return shared;
}

test("toPlainBytes returns a plain array as it is", () => {
  const bytes = toBytes("abc");
  assertStrictEquals(toPlainBytes(bytes), bytes);
});

for (
  const [name, bytes] of [
    ["a pooled Buffer", Buffer.from("xxabcxx").subarray(2, 5)],
    ["a subclass", new Subclass([0x61, 0x62, 0x63])],
    ["an array of another realm", foreignBytes()],
  ] as const
) {
  test(`toPlainBytes returns a plain view of ${name}`, () => {
    const plain = toPlainBytes(bytes);
    assertStrictEquals(Object.getPrototypeOf(plain), Uint8Array.prototype);
    assertEquals(toText(plain), "abc");
    if (plain.buffer === bytes.buffer) {
      assertEquals(plain.byteOffset, bytes.byteOffset);
    }
  });
}

test("toPlainBytes returns a copy of shared memory", () => {
  const shared = sharedBytes("abc");
  const plain = toPlainBytes(shared);
  shared.fill(0);
  assertEquals(toText(plain), "abc");
  assert(plain.buffer instanceof ArrayBuffer);
});

test("emptyBytes returns arrays that can be transferred together", () => {
  const [first, second] = [emptyBytes(), emptyBytes()];
  structuredClone([first, second], {
    transfer: [first.buffer, second.buffer],
  });
  const third = emptyBytes();
  assertEquals(third.length, 0);
  transfer(third);
});

/** An array whose class is not this realm's `Uint8Array`. */
function foreignBytes(): Uint8Array {
  const bytes = toBytes("abc");
  const foreign = Object.create(Object.getPrototypeOf(Uint8Array.prototype));
  return Object.setPrototypeOf(bytes, foreign);
}
