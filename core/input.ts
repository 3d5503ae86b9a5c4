// The bytes that a coroutine was given and has not used yet.
//
// A coroutine must not keep a reference to its caller's buffer, and it should
// not copy what it can use at once. So the input is borrowed while a step is
// taken, and only what the step left over is copied, once, into storage of its
// own. A body that is handed on as it arrives is thus never copied, and a line
// that arrives one byte a call costs one byte a call.

import { emptyBytes, toPlainBytes } from "./bytes.ts";

const EMPTY = new Uint8Array(0);

/** The unused input of one coroutine: `bytes` from `start` to `end`. */
export class Input {
  /** The bytes, borrowed or own. Valid between `start` and `end` alone. */
  bytes: Uint8Array<ArrayBuffer> = EMPTY;
  /** Where the unused input starts. Readers move it forwards. */
  start = 0;
  /** Where the unused input ends. */
  end = 0;
  /** True once the caller has signaled end of file. */
  eof = false;
  /** True if this call passed nothing, which confirms a requested write. */
  isBare = true;

  #own: Uint8Array<ArrayBuffer> = EMPTY;
  /** True where a step handed out a view of that storage. */
  #lent = false;

  /**
   * Adds what the caller passed to `resume`.
   *
   * @param wantsRead Whether the last step was `WantsRead`. An empty array then
   * means end of file, and nothing otherwise.
   * @throws {TypeError} If it is neither a `Uint8Array`, `null`, nor undefined.
   */
  push(bytes: Uint8Array | null | undefined, wantsRead = false): void {
    this.isBare = false;
    if (bytes === undefined) {
      this.isBare = true;
    } else if (bytes === null) {
      this.eof = true;
    } else {
      const plain = toPlainBytes(bytes);
      if (plain.length > 0) this.#add(plain);
      else if (wantsRead) this.eof = true;
      else this.isBare = true;
    }
  }

  /**
   * Lets go of the caller's buffer and of what was lent, keeping a copy of what
   * is left of it.
   */
  settle(): void {
    const { bytes, start, end } = this;
    const isOwn = bytes === this.#own && !this.#lent;
    if (start === end || !isOwn) {
      if (this.#lent) this.#own = EMPTY;
      this.#lent = false;
      this.bytes = EMPTY;
      this.start = this.end = 0;
      if (start < end) this.#append(bytes.subarray(start, end));
    }
  }

  /**
   * Takes that many bytes, as a view of them. Who gets it may transfer it, as
   * byte streams do with what they are given.
   */
  take(length: number): Uint8Array<ArrayBuffer> {
    const { start } = this;
    this.start += length;
    if (this.bytes === this.#own) this.#lent = true;
    return this.bytes.subarray(start, start + length);
  }

  /** Drops the unused input, and all storage. */
  clear(): void {
    this.start = this.end = 0;
    this.bytes = this.#own = EMPTY;
    this.#lent = false;
  }

  /** Takes everything that is left, as a copy. */
  takeRest(): Uint8Array<ArrayBuffer> {
    if (this.start === this.end) return emptyBytes();
    const rest = new Uint8Array(this.end - this.start);
    rest.set(this.bytes.subarray(this.start, this.end));
    this.start = this.end;
    return rest;
  }

  #add(bytes: Uint8Array<ArrayBuffer>): void {
    if (this.eof) return; // Nothing follows the end of file.
    if (this.start === this.end) {
      this.bytes = bytes;
      this.start = 0;
      this.end = bytes.length;
    } else {
      this.#append(bytes);
    }
  }

  #append(bytes: Uint8Array): void {
    const used = this.end - this.start;
    const needed = used + bytes.length;
    if (
      this.end + bytes.length > this.#own.length || this.bytes !== this.#own
    ) {
      this.#makeRoom(used, needed);
    }
    this.#own.set(bytes, this.end);
    this.end += bytes.length;
  }

  /** Moves the unused input to the front of storage that holds `needed`. */
  #makeRoom(used: number, needed: number): void {
    // Doubled, so that many small appends copy each byte a bounded number of
    // times; moved to the front only when at least half of it is free. What a
    // step left over for the first time gets just the room that it needs.
    const old = this.bytes;
    const capacity = used === 0 ? needed : needed * 2;
    if (capacity > this.#own.length) {
      this.#own = new Uint8Array(Math.max(64, capacity));
    }
    if (used > 0) this.#own.set(old.subarray(this.start, this.end));
    this.bytes = this.#own;
    this.start = 0;
    this.end = used;
  }
}
