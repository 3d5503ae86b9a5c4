/**
 * Decoding one chunked body.
 *
 * @module
 */

// The chunked transfer coding (RFC 9112 §7.1), read byte by byte:
//
//   Start ──> Size ── a size ──> Data ──> DataEnd ── CRLF ──> Start
//               └─ 0 ──> Trailers ── empty line ──> the end
//
// The data of all chunks in one piece of input is returned in one piece: a
// single run of bytes as a view of the input, several runs as a copy in storage
// of the reader's own. A stream of small chunks thus costs one step per read,
// not one per chunk. A fault behind data waits until the data is out.
//
// End of file is an error before the end of the trailers.

import type { Input } from "../core/input.ts";
import { Machine, type StepFunction, WANTS_READ } from "../core/machine.ts";
import type { Err, HttpCoroutine, WantsRead } from "../coroutine.ts";
import { HttpError } from "../error.ts";
import { CR, LF } from "../rfc9110/_syntax.ts";
import type { HttpHeaders } from "../rfc9110/headers.ts";
import { type BodyStep, endedEarly } from "./_body_reader.ts";
import { ChunkData } from "./_chunk_data.ts";
import {
  HEX_VALUE,
  MAX_SIZE_DIGITS,
  NOT_HEX,
  readSizeLines,
  skipCrlf,
} from "./_chunk_size.ts";
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

// Up to here, copying byte by byte is faster than a view and `set`.
const MAX_SMALL_CHUNK = 256;

type State = "Start" | "Size" | "Data" | "DataEnd" | "Trailers";

/** Returns the step function that decodes one chunked body. */
export function readChunkedBody(
  settings: ReceiveSettings,
): StepFunction<BodyStep<HttpHeaders>> {
  const readSizeLine = readSizeLines(settings.maxChunkExtensionBytes);
  const section = new FieldSectionReader(false, settings);
  const data = new ChunkData();
  let state: State = "Start";
  let size = 0;
  /** How many bytes of the current chunk's data have not arrived. */
  let left = 0;
  let trailers: HttpHeaders | null = null;
  /** A fault found behind data that must be returned first. */
  let fault: HttpError | null = null;

  return (input) => {
    if (fault !== null) throw fault;
    const room = input.end - input.start;
    try {
      while (input.start < input.end && readOn(input, room));
    } catch (error) {
      if (data.isEmpty || !(error instanceof HttpError)) throw error;
      fault = error;
    }
    const bytes = data.take();
    if (bytes !== null) return { type: "Data", bytes };
    if (trailers !== null) return { type: "End", trailers };
    if (input.eof) throw endedEarly(positionIn(state, size, left));
    return WANTS_READ;
  };

  /** Reads what comes next. Returns false if more input is needed. */
  function readOn(input: Input, room: number): boolean {
    switch (state) {
      case "Start":
        if (!readSmallChunks(input, data, room)) state = "Size";
        return true;
      case "Size":
        size = left = readSizeLine(input);
        if (size >= 0) state = size === 0 ? "Trailers" : "Data";
        return size >= 0;
      case "Data": {
        const length = Math.min(left, input.end - input.start);
        left -= length;
        if (left === 0) state = "DataEnd";
        data.add(input.take(length), room);
        return true;
      }
      case "DataEnd":
        if (!skipCrlf(input, "InvalidChunkTerminator", "data")) return false;
        state = "Start";
        return true;
      case "Trailers":
        if (data.isEmpty && section.read(input)) {
          trailers = section.makeHeaders(section.take(input));
        }
        return false;
    }
  }
}

function positionIn(state: State, size: number, left: number): string {
  if (state === "Trailers") return "inside the trailer section";
  return state === "Data"
    ? `after ${size - left} of ${size} bytes of a chunk`
    : "before the last chunk";
}

/**
 * Reads small chunks that are complete and plain: digits, CRLF, data, CRLF.
 * Anything else is left to the states. This makes streams of 64-byte chunks
 * decode four times as fast.
 *
 * @returns Whether there was one.
 */
function readSmallChunks(input: Input, to: ChunkData, room: number): boolean {
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
    to.addShort(bytes, data, size, room);
    at = next;
  }
  input.start = at;
  return at > start;
}
