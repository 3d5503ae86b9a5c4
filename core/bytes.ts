// Byte arrays as they come in, and as they are handed out.

import { invalid } from "./quote.ts";

/** The buffer that empty arrays share, once it was needed. */
let emptyBuffer: ArrayBuffer | undefined;

/**
 * Creates an empty array to hand out.
 *
 * A buffer of its own for each would make reading a small head take a third
 * longer. A shared one must not be transferable, or transferring one array would
 * detach them all, and only that of a WebAssembly memory is not.
 */
export function emptyBytes(): Uint8Array<ArrayBuffer> {
  emptyBuffer ??= makeEmptyBuffer();
  return emptyBuffer === undefined
    ? new Uint8Array(0)
    : new Uint8Array(emptyBuffer);
}

function makeEmptyBuffer(): ArrayBuffer | undefined {
  try {
    const { buffer } = new WebAssembly.Memory({ initial: 0, maximum: 0 });
    return buffer instanceof ArrayBuffer ? buffer : undefined;
  } catch {
    // No WebAssembly here, or no address space for it.
    return undefined;
  }
}

/**
 * Returns a plain array over the bytes of any kind of `Uint8Array`.
 *
 * A subclass may override methods (`slice` of Node's `Buffer` returns a view),
 * so it becomes a plain view. Shared memory may change at any moment, so it is
 * copied.
 *
 * @throws {TypeError} If the value is not a `Uint8Array`, or is detached.
 */
export function toPlainBytes(value: Uint8Array): Uint8Array<ArrayBuffer> {
  if (!isBytes(value)) {
    throw invalid("bytes", "they are not a Uint8Array");
  }
  const { buffer, byteOffset, length } = value;
  if (!(buffer instanceof ArrayBuffer)) return new Uint8Array(value);
  if (length === 0 && buffer.detached) {
    throw invalid("bytes", "their buffer is detached");
  }
  return Object.getPrototypeOf(value) === Uint8Array.prototype
    ? value as Uint8Array<ArrayBuffer>
    : new Uint8Array(buffer, byteOffset, length);
}

/** Returns whether a value is any kind of `Uint8Array`, of any realm. */
export function isBytes(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array ||
    (ArrayBuffer.isView(value) &&
      Object.prototype.toString.call(value) === "[object Uint8Array]");
}

/** Returns whether a value is an `ArrayBuffer`, of any realm. */
export function isArrayBuffer(value: unknown): value is ArrayBuffer {
  return value instanceof ArrayBuffer ||
    Object.prototype.toString.call(value) === "[object ArrayBuffer]";
}
