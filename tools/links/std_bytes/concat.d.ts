// The signature of `@std/bytes/concat` that this repository uses.

export declare function concat(
  buffers: readonly Uint8Array[],
): Uint8Array<ArrayBuffer>;
