// A body that is held in memory.
//
// Storage grows as bytes arrive, so a peer's word alone takes no memory: it is
// never more than sixteen times what has arrived, most of it pages that were not
// touched yet. A known length is where the growing stops: the last step then
// ends exactly there, and what was there before is a quarter of it at most.

import { HttpError } from "../error.ts";

const MIN_CAPACITY = 4096;
// By two instead of four, each byte of a large body would be copied twice.
const GROWTH = 4;
// Never handed out, so it may be shared.
const NOTHING = new Uint8Array(0);

/** Collects the pieces of a body. */
export class BodyBuffer {
  readonly #maxBytes: number;
  /** The length where it is known, else Infinity. */
  readonly #expected: number;
  #bytes = NOTHING;
  #length = 0;

  /**
   * Starts empty.
   *
   * @throws {HttpError} If the expected length is above the limit.
   */
  constructor(maxBytes: number, expected: number | null) {
    this.#maxBytes = maxBytes;
    this.#expected = expected ?? Infinity;
    if (expected !== null) this.#check(expected);
  }

  /**
   * Adds a copy of a piece.
   *
   * @throws {HttpError} If the body is then above the limit.
   */
  push(piece: Uint8Array): void {
    const length = this.#length + piece.length;
    this.#check(length);
    if (length > this.#bytes.length) this.#grow(length);
    this.#bytes.set(piece, this.#length);
    this.#length = length;
  }

  /** Gives up the body, in storage of exactly its length. */
  finish(): Uint8Array<ArrayBuffer> {
    if (this.#length === 0) return new Uint8Array(0);
    return this.#length === this.#bytes.length
      ? this.#bytes
      : this.#bytes.slice(0, this.#length);
  }

  #grow(needed: number): void {
    let capacity = Math.max(needed, this.#bytes.length * GROWTH, MIN_CAPACITY);
    // One more step would not fit, or would be of little use.
    if (capacity * GROWTH > this.#expected) capacity = this.#expected;
    capacity = Math.min(capacity, Math.max(needed, this.#maxBytes));
    const grown = new Uint8Array(capacity);
    if (this.#length > 0) grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
  }

  #check(length: number): void {
    if (length <= this.#maxBytes) return;
    throw new HttpError(
      "BodyTooLarge",
      `Cannot hold the response body: it has more than ${this.#maxBytes} bytes ` +
        `(maxBodyBytes)`,
    );
  }
}
