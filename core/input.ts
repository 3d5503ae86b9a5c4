// The bytes that a coroutine was given and has not used yet.
//
// A coroutine must not keep a reference to the caller's buffer, and should not
// copy bytes that it can use at once. So the input is borrowed during a step,
// and only the part that the step left is copied, once, into storage of its own.
// A body that is returned as it arrives is thus never copied, and a line that
// arrives one byte per call costs one byte per call.

import { emptyBytes, toPlainBytes } from "./bytes.ts";

// Never handed out, so it may be shared.
const EMPTY: Uint8Array<ArrayBuffer> = /* @__PURE__ */ new Uint8Array(0);

/** The unused input of one coroutine: `bytes` from `start` to `end`. */
export class Input {
  /** The bytes, borrowed or own. Only those from `start` to `end` are valid. */
  bytes: Uint8Array<ArrayBuffer> = EMPTY;
  /** Where the unused input starts. Readers move it forward. */
  start = 0;
  /** Where the unused input ends. */
  end = 0;
  /** Whether the caller has signaled end of file. */
  eof = false;
  /** Whether this call passed nothing, which confirms a requested write. */
  isBare = true;

  #own: Uint8Array<ArrayBuffer> = EMPTY;
  /** Whether a step returned a view of that storage. */
  #isLent = false;

  /**
   * Adds the argument of `resume`.
   *
   * @param wantsRead Whether the last step was `WantsRead`. If so, an empty
   * array means end of file, otherwise it means nothing.
   * @throws {TypeError} If it is neither a `Uint8Array`, `null`, nor undefined.
   */
  push(bytes: Uint8Array | null | undefined, wantsRead = false): void {
    const added = bytes === null || bytes === undefined
      ? EMPTY
      : toPlainBytes(bytes);
    const isEmpty = added.length === 0;
    const isEnd = isEmpty && (wantsRead ? bytes !== undefined : bytes === null);
    this.isBare = isEmpty && !isEnd;
    if (isEnd) this.eof = true;
    // Nothing follows the end of file.
    if (isEmpty || this.eof) return;
    if (this.start < this.end) {
      this.#append(added);
    } else {
      this.bytes = added;
      this.start = 0;
      this.end = added.length;
    }
  }

  /**
   * Lets go of the caller's buffer and of any storage that was lent, keeping a
   * copy of the unused input.
   */
  settle(): void {
    const { bytes, start, end } = this;
    if (start < end && bytes === this.#own && !this.#isLent) return;
    if (this.#isLent) this.#own = EMPTY;
    this.#isLent = false;
    this.bytes = EMPTY;
    this.start = this.end = 0;
    if (start < end) this.#append(bytes.subarray(start, end));
  }

  /**
   * Takes this many bytes, as a view. Its receiver may transfer it, as byte
   * streams do.
   */
  take(length: number): Uint8Array<ArrayBuffer> {
    const { bytes, start } = this;
    this.start += length;
    if (bytes === this.#own) this.#isLent = true;
    return bytes.subarray(start, start + length);
  }

  /** Takes everything that is left, as a copy. */
  takeRest(): Uint8Array<ArrayBuffer> {
    const { bytes, start, end } = this;
    this.start = end;
    return start === end
      ? emptyBytes()
      : new Uint8Array(bytes.subarray(start, end));
  }

  /** Drops the unused input and the storage. */
  clear(): void {
    this.start = this.end = 0;
    this.bytes = this.#own = EMPTY;
    this.#isLent = false;
  }

  #append(bytes: Uint8Array): void {
    const { length } = bytes;
    if (this.bytes !== this.#own || this.end + length > this.#own.length) {
      this.#makeRoom(length);
    }
    this.#own.set(bytes, this.end);
    this.end += length;
  }

  /** Moves the unused input to the front of storage with room for more. */
  #makeRoom(length: number): void {
    const unused = this.bytes.subarray(this.start, this.end);
    const used = unused.length;
    // Doubled, so that many small appends copy each byte a bounded number of
    // times, and moved to the front only if at least half of it is free. The
    // first bytes get just the room that they need.
    const capacity = used === 0 ? length : (used + length) * 2;
    if (capacity > this.#own.length) {
      this.#own = new Uint8Array(Math.max(64, capacity));
    }
    this.#own.set(unused);
    this.bytes = this.#own;
    this.start = 0;
    this.end = used;
  }
}
