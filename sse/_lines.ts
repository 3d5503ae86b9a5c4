// The lines of an event stream (WHATWG HTML §9.2.5), found in its bytes.
//
//   Start ──BOM, or something else──> Line
//   Line ──":" first──> Comment
//   Line ──CR, LF, CRLF──> Line, and a line is found
//   Comment ──CR, LF, CRLF──> Line
//
// A CR ends its line at once, and an LF that follows is passed over when it
// comes, or else the last event before a pause would wait for the next one.
// End of file means nothing here: in every state, what was not ended by then
// is no line.
//
// A line waits in the input until its end is there. A comment does not: it is
// dropped as it comes, so that it takes no memory however long it is, and as
// it keeps connections alive it is not counted either.

import { HttpError } from "../error.ts";
import type { Input } from "../core/input.ts";

const LF = 0x0a;
const CR = 0x0d;
const COLON = 0x3a;
const BOM = [0xef, 0xbb, 0xbf];

/** Finds line after line, comments left out. */
export class LineReader {
  /** Where the line that was found starts in the input's bytes. */
  start = 0;
  /** Where it ends, its line end left out. */
  end = 0;

  readonly #maxEventBytes: number;
  #state: "Start" | "Line" | "Comment" = "Start";
  /** How many bytes the lines of this event may still have. */
  #room: number;
  /** How many bytes at the front of the input hold no line end. */
  #searched = 0;
  /** Whether a CR was the last byte that was used. */
  #afterCr = false;

  constructor(maxEventBytes: number) {
    this.#maxEventBytes = this.#room = maxEventBytes;
  }

  /** Uses up one line, and tells whether there was one. */
  next(input: Input): boolean {
    if (this.#state === "Start" && !this.#passBom(input)) return false;
    while (this.#findFirstByte(input)) {
      const end = findLineEnd(
        input.bytes,
        input.start + this.#searched,
        input.end,
      );
      if (this.#state === "Comment") {
        this.#passComment(input, end);
        continue;
      }
      this.#checkRoom(end - input.start);
      if (end === input.end) {
        this.#searched = end - input.start;
        return false;
      }
      this.start = input.start;
      this.end = end;
      this.#passLine(input, end);
      return true;
    }
    return false;
  }

  /** Passes over the BOM, and tells whether it is known if there was one. */
  #passBom(input: Input): boolean {
    const { bytes, start, end } = input;
    for (let i = 0; i < BOM.length; i++) {
      if (start + i === end) return false;
      if (bytes[start + i] !== BOM[i]) {
        this.#state = "Line";
        return true;
      }
    }
    input.start += BOM.length;
    this.#state = "Line";
    return true;
  }

  /** Passes over the LF of a cut CRLF, and tells whether a byte is left. */
  #findFirstByte(input: Input): boolean {
    if (input.start === input.end) return false;
    if (this.#afterCr) {
      this.#afterCr = false;
      if (input.bytes[input.start] === LF) input.start++;
      if (input.start === input.end) return false;
    }
    if (input.bytes[input.start] === COLON) this.#state = "Comment";
    return true;
  }

  #passComment(input: Input, end: number): void {
    if (end === input.end) {
      input.start = end;
    } else {
      this.#state = "Line";
      this.#passEnd(input, end);
    }
  }

  #passLine(input: Input, end: number): void {
    const length = end - input.start;
    this.#room = length === 0 ? this.#maxEventBytes : this.#room - length;
    this.#searched = 0;
    this.#passEnd(input, end);
  }

  #passEnd(input: Input, end: number): void {
    this.#afterCr = input.bytes[end] === CR;
    input.start = end + 1;
    // Taken at once where it is there, so that it is not left over alone.
    if (this.#afterCr && input.start < input.end) {
      this.#afterCr = false;
      if (input.bytes[input.start] === LF) input.start++;
    }
  }

  #checkRoom(length: number): void {
    if (length <= this.#room) return;
    throw new HttpError(
      "EventTooLarge",
      `Cannot read the event: it is longer than ${this.#maxEventBytes} bytes`,
    );
  }
}

/** Returns where the next CR or LF is, or `end` where there is none. */
function findLineEnd(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end) {
    const byte = bytes[at]!;
    if (byte <= CR && (byte === LF || byte === CR)) break;
    at++;
  }
  return at;
}
