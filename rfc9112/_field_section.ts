// Field sections (RFC 9112 §5): the header section of a head, and the trailer
// section of a chunked body. One reader reads both.
//
// A section is read line by line, in place: the input is consumed only when the
// section is complete. Of each line, the offsets of its parts are kept.
// In the end, names and values are sliced out of it.
//
//   line ──> name ──> ':' ──> value ──> CRLF or LF ──> line ...
//     ├─ CRLF or LF ──> complete
//     └─ SP, HTAB ──> continues the value before it (obs-fold)
//
// A line is judged once its LF has arrived within the limit, and not before, so
// that the outcome does not depend on how the input is split. End of file is
// judged by the caller.

import { cannotRead, tooMuch } from "../core/fault.ts";
import type { Input } from "../core/input.ts";
import { quoteBytes } from "../core/quote.ts";
import type { HttpError } from "../error.ts";
import { ByteStringWindow, decodeByteString } from "../rfc9110/byte_string.ts";
import {
  BYTE_CLASS,
  CONTROL,
  CR,
  HTAB,
  isBlank,
  LF,
  SP,
  TEXT,
  TOKEN,
} from "../rfc9110/_syntax.ts";
import { headersFromWire, type HttpHeaders } from "../rfc9110/headers.ts";
import { endOfLine, isStatusLine } from "./_status_line.ts";
import type { HttpLimits, ReceiveSettings } from "./limits.ts";

const COLON = 0x3a;

// Longer values are skipped by words of 4 bytes, which takes half the time. A
// short head does not make up for the array of words that this needs.
const MIN_VALUE = 16;
const MIN_HEAD = 256;

/** Replaces the start of the name in the spans of a folded line. */
const FOLD = -1;

/** Reads one section. All offsets are relative to `input.start`. */
export class FieldSectionReader {
  /** Whether this is the header section of a head, or a trailer section. */
  readonly #isHead: boolean;
  readonly #settings: ReceiveSettings;
  /** The classes of bytes that a value may have. */
  readonly #valueClasses: number;
  /** Where the current line starts. */
  #line = 0;
  /** How much of the current line has been searched for LF. */
  #searched = 0;
  /** Four offsets per line: start and end of the name and of the value. */
  readonly #spans: number[] = [];
  #fields = 0;
  /** Where lines start and end that contain bytes above 0x7f. */
  readonly #nonAscii: number[] = [];

  constructor(isHead: boolean, settings: ReceiveSettings) {
    this.#isHead = isHead;
    this.#settings = settings;
    this.#valueClasses = settings.lenient.includes("ControlCharacters")
      ? TEXT | CONTROL
      : TEXT;
  }

  /** Returns the end of the input, or of what the limit leaves to this line. */
  windowEnd(input: Input): number {
    return Math.min(input.end, input.start + this.#maxLineEnd(input));
  }

  /**
   * Finds the LF of the current line.
   *
   * @returns Its index in `input.bytes`, or -1 if more input is needed.
   * @throws {HttpError} If the limit leaves no room for it.
   */
  findLineFeed(input: Input): number {
    const { bytes, start } = input;
    const end = this.windowEnd(input);
    let at = start + this.#searched;
    while (at < end && bytes[at] !== LF) at++;
    return at < end ? at : this.#askForMore(input, end);
  }

  /** Skips the line up to that LF. `bits` is the bitwise OR of its bytes. */
  skipLine(input: Input, lineFeed: number, bits: number): void {
    const end = lineFeed + 1 - input.start;
    if (bits > 0x7f) this.#nonAscii.push(this.#line, end);
    this.#line = this.#searched = end;
  }

  /**
   * Reads field lines up to the empty one.
   *
   * @returns Whether the section is complete.
   * @throws {HttpError} If a line is invalid, or the section is too large.
   */
  read(input: Input): boolean {
    const { bytes, start } = input;
    // An incomplete line is not parsed again before it is complete.
    if (this.#searched > this.#line && this.findLineFeed(input) < 0) {
      return false;
    }
    let end = this.windowEnd(input);
    const words = end - start > MIN_HEAD ? wordsOf(bytes.buffer) : null;
    while (true) {
      const line = start + this.#line;
      if (!this.#isHead) end = this.windowEnd(input);
      const first = line < end ? bytes[line]! : -1;
      const isLast = first === CR || first === LF;
      const lineFeed = isLast
        ? this.#endLine(bytes, line, line, end)
        : this.#readLine(bytes, line, end, start, words);
      if (lineFeed < 0) {
        this.#askForMore(input, end);
        return false;
      }
      this.#line = this.#searched = lineFeed + 1 - start;
      if (isLast) return true;
    }
  }

  /** Takes the complete section from the input, to slice strings out of it. */
  take(input: Input): ByteStringWindow {
    const { bytes, start } = input;
    input.start = start + this.#line;
    return new ByteStringWindow(bytes, start, input.start, this.#nonAscii);
  }

  /** Creates the fields of the section. */
  makeHeaders(window: ByteStringWindow): HttpHeaders {
    const spans = this.#spans;
    const lines: string[] = [];
    for (let i = 0; i < spans.length; i += 4) {
      const isFold = spans[i] === FOLD;
      const end = spans[i + 3]!;
      if (end > window.end) window.moveTo(spans[isFold ? i + 2 : i]!, end);
      const { text, start } = window;
      const value = text.slice(spans[i + 2]! - start, end - start);
      if (!isFold) {
        const name = text.slice(spans[i]! - start, spans[i + 1]! - start);
        lines.push(name, value);
      } else if (value !== "") {
        const before = lines.pop()!;
        lines.push(before === "" ? value : `${before} ${value}`);
      }
    }
    return headersFromWire(lines);
  }

  /** Records that there is no LF before `end`, which fails at the limit. */
  #askForMore(input: Input, end: number): -1 {
    this.#searched = end - input.start;
    if (this.#searched < this.#maxLineEnd(input)) return -1;
    throw this.#tooLarge(
      this.#isHead ? "maxHeadBytes" : "maxTrailerBytes",
      "bytes",
    );
  }

  #tooLarge(option: keyof HttpLimits, unit: string): HttpError {
    const code = this.#isHead ? "HeadTooLarge" : "TrailersTooLarge";
    return tooMuch(code, this.#name, option, this.#settings[option], unit);
  }

  get #name(): string {
    return this.#isHead ? "response head" : "trailer section";
  }

  /**
   * Returns the limit on the end of the current line. The empty
   * line that ends a trailer section does not count, so it may lie behind the
   * limit, and so may anything that can still become it.
   */
  #maxLineEnd({ bytes, start, end }: Input): number {
    const { maxHeadBytes, maxTrailerBytes } = this.#settings;
    if (this.#isHead) return maxHeadBytes;
    const line = start + this.#line;
    const isField = line < end && bytes[line] !== CR && bytes[line] !== LF;
    return isField ? maxTrailerBytes : maxTrailerBytes + "\r\n".length;
  }

  /**
   * Reads one line that is not empty.
   *
   * @returns The index of its LF, or -1 if that has not arrived.
   */
  #readLine(
    bytes: Uint8Array,
    line: number,
    end: number,
    start: number,
    words: Int32Array | null,
  ): number {
    let nameEnd = line;
    while (nameEnd < end && (BYTE_CLASS[bytes[nameEnd]!]! & TOKEN) !== 0) {
      nameEnd++;
    }
    if (nameEnd === end) return -1;
    const colon = bytes[nameEnd] === COLON
      ? nameEnd
      : this.#findLateColon(bytes, line, nameEnd, end);
    const isField = nameEnd > line && colon >= 0;
    if (!isField && !(isBlank(bytes[line]) && this.#spans.length > 0)) {
      return this.#reject(bytes, line, nameEnd, end);
    }
    // The loops compare bytes themselves: a call for each is not inlined.
    let at = isField ? colon : line;
    do at++; while (at < end && (bytes[at] === SP || bytes[at] === HTAB));
    const valueStart = at;
    const valueClasses = this.#valueClasses;
    let bits = 0;
    const stop = words === null ? end : Math.min(end, at + MIN_VALUE);
    while (at < stop) {
      const byte = bytes[at]!;
      if ((BYTE_CLASS[byte]! & valueClasses) === 0) break;
      bits |= byte;
      at++;
    }
    // With a call in it, one loop for both would take twice as long.
    if (words !== null && at === stop) at = skipWords(words, bytes, at, end);
    while (at < end) {
      const byte = bytes[at]!;
      if ((BYTE_CLASS[byte]! & valueClasses) === 0) break;
      bits |= byte;
      at++;
    }
    const lineFeed = this.#endLine(bytes, line, at, end);
    if (lineFeed < 0) return -1;
    while (
      at > valueStart && (bytes[at - 1] === SP || bytes[at - 1] === HTAB)
    ) at--;
    if (bits > 0x7f) this.#nonAscii.push(line - start, lineFeed + 1 - start);
    if (isField) this.#countField();
    this.#spans.push(
      isField ? line - start : FOLD,
      nameEnd - start,
      valueStart - start,
      at - start,
    );
    return lineFeed;
  }

  #countField(): void {
    if (++this.#fields <= this.#settings.maxHeaderFields) return;
    throw this.#tooLarge("maxHeaderFields", "field lines");
  }

  /** Finds the colon after whitespace, if that is allowed. */
  #findLateColon(
    bytes: Uint8Array,
    line: number,
    nameEnd: number,
    end: number,
  ): number {
    if (!this.#settings.lenient.includes("SpaceBeforeColon")) return -1;
    let at = nameEnd;
    while (at < end && isBlank(bytes[at])) at++;
    if (at === end || bytes[at] !== COLON) return -1;
    // Readers that disagree on these would disagree on where the message ends.
    const name = decodeByteString(bytes.subarray(line, nameEnd), true);
    return /^(?:content-length|transfer-encoding)$/i.test(name) ? -1 : at;
  }

  /** Finds the LF of a line whose text ends at `at`: there, or after a CR. */
  #endLine(
    bytes: Uint8Array,
    line: number,
    at: number,
    end: number,
  ): number {
    const lineFeed = at < end && bytes[at] === CR ? at + 1 : at;
    if (lineFeed >= end) return -1;
    return bytes[lineFeed] === LF
      ? lineFeed
      : this.#reject(bytes, line, at, end);
  }

  /**
   * Rejects a line because of the byte at `bad`, once its LF has arrived, unless
   * it is a repeated status line that may be skipped.
   */
  #reject(
    bytes: Uint8Array,
    line: number,
    bad: number,
    end: number,
  ): number {
    const lineFeed = bytes.subarray(0, end).indexOf(LF, bad);
    if (lineFeed < 0) return -1;
    if (
      this.#isHead && this.#settings.lenient.includes("RepeatedStatusLine") &&
      isStatusLine(bytes, line, lineFeed)
    ) {
      // Its reason phrase may be in any encoding.
      this.#nonAscii.push(this.#line, this.#line + lineFeed + 1 - line);
      return lineFeed;
    }
    const colon = bytes.subarray(0, lineFeed).indexOf(COLON, line);
    const quoted = quoteBytes(
      bytes,
      line,
      colon < 0 ? endOfLine(bytes, lineFeed) : colon,
    );
    // Of a value, only the bad byte is shown: the rest may be a credential.
    const fault = colon < 0
      ? `the field line ${quoted} has no colon`
      : bad <= colon
      ? `the field name ${quoted} is not a token`
      : `the field ${quoted} contains ${quoteBytes(bytes, bad, bad + 1)}`;
    const code = this.#isHead ? "InvalidHeader" : "InvalidTrailer";
    throw cannotRead(code, this.#name, fault);
  }
}

/** Returns a buffer as words, or `null` if offsets in it exceed 31 bits. */
function wordsOf(buffer: ArrayBufferLike): Int32Array | null {
  const { byteLength } = buffer;
  return byteLength < 2 ** 31
    ? new Int32Array(buffer, 0, byteLength >> 2)
    : null;
}

/** Skips words of printable ASCII, up to the one of another byte or of `end`. */
function skipWords(
  words: Int32Array,
  { byteOffset }: Uint8Array,
  start: number,
  end: number,
): number {
  const last = (byteOffset + end) >> 2;
  let at = (byteOffset + start) >> 2;
  while (at < last) {
    const word = words[at]!;
    // This sets the high bit of a byte below 0x20, of 0x7f, and of one above. A
    // borrow or a carry reaches another byte only if there is one of them.
    const bits = (word - 0x20202020 | 0) | (word + 0x01010101 | 0) | word;
    if ((bits & 0x80808080) !== 0) break;
    at++;
  }
  return Math.max(start, at * 4 - byteOffset);
}
