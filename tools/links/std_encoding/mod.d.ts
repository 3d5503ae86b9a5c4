// The signatures of `@std/encoding` that this repository uses.

export declare function encodeHex(
  src: string | Uint8Array | ArrayBuffer,
): string;
export declare function decodeHex(src: string): Uint8Array<ArrayBuffer>;
