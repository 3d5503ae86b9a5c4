// Empty arrays to hand out. Making a buffer takes a runtime some 200 ns, as long
// as it takes us to read two fields, so empty arrays share one. Their owner may
// transfer it, though, which must not spoil it for those that are made later.

let buffer = new ArrayBuffer(0);

/** Makes an empty array. */
export function emptyBytes(): Uint8Array<ArrayBuffer> {
  // A runtime that cannot tell whether it was transferred gets a new one.
  if (isDetached(buffer) !== false) buffer = new ArrayBuffer(0);
  return new Uint8Array(buffer);
}

/** Tells whether a buffer was transferred, where the runtime can tell. */
function isDetached(
  buffer: { readonly detached?: boolean },
): boolean | undefined {
  return buffer.detached;
}
