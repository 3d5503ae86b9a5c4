/**
 * Decoding one chunked body.
 *
 * @module
 */

// The chunked transfer coding (RFC 9112 §7.1), read byte by byte:
//
//   Size ── hex digits ──> SizeEnd ── CRLF ──> Data ── CR LF ──> Size ...
//                            │  └─ ';' ──> Extension ── CRLF ──> Data
//                            └─ after size 0, CRLF ──> Trailers ──> Done
//
// The data of all chunks in one piece of input is returned in one piece: a
// single run of bytes as a view of the input, several runs as a copy in storage
// of the reader's own. A stream of small chunks thus costs one step per read,
// not one per chunk. A fault behind data waits until the data is out.
//
// End of file is an error in any state but Done.

import { cannotRead, tooMuch } from "../core/fault.ts";
import type { Input } from "../core/input.ts";
import { Machine } from "../core/machine.ts";
import { quoteBytes } from "../core/quote.ts";
import type { Err, HttpCoroutine, WantsRead } from "../coroutine.ts";
import { HttpError, type HttpErrorCode } from "../error.ts";
import { BYTE_CLASS, CR, HTAB, LF, SP, TEXT } from "../rfc9110/_syntax.ts";
import type { HttpHeaders } from "../rfc9110/headers.ts";
import { askForBody, type BodyReader } from "./_body_reader.ts";
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
    const chunks = new ChunkReader(resolveReceiveOptions(options));
    this.#machine = new Machine((input) => {
      const bytes = chunks.read(input);
      if (bytes !== null) return { type: "Data", bytes };
      const { trailers } = chunks;
      return trailers === null
        ? askForBody(input, chunks)
        : { type: "Ok", trailers, remaining: input.takeRest() };
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
  | "SizeLf"
  | "Extension"
  | "ExtensionLf"
  | "Data"
  | "DataCr"
  | "DataLf"
  | "Trailers"
  | "Done";

/** Decodes one chunked body. */
export class ChunkReader implements BodyReader {
  readonly #settings: ReceiveSettings;
  #state: State = "Size";
  #digits = 0;
  #size = 0;
  /** How many bytes of the current chunk's data have not arrived. */
  #left = 0;
  #extensionBytes = 0;
  #section: FieldSectionReader | null = null;
  trailers: HttpHeaders | null = null;
  readonly #data = new ChunkData();
  /** A fault found behind data that must be returned first. */
  #fault: HttpError | null = null;

  constructor(settings: ReceiveSettings) {
    this.#settings = settings;
  }

  get isComplete(): boolean {
    return this.trailers !== null;
  }

  get position(): string {
    if (this.#state === "Trailers") return "inside the trailer section";
    return this.#state === "Data"
      ? `after ${this.#size - this.#left} of ${this.#size} bytes of a chunk`
      : "before the last chunk";
  }

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

  /** Takes as much of the current chunk's data as has arrived. */
  #takeRun(input: Input): Uint8Array<ArrayBuffer> {
    const length = Math.min(this.#left, input.end - input.start);
    this.#left -= length;
    if (this.#left === 0) this.#state = "DataCr";
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
        skip(input, LF, "InvalidChunkTerminator", "LF after its size");
        return this.#startData();
      case "Extension":
        return this.#readExtension(input);
      case "ExtensionLf":
        skip(input, LF, "InvalidChunkExtension", "LF after a CR");
        return this.#startData();
      case "DataCr":
        skip(input, CR, "InvalidChunkTerminator", "CRLF after its data");
        this.#state = "DataLf";
        return;
      case "DataLf":
        skip(input, LF, "InvalidChunkTerminator", "CRLF after its data");
        this.#state = "Size";
        this.#size = this.#digits = 0;
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
  }

  /** Reads on after the digits: whitespace, then an extension or the end. */
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
      throw cannotRead(
        "InvalidChunkTerminator",
        "chunk size",
        "its line ends with a bare LF",
      );
    } else {
      throw invalidSize(`found ${quoteRest(input)} after its digits`);
    }
  }

  #readExtension(input: Input): void {
    const { bytes, start } = input;
    // No further than one byte past the limit, which then counts as exceeded.
    const room = this.#settings.maxChunkExtensionBytes - this.#extensionBytes;
    const end = Math.min(input.end, start + room + 1);
    let at = start;
    while (at < end && (BYTE_CLASS[bytes[at]!]! & TEXT) !== 0) at++;
    this.#countExtension(at - start);
    input.start = at;
    if (at === end) return;
    if (bytes[at] !== CR) {
      throw cannotRead(
        "InvalidChunkExtension",
        "chunk extension",
        `it contains the control character ${quoteBytes(bytes, at, at + 1)}`,
      );
    }
    input.start++;
    this.#state = "ExtensionLf";
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

  #startData(): void {
    this.#state = this.#size === 0 ? "Trailers" : "Data";
    this.#left = this.#size;
  }

  #readTrailers(input: Input): boolean {
    this.#section ??= new FieldSectionReader(false, this.#settings);
    if (!this.#section.read(input)) return false;
    this.trailers = this.#section.makeHeaders(this.#section.take(input));
    this.#state = "Done";
    return true;
  }
}

/** Skips one byte, which must be the expected one. */
function skip(
  input: Input,
  expected: number,
  code: HttpErrorCode,
  name: string,
): void {
  if (input.bytes[input.start] === expected) {
    input.start++;
    return;
  }
  throw cannotRead(
    code,
    "chunk",
    `found ${quoteRest(input)} instead of the ${name}`,
  );
}

function invalidSize(reason: string): HttpError {
  return cannotRead("InvalidChunkSize", "chunk size", reason);
}

function quoteRest({ bytes, start, end }: Input): string {
  return quoteBytes(bytes, start, end);
}

function makeHexTable(): Uint8Array {
  const table = new Uint8Array(256).fill(NOT_HEX);
  for (const digits of ["0123456789abcdef", "0123456789ABCDEF"]) {
    for (let i = 0; i < digits.length; i++) table[digits.charCodeAt(i)] = i;
  }
  return table;
}
