// Field sections (RFC 9112 §5): the header section of a head, and the trailer
// section of a chunked body. One machine reads both.
//
// A section is read line by line, in place: the input is not used up before
// the section is whole, and what is remembered of a line is where its parts
// stand. In the end the section is decoded once, as one string, of which names
// and values are slices.
//
//   line ──> name ──> ':' ──> value ──> CRLF or LF ──> line ...
//     ├─ CRLF or LF ──> the section is whole
//     └─ SP, HTAB ──> goes on with the value before it (obs-fold)
//
// A line is judged once its LF has arrived within the limit, and not before:
// so the outcome is the same however the bytes are cut. End of file is judged
// by the caller, who sees that the section is not whole.

import { HttpError, type HttpErrorCode } from "../error.ts";
import type { Input } from "../core/input.ts";
import { quoteBytes } from "../core/quote.ts";
import { decodeByteString } from "../rfc9110/_byte_string.ts";
import {
  BYTE_CLASS,
  CR,
  HTAB,
  LF,
  SP,
  TEXT,
  TOKEN,
} from "../rfc9110/_syntax.ts";
import { headersFromWire, type HttpHeaders } from "../rfc9110/headers.ts";
import type { HttpLimits } from "./limits.ts";

const COLON = 0x3a;

/** Stands in place of a name's start in the spans of a folded line. */
const FOLD = -1;

/** What is different about a kind of section. */
export interface SectionRules {
  /** Whether the empty line that ends the section counts as well. */
  readonly countsEnd: boolean;
  /** The option that limits the section's bytes. */
  readonly maxBytes: "maxHeadBytes" | "maxTrailerBytes";
  readonly tooLarge: HttpErrorCode;
  readonly invalid: HttpErrorCode;
  /** The section's name in messages. */
  readonly name: string;
}

/** Reads one section. All offsets are relative to `input.start`. */
export class FieldSectionReader {
  readonly #rules: SectionRules;
  readonly #limits: HttpLimits;
  /** How many bytes the section may have, from its start. */
  readonly #maxBytes: number;
  #fields = 0;
  /** Where the current line starts. */
  #line = 0;
  /** How far the current line was searched for its LF in vain. */
  #searched = 0;
  /** Four offsets a line: start and end of the name, and of the value. */
  readonly #spans: number[] = [];
  /** All bytes of values OR-ed together, which tells whether they are ASCII. */
  #bits = 0;

  constructor(rules: SectionRules, limits: HttpLimits) {
    this.#rules = rules;
    this.#limits = limits;
    this.#maxBytes = limits[rules.maxBytes];
  }

  /** Where the part of the input that the limit leaves to this line ends. */
  windowEnd(input: Input): number {
    return Math.min(input.end, input.start + this.#maxLineEnd(input));
  }

  /**
   * Finds the LF of the current line.
   *
   * @returns Its index in `input.bytes`, or -1 where more input is needed.
   * @throws {HttpError} If the limit leaves no room for it.
   */
  findLineFeed(input: Input): number {
    const { bytes, start } = input;
    const end = this.windowEnd(input);
    let at = start + this.#searched;
    while (at < end && bytes[at] !== LF) at++;
    return at < end ? at : this.#askForMore(input, end);
  }

  /** Takes the line up to that LF as read; `bits` are its bytes OR-ed. */
  skipLine(input: Input, lineFeed: number, bits: number): void {
    this.#line = this.#searched = lineFeed + 1 - input.start;
    this.#bits |= bits;
  }

  /**
   * Reads field lines up to the empty one.
   *
   * @returns Whether the section is whole.
   * @throws {HttpError} If a line is invalid, or the section too long.
   */
  read(input: Input): boolean {
    const { bytes, start } = input;
    // A line that was seen in part is not looked at again before it is whole.
    if (this.#searched > this.#line && this.findLineFeed(input) < 0) {
      return false;
    }
    const { countsEnd } = this.#rules;
    let end = this.windowEnd(input);
    while (true) {
      const line = start + this.#line;
      if (!countsEnd) end = this.windowEnd(input);
      const first = line < end ? bytes[line]! : -1;
      const isLast = first === CR || first === LF;
      const lineFeed = isLast
        ? this.#endOfLine(bytes, line, line, end)
        : this.#readLine(bytes, line, end, start);
      if (lineFeed < 0) {
        this.#askForMore(input, end);
        return false;
      }
      this.#line = this.#searched = lineFeed + 1 - start;
      if (isLast) return true;
    }
  }

  /** Takes the whole section out of the input, and gives its text. */
  takeText(input: Input): string {
    const bytes = input.bytes.subarray(input.start, input.start + this.#line);
    input.start += this.#line;
    return decodeByteString(bytes, this.#bits < 0x80);
  }

  /** Makes the fields from the section's text. */
  makeHeaders(text: string): HttpHeaders {
    const spans = this.#spans;
    const names: string[] = [];
    const values: string[] = [];
    for (let i = 0; i < spans.length; i += 4) {
      const value = text.slice(spans[i + 2], spans[i + 3]);
      if (spans[i] !== FOLD) {
        names.push(text.slice(spans[i], spans[i + 1]));
        values.push(value);
      } else if (value !== "") {
        const last = values.length - 1;
        const before = values[last]!;
        values[last] = before === "" ? value : `${before} ${value}`;
      }
    }
    return headersFromWire(names, values);
  }

  /** Notes that there is no LF before `end`, which fails at the limit. */
  #askForMore(input: Input, end: number): -1 {
    this.#searched = end - input.start;
    if (this.#searched < this.#maxLineEnd(input)) return -1;
    throw this.#tooLarge(
      `more than ${this.#maxBytes} bytes`,
      this.#rules.maxBytes,
    );
  }

  #tooLarge(amount: string, option: string): HttpError {
    const { tooLarge, name } = this.#rules;
    return new HttpError(
      tooLarge,
      `Cannot read the ${name}: it has ${amount} (${option})`,
    );
  }

  /** Counts a field line. */
  #countField(): void {
    const { maxHeaderFields } = this.#limits;
    if (++this.#fields <= maxHeaderFields) return;
    throw this.#tooLarge(
      `more than ${maxHeaderFields} field lines`,
      "maxHeaderFields",
    );
  }

  /**
   * Where the limit wants the current line to have ended. The empty line that
   * ends the section may stand behind it, where it does not count; and so may
   * what can still become that line.
   */
  #maxLineEnd({ bytes, start, end }: Input): number {
    const maxBytes = this.#maxBytes;
    if (this.#rules.countsEnd) return maxBytes;
    const line = start + this.#line;
    const isField = line < end && bytes[line] !== CR && bytes[line] !== LF;
    return isField ? maxBytes : maxBytes + "\r\n".length;
  }

  /**
   * Reads one line that is not empty.
   *
   * @returns Where its LF is, or -1 where it is not there yet.
   */
  #readLine(
    bytes: Uint8Array,
    line: number,
    end: number,
    start: number,
  ): number {
    let at = line;
    while (at < end && (BYTE_CLASS[bytes[at]!]! & TOKEN) !== 0) at++;
    if (at === end) return -1;
    const nameEnd = at;
    const isField = bytes[at] === COLON && nameEnd > line;
    if (!isField && !this.#isFold(bytes, line)) {
      return this.#reject(bytes, line, nameEnd, end);
    }
    do at++; while (at < end && (bytes[at] === SP || bytes[at] === HTAB));
    const valueStart = at;
    let bits = 0;
    while (at < end) {
      const byte = bytes[at]!;
      if ((BYTE_CLASS[byte]! & TEXT) === 0) break;
      bits |= byte;
      at++;
    }
    const lineFeed = this.#endOfLine(bytes, line, at, end);
    if (lineFeed < 0) return -1;
    while (
      at > valueStart && (bytes[at - 1] === SP || bytes[at - 1] === HTAB)
    ) at--;
    this.#bits |= bits;
    if (isField) this.#countField();
    this.#spans.push(
      isField ? line - start : FOLD,
      nameEnd - start,
      valueStart - start,
      at - start,
    );
    return lineFeed;
  }

  /** Tells whether a line goes on with the value of the one before it. */
  #isFold(bytes: Uint8Array, line: number): boolean {
    return (bytes[line] === SP || bytes[line] === HTAB) &&
      this.#spans.length > 0;
  }

  /** Finds the LF of a line whose text ends at `at`: there, or after a CR. */
  #endOfLine(
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
   * Fails because of the byte at `bad`, once the line's LF is there. Of the line
   * only its name is told: the value may be a credential.
   */
  #reject(bytes: Uint8Array, line: number, bad: number, end: number): -1 {
    let lineFeed = bad;
    while (lineFeed < end && bytes[lineFeed] !== LF) lineFeed++;
    if (lineFeed === end) return -1;
    let nameEnd = line;
    while (nameEnd < bad && (BYTE_CLASS[bytes[nameEnd]!]! & TOKEN) !== 0) {
      nameEnd++;
    }
    const { invalid, name } = this.#rules;
    throw new HttpError(
      invalid,
      `Cannot read the field line ${quoteBytes(bytes, line, nameEnd)} of the ` +
        `${name}: ${quoteBytes(bytes, bad, bad + 1)} is not allowed there`,
    );
  }
}
