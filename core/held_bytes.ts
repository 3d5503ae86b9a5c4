// Bytes that are held for a caller who has not asked for them yet.
//
// An array with a buffer of its own takes 0.6 µs in Deno, a fifth of a small exchange.
// Many callers never ask for one, but for text. So small bytes share the buffer of a
// pool, and get their own once a caller asks. The pool never leaves this package, so
// nobody gets the bytes of another.

// Also the most that one small body keeps alive.
const POOL_BYTES = 4096;
const MAX_POOLED = 1024;

const decoder = /* @__PURE__ */ new TextDecoder();

let pool: Uint8Array<ArrayBuffer> | undefined;
let used = 0;

/** Bytes in a pool. */
class PooledBytes {
  readonly #pool: Uint8Array<ArrayBuffer>;
  readonly #start: number;
  readonly length: number;

  constructor(bytes: Uint8Array) {
    const { length } = bytes;
    if (pool === undefined || used + length > POOL_BYTES) {
      pool = new Uint8Array(POOL_BYTES);
      used = 0;
    }
    this.#pool = pool;
    this.#start = used;
    this.length = length;
    pool.set(bytes, used);
    used += length;
  }

  get view(): Uint8Array<ArrayBuffer> {
    return this.#pool.subarray(this.#start, this.#start + this.length);
  }
}

/** Held bytes: an array of their own, or a place in a pool. */
export type HeldBytes = Uint8Array<ArrayBuffer> | PooledBytes;

/** Copies bytes, to hold them. */
export function holdBytes(bytes: Uint8Array): HeldBytes {
  return bytes.length <= MAX_POOLED
    ? new PooledBytes(bytes)
    : new Uint8Array(bytes);
}

/** Decodes held bytes as UTF-8, without a leading BOM. Invalid bytes become U+FFFD. */
export function toText(held: HeldBytes): string {
  return decoder.decode(held instanceof PooledBytes ? held.view : held);
}

/** Returns held bytes as an array of their own, to hand out. */
export function toOwnBytes(held: HeldBytes): Uint8Array<ArrayBuffer> {
  return held instanceof PooledBytes ? new Uint8Array(held.view) : held;
}
