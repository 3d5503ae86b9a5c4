// The lines of an event stream (WHATWG HTML §9.2.5), found in its bytes.
//
//   Start ──BOM, or anything else──> Line
//   Line ──":" first──> Comment
//   Line ──CR, LF, CRLF──> Line, and a line is found
//   Comment ──CR, LF, CRLF──> Line
//
// A CR ends its line at once, and an LF after it is skipped when it arrives.
// Otherwise, the last event before a pause would wait for the next one. At end
// of file, an unfinished line is left in the input.
//
// A line waits in the input until it is complete. A comment is dropped as it
// arrives, so it takes no memory however long it is, and because comments keep
// connections alive, they do not count toward the limit.

import { tooMuch } from "../core/fault.ts";
import type { Input } from "../core/input.ts";

const LF = 0x0a;
const CR = 0x0d;
const COLON = 0x3a;
const BOM = "\xef\xbb\xbf";

/** Finds one line after another, without comments. */
export class LineReader {
  /** The start of the last line found, in the bytes of the input. */
  start = 0;
  /** The end of that line, before its CR or LF. */
  end = 0;

  readonly #maxEventBytes: number;
  #state: "Start" | "Line" | "Comment" = "Start";
  /** How many more bytes the lines of this event may have. */
  #room: number;
  /** How much of the current line has been searched for its end. */
  #searched = 0;
  /** Whether the last byte used was a CR. */
  #afterCr = false;

  constructor(maxEventBytes: number) {
    this.#maxEventBytes = this.#room = maxEventBytes;
  }

  /** Finds the next line. Returns false if more input is needed. */
  next(input: Input): boolean {
    if (this.#state === "Start" && !this.#skipBom(input)) return false;
    while (this.#findFirstByte(input)) {
      const end = findLineEnd(
        input.bytes,
        input.start + this.#searched,
        input.end,
      );
      if (this.#state === "Comment") {
        this.#skipComment(input, end);
        continue;
      }
      this.#checkRoom(end - input.start);
      if (end === input.end) {
        this.#searched = end - input.start;
        return false;
      }
      this.start = input.start;
      this.end = end;
      this.#skipLine(input, end);
      return true;
    }
    return false;
  }

  /** Skips a leading BOM. Returns false if more input is needed to decide. */
  #skipBom(input: Input): boolean {
    const { bytes, start, end } = input;
    const stop = Math.min(end, start + BOM.length);
    const first = String.fromCharCode(...bytes.subarray(start, stop));
    if (first === BOM) input.start = stop;
    else if (BOM.startsWith(first)) return false;
    this.#state = "Line";
    return true;
  }

  /** Finds the start of a line. Returns false if no byte of it has arrived. */
  #findFirstByte(input: Input): boolean {
    this.#skipLf(input);
    if (input.start === input.end) return false;
    if (input.bytes[input.start] === COLON) this.#state = "Comment";
    return true;
  }

  #skipComment(input: Input, end: number): void {
    if (end === input.end) {
      input.start = end;
    } else {
      this.#state = "Line";
      this.#skipLineEnd(input, end);
    }
  }

  #skipLine(input: Input, end: number): void {
    const length = end - input.start;
    this.#room = length === 0 ? this.#maxEventBytes : this.#room - length;
    this.#searched = 0;
    this.#skipLineEnd(input, end);
  }

  #skipLineEnd(input: Input, end: number): void {
    this.#afterCr = input.bytes[end] === CR;
    input.start = end + 1;
    // Skipped now if it has arrived, so that it is not left over alone.
    this.#skipLf(input);
  }

  /** Skips the LF of a CRLF, if the byte after the CR has arrived. */
  #skipLf(input: Input): void {
    if (!this.#afterCr || input.start === input.end) return;
    this.#afterCr = false;
    if (input.bytes[input.start] === LF) input.start++;
  }

  #checkRoom(length: number): void {
    if (length <= this.#room) return;
    const limit = this.#maxEventBytes;
    throw tooMuch("EventTooLarge", "event", "maxEventBytes", limit, "bytes");
  }
}

/** Returns the index of the next CR or LF, or `end` if there is none. */
function findLineEnd(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end) {
    const byte = bytes[at]!;
    if (byte <= CR && (byte === LF || byte === CR)) break;
    at++;
  }
  return at;
}
