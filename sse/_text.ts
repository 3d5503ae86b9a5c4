// Text out of UTF-8, for values that are decoded one by one. Line ends are
// ASCII, which is part of no other character, so a value by itself decodes as
// it does within the stream.
//
// A call of a decoder costs more than a short value does, and most events are
// short. So a window of the bytes ahead is decoded at once, and where it turns
// out that each byte gave one char, values are slices of it.

import type { Input } from "../core/input.ts";

// 4 KiB hold tens of events. What is kept of a window keeps all of it in
// memory, so it is not larger.
const WINDOW_BYTES = 4096;

// The BOM of the stream is passed over before its lines are found. Any other
// U+FEFF is a character of the value.
const DECODER = new TextDecoder("utf-8", { ignoreBOM: true });

/** Decodes the values of one stream, in their order. */
export class ValueDecoder {
  /** The text of the window, or `null` where its values are decoded alone. */
  #text: string | null = null;
  /** Where the window starts and ends, as positions in the stream. */
  #start = 0;
  #end = 0;

  /**
   * Decodes the input's bytes from `start` to `end`, each invalid sequence as
   * U+FFFD. `offset` is what turns their indexes into positions in the stream.
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
    // A sequence of several bytes, invalid ones too, gives fewer chars than it
    // has bytes. One that the window cuts off is of a value that goes beyond
    // the window, so it is not sliced out of it.
    this.#text = text.length === end - start ? text : null;
    this.#start = offset + start;
    this.#end = offset + end;
  }
}
