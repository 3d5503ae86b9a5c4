// Copies of bytes that others own.

/**
 * Copies bytes, which may be a `Buffer` of Node's. Its `slice` gives no copy but
 * a view, and its storage may be shared with any other `Buffer`.
 */
export function copyBytes(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes);
}
