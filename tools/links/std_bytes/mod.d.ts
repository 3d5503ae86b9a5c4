// The signatures of `@std/bytes` that this repository uses.

export * from "./concat.d.ts";
export declare function endsWith(
  source: Uint8Array,
  suffix: Uint8Array,
): boolean;
export declare function equals(a: Uint8Array, b: Uint8Array): boolean;
export declare function indexOfNeedle(
  source: Uint8Array,
  needle: Uint8Array,
  start?: number,
): number;
export declare function startsWith(
  source: Uint8Array,
  prefix: Uint8Array,
): boolean;
