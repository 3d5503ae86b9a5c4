// Byte arrays as they come in and as they are handed out.

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
    throw new TypeError(
      `Invalid input: ${nameType(value)} is not a Uint8Array`,
    );
  }
  const { buffer } = value;
  if (!(buffer instanceof ArrayBuffer)) return copyOf(value);
  if (value.length === 0 && isDetached(buffer)) {
    throw new TypeError("Invalid input: its buffer is detached");
  }
  return Object.getPrototypeOf(value) === Uint8Array.prototype
    ? value as Uint8Array<ArrayBuffer>
    : new Uint8Array(buffer, value.byteOffset, value.length);
}

/** Returns whether a value is any kind of `Uint8Array`. */
export function isBytes(value: unknown): value is Uint8Array {
  // The tag is that of the internal slot, also for arrays of another realm.
  return value instanceof Uint8Array ||
    (ArrayBuffer.isView(value) && typeTag.call(value) === "Uint8Array");
}

const typeTag = Object.getOwnPropertyDescriptor(
  Object.getPrototypeOf(Uint8Array.prototype),
  Symbol.toStringTag,
)!.get!;

/** Copies bytes without calling a method that a subclass could override. */
function copyOf(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(bytes.length);
  copy.set(bytes);
  return copy;
}

function isDetached(buffer: ArrayBuffer & { detached?: boolean }): boolean {
  return buffer.detached === true;
}

function nameType(value: unknown): string {
  if (typeof value !== "object" || value === null) return typeof value;
  return value.constructor?.name ?? "object";
}
