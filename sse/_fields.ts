// The fields of an event stream (WHATWG HTML §9.2.6), read from the bytes of a
// line. Names and digits are ASCII, so only values need decoding.
//
// Line ends are ASCII, which is part of no other character, so a value decodes
// alone as it does within the stream. A call of a decoder costs more than
// decoding a short value, and most events are short. So a window of the bytes
// ahead is decoded at once, and if each byte became one character, values are
// slices of it.

import type { Input } from "../core/input.ts";

const SP = 0x20;
const COLON = 0x3a;
const DIGIT_ZERO = 0x30;

/**
 * Returns the start of the value of a line, or -1 if the line has another field
 * name. A line without a colon has an empty value.
 */
export function findValue(
  bytes: Uint8Array,
  start: number,
  end: number,
  name: string,
): number {
  let at = start + name.length;
  if (at > end) return -1;
  for (let i = 0; i < name.length; i++) {
    if (bytes[start + i] !== name.charCodeAt(i)) return -1;
  }
  if (at === end) return end;
  if (bytes[at] !== COLON) return -1;
  at++;
  return at < end && bytes[at] === SP ? at + 1 : at;
}

/**
 * Reads a number, or returns `null` if it is not all ASCII digits. A number
 * above 2^53-1 becomes that.
 */
export function readDigits(
  bytes: Uint8Array,
  start: number,
  end: number,
): number | null {
  if (start === end) return null;
  let value = 0;
  for (let at = start; at < end; at++) {
    const digit = bytes[at]! - DIGIT_ZERO;
    if (digit < 0 || digit > 9) return null;
    value = Math.min(value * 10 + digit, Number.MAX_SAFE_INTEGER);
  }
  return value;
}

// Tens of events fit into 4 KiB. A larger window would cost memory: a value that
// is kept keeps the whole text alive.
const WINDOW_BYTES = 4096;

// The BOM of the stream is skipped before its lines are found. Any other U+FEFF
// is a character of the value.
const DECODER = /* @__PURE__ */ new TextDecoder("utf-8", { ignoreBOM: true });

/** Decodes the values of one stream, in their order. */
export class ValueDecoder {
  /** The text of the window, or `null` if its values are decoded one by one. */
  #text: string | null = null;
  /** The start and end of the window, as positions in the stream. */
  #start = 0;
  #end = 0;

  /**
   * Decodes the bytes of the input from `start` to `end`, each invalid sequence
   * as U+FFFD. Adding `offset` to an index gives its position in the stream.
   */
  decode(input: Input, start: number, end: number, offset: number): string {
    if (start === end) return "";
    if (offset + end > this.#end) this.#open(input, start, offset);
    if (this.#text === null || offset + end > this.#end) {
      return DECODER.decode(input.bytes.subarray(start, end));
    }
    const from = offset - this.#start;
    return this.#text.slice(from + start, from + end);
  }

  #open(input: Input, start: number, offset: number): void {
    const end = Math.min(input.end, start + WINDOW_BYTES);
    const text = DECODER.decode(input.bytes.subarray(start, end));
    // A sequence of several bytes, valid or not, gives fewer characters than it
    // has bytes. One that is cut off by the window belongs to a value that ends
    // after the window, so no slice contains it.
    this.#text = text.length === end - start ? text : null;
    this.#start = offset + start;
    this.#end = offset + end;
  }
}
