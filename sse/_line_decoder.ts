// The text of the lines of an event stream.
//
// Line ends are ASCII, which is part of no other character, so a line decodes
// alone as it does within the stream. A call of a decoder costs more than
// decoding a short line, and most lines are short. So a window of the bytes
// ahead is decoded at once, and if each byte became one character, lines are
// slices of it.

import type { Input } from "../core/input.ts";

// Tens of events fit into 4 KiB. A larger window would cost memory: a value that
// is kept keeps the whole text alive.
const WINDOW_BYTES = 4096;

// The BOM of the stream is skipped before its lines are found. Any other U+FEFF
// is a character of a line.
const DECODER = /* @__PURE__ */ new TextDecoder("utf-8", { ignoreBOM: true });

/** Decodes the lines of one stream, in their order. */
export class LineDecoder {
  /** The text of the window, or `null` if its lines are decoded one by one. */
  #text: string | null = null;
  /** The start and end of the window, as positions in the stream. */
  #start = 0;
  #end = 0;

  /**
   * Decodes the bytes of the input from `start` to `end`, each invalid sequence
   * as U+FFFD. Adding `offset` to an index gives its position in the stream.
   */
  decode(input: Input, start: number, end: number, offset: number): string {
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
    // has bytes. One that is cut off by the window belongs to a line that ends
    // after the window, so no slice contains it.
    this.#text = text.length === end - start ? text : null;
    this.#start = offset + start;
    this.#end = offset + end;
  }
}
