// The chunked transfer coding (RFC 9112 §7.1), read byte by byte:
//
//   Size ── hex digits ──> SizeEnd ── CRLF ──> Data ── CR LF ──> Size ...
//                            │  └─ ';' ──> Extension ── CRLF ──> Data
//                            └─ after size 0, CRLF ──> Trailers ──> Done
//
// The data of all the chunks in one piece of input is handed on in one piece:
// where it is a single run of bytes as a view of the input, where there are
// several gathered into storage of the reader's own. So a stream of small
// chunks costs one step for each read, and not one for each chunk. A fault
// behind such data waits until the data is out.
//
// End of file in any state but Done is for the caller to report.

import { HttpError, type HttpErrorCode } from "../error.ts";
import type { Input } from "../core/input.ts";
import { quoteBytes } from "../core/quote.ts";
import { BYTE_CLASS, CR, HTAB, LF, SP, TEXT } from "../rfc9110/_syntax.ts";
import type { HttpHeaders } from "../rfc9110/headers.ts";
import { FieldSectionReader, type SectionRules } from "./_field_section.ts";
import { Gathered } from "./_gathered.ts";
import type { HttpLimits } from "./limits.ts";

const SEMICOLON = 0x3b;
// 16 digits hold any number up to 2^53-1 with zeros before it; what is longer
// is made to overflow somebody's counter.
const MAX_SIZE_DIGITS = 16;
const NOT_HEX = 0xff;
const HEX_VALUE = makeHexTable();
// Up to here, copying by hand is faster than a view and `set`.
const MAX_SMALL_CHUNK = 256;

const TRAILER_SECTION: SectionRules = {
  countsEnd: false,
  maxBytes: "maxTrailerBytes",
  tooLarge: "TrailersTooLarge",
  invalid: "InvalidTrailer",
  name: "trailer section",
};

type State =
  | "Size"
  | "SizeEnd"
  | "SizeLf"
  | "Extension"
  | "ExtensionLf"
  | "Data"
  | "DataCr"
  | "DataLf"
  | "Trailers"
  | "Done";

/** Decodes one chunked body. */
export class ChunkReader {
  readonly #limits: HttpLimits;
  #state: State = "Size";
  #digits = 0;
  #size = 0;
  /** Bytes of the current chunk's data that are still to come. */
  #left = 0;
  #extensionBytes = 0;
  #section: FieldSectionReader | null = null;
  #trailers: HttpHeaders | null = null;
  readonly #data = new Gathered();
  /** What was found behind data that had to be handed on first. */
  #fault: HttpError | null = null;

  constructor(limits: HttpLimits) {
    this.#limits = limits;
  }

  /** The trailer fields once the body is complete, else `null`. */
  get trailers(): HttpHeaders | null {
    return this.#trailers;
  }

  /**
   * Reads on.
   *
   * @returns The data that is there, which is valid until the next call, or
   * `null` where there is none.
   * @throws {HttpError} If the coding is invalid or a limit is passed.
   */
  read(input: Input): Uint8Array<ArrayBuffer> | null {
    if (this.#fault !== null) throw this.#fault;
    const data = this.#data;
    const room = input.end - input.start;
    try {
      while (input.start < input.end && this.#state !== "Done") {
        if (this.#state === "Trailers") {
          if (!data.isEmpty || !this.#readTrailers(input)) break;
        } else if (this.#state === "Data") {
          data.add(this.#takeRun(input), room);
        } else if (!this.#readSmallChunks(input, room)) {
          this.#readFraming(input);
        }
      }
    } catch (error) {
      if (data.isEmpty || !(error instanceof HttpError)) throw error;
      this.#fault = error;
    }
    return data.take();
  }

  /** Takes as much of the current chunk's data as there is. */
  #takeRun(input: Input): Uint8Array<ArrayBuffer> {
    const length = Math.min(this.#left, input.end - input.start);
    this.#left -= length;
    if (this.#left === 0) this.#state = "DataCr";
    return input.take(length);
  }

  /**
   * Reads chunks that are small, whole and plain: digits, CRLF, data, CRLF. What
   * is anything else is left to the states. Streams of 64-byte chunks decode
   * four times as fast for it.
   *
   * @returns Whether there was one.
   */
  #readSmallChunks(input: Input, room: number): boolean {
    if (this.#state !== "Size" || this.#digits > 0) return false;
    const { bytes, start, end } = input;
    let at = start;
    while (true) {
      let size = 0;
      let line = at;
      while (line < end && size <= MAX_SMALL_CHUNK) {
        const value = HEX_VALUE[bytes[line]!]!;
        if (value === NOT_HEX) break;
        size = size * 16 + value;
        line++;
      }
      const data = line + 2;
      const next = data + size + 2;
      if (
        size === 0 || size > MAX_SMALL_CHUNK || next > end ||
        line - at > MAX_SIZE_DIGITS ||
        bytes[line] !== CR || bytes[line + 1] !== LF ||
        bytes[next - 2] !== CR || bytes[next - 1] !== LF
      ) break;
      this.#data.addShort(bytes, data, size, room);
      at = next;
    }
    input.start = at;
    return at > start;
  }

  #readFraming(input: Input): void {
    switch (this.#state) {
      case "Size":
        return this.#readSize(input);
      case "SizeEnd":
        return this.#readSizeEnd(input);
      case "SizeLf":
        this.#take(input, LF, "InvalidChunkTerminator", "LF after the size");
        return this.#startData();
      case "Extension":
        return this.#readExtension(input);
      case "ExtensionLf":
        this.#take(input, LF, "InvalidChunkExtension", "LF after a CR");
        return this.#startData();
      case "DataCr":
        this.#take(input, CR, "InvalidChunkTerminator", "CRLF after the data");
        this.#state = "DataLf";
        return;
      case "DataLf":
        this.#take(input, LF, "InvalidChunkTerminator", "CRLF after the data");
        this.#state = "Size";
        return;
    }
  }

  #readSize(input: Input): void {
    const { bytes, end } = input;
    let at = input.start;
    let size = this.#size;
    let digits = this.#digits;
    for (; at < end; at++) {
      const value = HEX_VALUE[bytes[at]!]!;
      if (value === NOT_HEX) break;
      size = size * 16 + value;
      if (++digits > MAX_SIZE_DIGITS || size > Number.MAX_SAFE_INTEGER) {
        throw new HttpError(
          "InvalidChunkSize",
          `Cannot read the chunk size: it has more than ${MAX_SIZE_DIGITS} ` +
            `digits or is above 2^53-1`,
        );
      }
    }
    if (at < end && digits === 0) throw invalidSize(bytes, at, end);
    input.start = at;
    this.#size = size;
    this.#digits = digits;
    if (at < end) this.#state = "SizeEnd";
  }

  /** Reads what follows the digits: blanks, then an extension or the line's end. */
  #readSizeEnd(input: Input): void {
    const byte = input.bytes[input.start]!;
    if (byte === CR) {
      input.start++;
      this.#state = "SizeLf";
    } else if (byte === SP || byte === HTAB) {
      input.start++;
      this.#countExtension(1);
    } else if (byte === SEMICOLON) {
      this.#state = "Extension";
    } else if (byte === LF) {
      throw new HttpError(
        "InvalidChunkTerminator",
        "Cannot read the chunk size: its line ends with a bare LF",
      );
    } else {
      const found = quoteBytes(input.bytes, input.start, input.start + 1);
      throw new HttpError(
        "InvalidChunkSize",
        `Cannot read the chunk size: there is ${found} after it`,
      );
    }
  }

  #readExtension(input: Input): void {
    const { bytes, start } = input;
    // No further than one byte past the limit, which is then found passed.
    const room = this.#limits.maxChunkExtensionBytes - this.#extensionBytes;
    const end = Math.min(input.end, start + room + 1);
    let at = start;
    while (at < end && (BYTE_CLASS[bytes[at]!]! & TEXT) !== 0) at++;
    this.#countExtension(at - start);
    input.start = at;
    if (at === end) return;
    if (bytes[at] !== CR) {
      throw new HttpError(
        "InvalidChunkExtension",
        `Cannot read a chunk extension: it holds the control character ` +
          quoteBytes(bytes, at, at + 1),
      );
    }
    input.start++;
    this.#state = "ExtensionLf";
  }

  #countExtension(bytes: number): void {
    const { maxChunkExtensionBytes } = this.#limits;
    this.#extensionBytes += bytes;
    if (this.#extensionBytes <= maxChunkExtensionBytes) return;
    throw new HttpError(
      "ChunkExtensionsTooLarge",
      `Cannot read the chunk extensions: they have more than ` +
        `${maxChunkExtensionBytes} bytes (maxChunkExtensionBytes)`,
    );
  }

  #startData(): void {
    this.#state = this.#size === 0 ? "Trailers" : "Data";
    this.#left = this.#size;
    this.#size = this.#digits = 0;
  }

  /** Takes one byte, which has to be the one that is expected. */
  #take(
    input: Input,
    expected: number,
    code: HttpErrorCode,
    what: string,
  ): void {
    const { bytes, start } = input;
    if (bytes[start] !== expected) {
      const found = quoteBytes(bytes, start, start + 1);
      throw new HttpError(
        code,
        `Cannot read a chunk: there is ${found} in place of the ${what}`,
      );
    }
    input.start++;
  }

  #readTrailers(input: Input): boolean {
    this.#section ??= new FieldSectionReader(
      TRAILER_SECTION,
      this.#limits,
    );
    if (!this.#section.read(input)) return false;
    this.#trailers = this.#section.makeHeaders(this.#section.takeText(input));
    this.#state = "Done";
    return true;
  }
}

function invalidSize(bytes: Uint8Array, at: number, end: number): HttpError {
  const found = quoteBytes(bytes, at, Math.min(end, at + 1));
  return new HttpError(
    "InvalidChunkSize",
    `Cannot read the chunk size: ${found} is not a hexadecimal digit`,
  );
}

function makeHexTable(): Uint8Array {
  const table = new Uint8Array(256).fill(NOT_HEX);
  for (const digits of ["0123456789abcdef", "0123456789ABCDEF"]) {
    for (let i = 0; i < digits.length; i++) table[digits.charCodeAt(i)] = i;
  }
  return table;
}
