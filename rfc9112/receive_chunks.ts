/**
 * Decoding one chunked body.
 *
 * @module
 */

import type { Err, HttpCoroutine, WantsRead } from "../coroutine.ts";
import type { Input } from "../core/input.ts";
import { askForInput, Machine } from "../core/machine.ts";
import type { HttpHeaders } from "../rfc9110/headers.ts";
import { ChunkReader } from "./_chunks.ts";
import { type HttpReceiveOptions, resolveLimits } from "./limits.ts";

/** The steps of {@linkcode Http11ReceiveChunks}. */
export type Http11ReceiveChunksResult =
  | WantsRead
  | Err
  | {
    /** The step's name. */
    readonly type: "Data";
    /** Data without its framing, valid until the next call of `resume`. */
    readonly bytes: Uint8Array<ArrayBuffer>;
  }
  | {
    /** The step's name. */
    readonly type: "Ok";
    /** The fields of the trailer section. */
    readonly trailers: HttpHeaders;
    /** The bytes that came after the body. */
    readonly remaining: Uint8Array<ArrayBuffer>;
  };

/**
 * Decodes one chunked body (RFC 9112 §7.1). Data is handed on as it arrives: a
 * `Data` step may hold a part of a chunk, or several chunks.
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
   * Starts before the first chunk.
   *
   * @param options How much the peer may send; `maxChunkExtensionBytes` and
   * `maxTrailerBytes` count here.
   * @throws {RangeError} If a limit is not a whole number from 0 on.
   */
  constructor(options?: HttpReceiveOptions) {
    const chunks = new ChunkReader(resolveLimits(options));
    this.#machine = new Machine((input) => readChunks(chunks, input));
  }

  /**
   * Takes one step.
   *
   * @param bytes The bytes just read, `null` at end of file, or nothing.
   * @returns What is wanted next, data, the end, or what is wrong.
   */
  resume(bytes?: Uint8Array | null): Http11ReceiveChunksResult {
    return this.#machine.resume(bytes);
  }
}

function readChunks(
  chunks: ChunkReader,
  input: Input,
): Http11ReceiveChunksResult {
  const bytes = chunks.read(input);
  if (bytes !== null) return { type: "Data", bytes };
  const { trailers } = chunks;
  if (trailers === null) return askForInput(input, "chunked body");
  return { type: "Ok", trailers, remaining: input.takeRest() };
}
