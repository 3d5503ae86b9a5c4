// A body that is held in memory.
//
// Storage doubles as bytes arrive, so a peer's word alone takes no memory. A
// known length is where the doubling stops: the last step then ends exactly
// there, and the whole never needs more than half as much again.

import { HttpError } from "../error.ts";

const MIN_CAPACITY = 4096;
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
    let capacity = Math.max(needed, this.#bytes.length * 2, MIN_CAPACITY);
    // One more doubling would not fit, or would leave a step of little use.
    if (capacity * 2 > this.#expected) capacity = this.#expected;
    const grown = new Uint8Array(capacity);
    if (this.#length > 0) grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
  }

  #check(length: number): void {
    if (length <= this.#maxBytes) return;
    throw new HttpError(
      "BodyTooLarge",
      `Cannot hold the response body: it is longer than ${this.#maxBytes} bytes`,
    );
  }
}
