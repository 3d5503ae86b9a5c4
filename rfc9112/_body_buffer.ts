// A body that is held in memory.
//
// Storage grows as bytes arrive, so that a stated length alone takes no memory.
// Growth is fourfold: twofold, each byte of a large body would be copied twice.
// At a known length, growth stops, in storage of exactly that size. A body that comes
// in one piece needs no growth.

import { tooMuch } from "../core/fault.ts";
import { type HeldBytes, holdBytes } from "../core/held_bytes.ts";
import type { HttpResponse } from "../rfc9110/response.ts";
import { withResponse } from "./_fault.ts";
import type { HttpFraming } from "./framing.ts";

const MIN_CAPACITY = 4096;
const GROWTH = 4;
// Never handed out, so it may be shared.
const NOTHING: Uint8Array<ArrayBuffer> = /* @__PURE__ */ new Uint8Array(0);

/**
 * Creates a buffer for the body of a response.
 *
 * @throws {HttpError} If its length is above the limit.
 */
export function bufferFor(
  response: HttpResponse,
  framing: HttpFraming,
  maxBytes: number,
): BodyBuffer {
  const expected = framing.kind === "length" ? framing.length : null;
  return new BodyBuffer(maxBytes, expected, response);
}

/** Collects the pieces of a body. */
export class BodyBuffer {
  readonly #maxBytes: number;
  /** The length, or `null` if it is not known. */
  readonly #expected: number | null;
  readonly #response: HttpResponse | null;
  #bytes = NOTHING;
  #length = 0;
  /** The whole body, if it came in one piece. */
  #whole: HeldBytes | null = null;

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
    this.#expected = expected;
    this.#response = response;
    this.#check(expected ?? 0);
  }

  /**
   * Appends a copy of a piece.
   *
   * @throws {HttpError} If the body is then above the limit.
   */
  push(piece: Uint8Array): void {
    const start = this.#length;
    const end = start + piece.length;
    this.#check(end);
    if (piece.length === this.#expected) {
      this.#whole = holdBytes(piece);
      return;
    }
    if (end > this.#bytes.length) this.#grow(end);
    this.#bytes.set(piece, start);
    this.#length = end;
  }

  /** Takes the body. */
  take(): HeldBytes {
    const bytes = this.#bytes;
    const length = this.#length;
    this.#bytes = NOTHING;
    this.#length = 0;
    if (this.#whole !== null) return this.#whole;
    return length > 0 && length === bytes.length
      ? bytes
      : holdBytes(bytes.subarray(0, length));
  }

  #grow(needed: number): void {
    const bytes = new Uint8Array(this.#capacity(needed));
    if (this.#length > 0) bytes.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = bytes;
  }

  #capacity(needed: number): number {
    const expected = this.#expected;
    const grown = Math.max(needed, this.#bytes.length * GROWTH, MIN_CAPACITY);
    // Another step would not fit, or would gain little.
    return expected !== null && grown * GROWTH > expected
      ? expected
      : Math.min(grown, Math.max(needed, this.#maxBytes));
  }

  #check(length: number): void {
    if (length <= this.#maxBytes) return;
    const limit = this.#maxBytes;
    throw withResponse(
      tooMuch("BodyTooLarge", "response body", "maxBodyBytes", limit, "bytes"),
      this.#response,
    );
  }
}
