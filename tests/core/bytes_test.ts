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
  const shared = new Uint8Array(new SharedArrayBuffer(3));
  shared.set(toBytes("abc"));
  const plain = toPlainBytes(shared);
  shared.fill(0);
  assertEquals(toText(plain), "abc");
  assert(plain.buffer instanceof ArrayBuffer);
});

test("emptyBytes returns arrays that no transfer of another one detaches", () => {
  const [first, second] = [emptyBytes(), emptyBytes()];
  assertEquals([first.length, first !== second], [0, true]);
  try {
    transfer(first);
  } catch {
    // It cannot be transferred at all.
  }
  for (const bytes of [second, emptyBytes()]) {
    // A detached array can be neither copied nor read.
    assertEquals([...bytes, ...structuredClone(bytes), ...bytes.slice()], []);
  }
});

test("emptyBytes does without WebAssembly", async () => {
  const real = globalThis.WebAssembly;
  globalThis.WebAssembly = undefined as never;
  try {
    // A copy of the module, which has not created its buffer.
    const copy: typeof import("../../core/bytes.ts") = await import(
      "../../core/bytes.ts?without-webassembly"
    );
    const [first, second] = [copy.emptyBytes(), copy.emptyBytes()];
    transfer(first);
    transfer(second);
    assertEquals(copy.emptyBytes().length, 0);
  } finally {
    globalThis.WebAssembly = real;
  }
});

/** An array whose class is not this realm's `Uint8Array`. */
function foreignBytes(): Uint8Array {
  const bytes = toBytes("abc");
  const foreign = Object.create(Object.getPrototypeOf(Uint8Array.prototype));
  return Object.setPrototypeOf(bytes, foreign);
}
