// Bytes from a caller, in whatever array they come.

/**
 * Returns bytes as a plain `Uint8Array` over an `ArrayBuffer`, or `null` if the
 * value is neither a `Uint8Array` nor an `ArrayBuffer`.
 *
 * Only shared memory is copied: it could change while it is sent. The methods
 * of a subclass, such as Node's `Buffer`, differ, so its bytes are viewed.
 */
export function plainBytes(value: unknown): Uint8Array<ArrayBuffer> | null {
  // By their tags, because those of another realm are instances of others.
  if (tagOf(value) === "ArrayBuffer") {
    return new Uint8Array(value as ArrayBuffer);
  }
  if (!ArrayBuffer.isView(value) || tagOf(value) !== "Uint8Array") return null;
  const bytes = value as Uint8Array<ArrayBuffer>;
  if (tagOf(bytes.buffer) !== "ArrayBuffer") return new Uint8Array(bytes);
  return Object.getPrototypeOf(bytes) === Uint8Array.prototype
    ? bytes
    : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}

function tagOf(value: unknown): string {
  return Object.prototype.toString.call(value).slice("[object ".length, -1);
}
