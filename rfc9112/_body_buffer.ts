// A body that is held in memory.
//
// Storage grows as bytes arrive, so that a stated length alone takes no memory.
// Growth is fourfold: twofold, each byte of a large body would be copied twice.
// A known length is where growth stops, in storage of exactly that size.

import { HttpError } from "../error.ts";
import type { HttpResponse } from "../rfc9110/response.ts";

const MIN_CAPACITY = 4096;
const GROWTH = 4;
// Never handed out, so it may be shared.
const NOTHING: Uint8Array<ArrayBuffer> = /* @__PURE__ */ new Uint8Array(0);

/** Collects the pieces of a body. */
export class BodyBuffer {
  readonly #maxBytes: number;
  readonly #response: HttpResponse | null;
  /** The length if it is known, or Infinity. */
  readonly #expected: number;
  #bytes = NOTHING;
  #length = 0;

  /**
   * Creates an empty buffer.
   *
   * @param expected The length of the body, or `null` if it is not known.
   * @param response The response, for the error.
   * @throws {HttpError} If the expected length is above the limit.
   */
  constructor(
    maxBytes: number,
    expected: number | null,
    response: HttpResponse | null = null,
  ) {
    this.#maxBytes = maxBytes;
    this.#response = response;
    this.#expected = expected ?? Infinity;
    if (expected !== null) this.#check(expected);
  }

  /**
   * Appends a copy of a piece.
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

  /** Takes the body, in storage of exactly its length. */
  take(): Uint8Array<ArrayBuffer> {
    const bytes = this.#bytes;
    const length = this.#length;
    this.#bytes = NOTHING;
    this.#length = 0;
    if (length === 0) return new Uint8Array(0);
    return length === bytes.length ? bytes : bytes.slice(0, length);
  }

  #grow(needed: number): void {
    let capacity = Math.max(needed, this.#bytes.length * GROWTH, MIN_CAPACITY);
    // Another step would not fit, or would gain little.
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
      `Cannot hold the response body: it has more than ${this.#maxBytes} ` +
        `bytes (maxBodyBytes)`,
      { response: this.#response },
    );
  }
}
