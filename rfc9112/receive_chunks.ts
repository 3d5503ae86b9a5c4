/**
 * Decoding one chunked body.
 *
 * @module
 */

// The chunked transfer coding (RFC 9112 §7.1), read byte by byte:
//
//   Size ── hex digits ──> SizeEnd ── CRLF ──> Data ──> DataEnd ── CRLF ──> Size
//                            │  └─ ';' ──> Extension ── CRLF ──> Data
//                            └─ after size 0, CRLF ──> Trailers
//
// The data of all chunks in one piece of input is returned in one piece: a
// single run of bytes as a view of the input, several runs as a copy in storage
// of the reader's own. A stream of small chunks thus costs one step per read,
// not one per chunk. A fault behind data waits until the data is out.
//
// End of file is an error before the end of the trailers.

import { cannotRead, tooMuch } from "../core/fault.ts";
import type { Input } from "../core/input.ts";
import { Machine, type StepFunction, WANTS_READ } from "../core/machine.ts";
import { quoteBytes } from "../core/quote.ts";
import type { Err, HttpCoroutine, WantsRead } from "../coroutine.ts";
import { HttpError, type HttpErrorCode } from "../error.ts";
import { BYTE_CLASS, CR, HTAB, LF, SP, TEXT } from "../rfc9110/_syntax.ts";
import type { HttpHeaders } from "../rfc9110/headers.ts";
import { type BodyStep, endedEarly } from "./_body_reader.ts";
import { ChunkData } from "./_chunk_data.ts";
import { FieldSectionReader } from "./_field_section.ts";
import {
  type HttpReceiveOptions,
  type ReceiveSettings,
  resolveReceiveOptions,
} from "./limits.ts";

/** The steps of {@linkcode Http11ReceiveChunks}. */
export type Http11ReceiveChunksResult =
  | WantsRead
  | Err
  | {
    /** Tells the steps apart. */
    readonly type: "Data";
    /** Data without its framing, valid until the next call. */
    readonly bytes: Uint8Array<ArrayBuffer>;
  }
  | {
    /** Tells the steps apart. */
    readonly type: "Ok";
    /** The fields of the trailer section. */
    readonly trailers: HttpHeaders;
    /** The bytes that came after the body. */
    readonly remaining: Uint8Array<ArrayBuffer>;
  };

/**
 * Decodes one chunked body (RFC 9112 §7.1). Data is returned as it arrives: a
 * `Data` step may contain part of a chunk, or several chunks.
 *
 * @example Decode a body
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Http11ReceiveChunks } from "@pimalaya/io-http/rfc9112";
 *
 * const chunks = new Http11ReceiveChunks();
 * const step = chunks.resume(
 *   new TextEncoder().encode("5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n"),
 * );
 *
 * assertEquals(step.type, "Data");
 * if (step.type === "Data") {
 *   assertEquals(new TextDecoder().decode(step.bytes), "hello world");
 * }
 * assertEquals(chunks.resume().type, "Ok");
 * ```
 */
export class Http11ReceiveChunks
  implements HttpCoroutine<Http11ReceiveChunksResult> {
  readonly #machine: Machine<Http11ReceiveChunksResult>;

  /**
   * Creates a decoder of one body.
   *
   * @param options Limits and leniency. Of the limits, `maxTrailerBytes`,
   * `maxHeaderFields`, and `maxChunkExtensionBytes` apply.
   * @throws {RangeError} If a limit is not a non-negative integer.
   * @throws {TypeError} If `lenient` names an unknown exception.
   */
  constructor(options?: HttpReceiveOptions) {
    const takeStep = readChunkedBody(resolveReceiveOptions(options));
    this.#machine = new Machine((input) => {
      const step = takeStep(input);
      if (step.type !== "End") return step;
      const { trailers } = step;
      return { type: "Ok", trailers, remaining: input.takeRest() };
    });
  }

  /**
   * Takes one step.
   *
   * @param bytes The bytes just read, `null` at end of file, or nothing.
   * @returns What is needed next, data, the end, or the fault.
   */
  resume(bytes?: Uint8Array | null): Http11ReceiveChunksResult {
    return this.#machine.resume(bytes);
  }
}

const SEMICOLON = 0x3b;
// 16 digits hold any number up to 2^53-1 with leading zeros. Anything longer is
// meant to overflow a counter.
const MAX_SIZE_DIGITS = 16;
const NOT_HEX = 0xff;
const HEX_VALUE = /* @__PURE__ */ makeHexTable();
// Up to here, copying byte by byte is faster than a view and `set`.
const MAX_SMALL_CHUNK = 256;

type State =
  | "Size"
  | "SizeEnd"
  | "Extension"
  | "Data"
  | "DataEnd"
  | "Trailers";

/** Returns the step function that decodes one chunked body. */
export function readChunkedBody(
  settings: ReceiveSettings,
): StepFunction<BodyStep<HttpHeaders>> {
  const reader = new ChunkReader(settings);
  return (input) => reader.read(input);
}

/** Decodes one chunked body. */
class ChunkReader {
  readonly #settings: ReceiveSettings;
  #state: State = "Size";
  #digits = 0;
  #size = 0;
  /** How many bytes of the current chunk's data have not arrived. */
  #left = 0;
  #extensionBytes = 0;
  #section: FieldSectionReader | null = null;
  #trailers: HttpHeaders | null = null;
  readonly #data = new ChunkData();
  /** A fault found behind data that must be returned first. */
  #fault: HttpError | null = null;

  constructor(settings: ReceiveSettings) {
    this.#settings = settings;
  }

  /**
   * Takes one step.
   *
   * @throws {HttpError} If the body is invalid or incomplete, or a limit is
   * exceeded.
   */
  read(input: Input): BodyStep<HttpHeaders> {
    if (this.#fault !== null) throw this.#fault;
    const data = this.#data;
    const room = input.end - input.start;
    try {
      while (input.start < input.end && this.#readOn(input, room));
    } catch (error) {
      if (data.isEmpty || !(error instanceof HttpError)) throw error;
      this.#fault = error;
    }
    const bytes = data.take();
    if (bytes !== null) return { type: "Data", bytes };
    const trailers = this.#trailers;
    if (trailers !== null) return { type: "End", trailers };
    if (input.eof) throw endedEarly(this.#position());
    return WANTS_READ;
  }

  #position(): string {
    if (this.#state === "Trailers") return "inside the trailer section";
    return this.#state === "Data"
      ? `after ${this.#size - this.#left} of ${this.#size} bytes of a chunk`
      : "before the last chunk";
  }

  /** Reads what comes next. Returns false if more input is needed. */
  #readOn(input: Input, room: number): boolean {
    switch (this.#state) {
      case "Size":
        return this.#readSmallChunks(input, room) || this.#readSize(input);
      case "SizeEnd":
        return this.#readSizeEnd(input);
      case "Extension":
        return this.#readExtension(input);
      case "Data":
        this.#data.add(this.#takeRun(input), room);
        return true;
      case "DataEnd":
        return this.#readDataEnd(input);
      case "Trailers":
        return this.#data.isEmpty && this.#readTrailers(input);
    }
  }

  /** Takes as much of the current chunk's data as has arrived. */
  #takeRun(input: Input): Uint8Array<ArrayBuffer> {
    const length = Math.min(this.#left, input.end - input.start);
    this.#left -= length;
    if (this.#left === 0) this.#state = "DataEnd";
    return input.take(length);
  }

  /**
   * Reads small chunks that are complete and plain: digits, CRLF, data, CRLF.
   * Anything else is left to the states. This makes streams of 64-byte chunks
   * decode four times as fast.
   *
   * @returns Whether there was one.
   */
  #readSmallChunks(input: Input, room: number): boolean {
    if (this.#digits > 0) return false;
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

  #readSize(input: Input): boolean {
    const { bytes, end } = input;
    let at = input.start;
    let size = this.#size;
    let digits = this.#digits;
    for (; at < end; at++) {
      const value = HEX_VALUE[bytes[at]!]!;
      if (value === NOT_HEX) break;
      size = size * 16 + value;
      if (++digits > MAX_SIZE_DIGITS || size > Number.MAX_SAFE_INTEGER) {
        throw invalidSize(
          `it has more than ${MAX_SIZE_DIGITS} digits or is above 2^53-1`,
        );
      }
    }
    if (at < end && digits === 0) {
      throw invalidSize(`${quoteRest(input)} is not hexadecimal`);
    }
    input.start = at;
    this.#size = size;
    this.#digits = digits;
    if (at < end) this.#state = "SizeEnd";
    return true;
  }

  /** Reads on after the digits: whitespace, then an extension or the end. */
  #readSizeEnd(input: Input): boolean {
    switch (input.bytes[input.start]) {
      case CR:
        return this.#endSizeLine(input, "InvalidChunkTerminator");
      case SP:
      case HTAB:
        input.start++;
        this.#countExtension(1);
        return true;
      case SEMICOLON:
        this.#state = "Extension";
        return true;
      case LF:
        throw cannotRead(
          "InvalidChunkTerminator",
          "chunk size",
          "its line ends with a bare LF",
        );
    }
    throw invalidSize(`found ${quoteRest(input)} after its digits`);
  }

  #readExtension(input: Input): boolean {
    const { bytes, start } = input;
    // No further than one byte past the limit, which then counts as exceeded.
    const room = this.#settings.maxChunkExtensionBytes - this.#extensionBytes;
    const end = Math.min(input.end, start + room + 1);
    let at = start;
    while (at < end && (BYTE_CLASS[bytes[at]!]! & TEXT) !== 0) at++;
    this.#countExtension(at - start);
    input.start = at;
    if (at === end) return true;
    if (bytes[at] === CR) {
      return this.#endSizeLine(input, "InvalidChunkExtension");
    }
    throw cannotRead(
      "InvalidChunkExtension",
      "chunk extension",
      `it contains the control character ${quoteBytes(bytes, at, at + 1)}`,
    );
  }

  #countExtension(bytes: number): void {
    const { maxChunkExtensionBytes } = this.#settings;
    this.#extensionBytes += bytes;
    if (this.#extensionBytes <= maxChunkExtensionBytes) return;
    throw tooMuch(
      "ChunkExtensionsTooLarge",
      "chunked body",
      "maxChunkExtensionBytes",
      maxChunkExtensionBytes,
      "bytes of extensions",
    );
  }

  /** Reads the CRLF of a size line, where `code` is the error without it. */
  #endSizeLine(input: Input, code: HttpErrorCode): boolean {
    if (!skipCrlf(input, code, "size")) return false;
    this.#state = this.#size === 0 ? "Trailers" : "Data";
    this.#left = this.#size;
    return true;
  }

  #readDataEnd(input: Input): boolean {
    if (!skipCrlf(input, "InvalidChunkTerminator", "data")) return false;
    this.#state = "Size";
    this.#size = this.#digits = 0;
    return true;
  }

  #readTrailers(input: Input): boolean {
    this.#section ??= new FieldSectionReader(false, this.#settings);
    if (this.#section.read(input)) {
      this.#trailers = this.#section.makeHeaders(this.#section.take(input));
    }
    return false;
  }
}

/**
 * Skips the CRLF that must end this part of a chunk. Returns false if more
 * input is needed.
 */
function skipCrlf(input: Input, code: HttpErrorCode, part: string): boolean {
  const { bytes, start, end } = input;
  if (bytes[start] === CR) {
    if (start + 1 === end) return false;
    if (bytes[start + 1] === LF) {
      input.start += 2;
      return true;
    }
  }
  const found = `found ${quoteRest(input)} instead of the CRLF`;
  throw cannotRead(code, "chunk", `${found} after its ${part}`);
}

function invalidSize(reason: string): HttpError {
  return cannotRead("InvalidChunkSize", "chunk size", reason);
}

function quoteRest({ bytes, start, end }: Input): string {
  return quoteBytes(bytes, start, end);
}

function makeHexTable(): Uint8Array {
  const table = new Uint8Array(256).fill(NOT_HEX);
  for (const digit of "0123456789abcdefABCDEF") {
    table[digit.charCodeAt(0)] = parseInt(digit, 16);
  }
  return table;
}
