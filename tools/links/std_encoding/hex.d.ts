// The signatures of `@std/encoding/hex` that this repository uses.

export declare function encodeHex(
  src: string | Uint8Array | ArrayBuffer,
): string;
