/**
 * Writing a chunked body.
 *
 * @module
 */

import { quote } from "../core/quote.ts";
import { encodeByteString } from "../rfc9110/_byte_string.ts";
import {
  encodeFieldLines,
  HttpHeaders,
  type HttpHeadersInit,
} from "../rfc9110/headers.ts";

// Fields that frame or route a message make no sense after its body, and are
// dangerous there (RFC 9110 §6.5.1).
const FORBIDDEN_TRAILERS = [
  "content-length",
  "host",
  "trailer",
  "transfer-encoding",
];

/**
 * Frames a body of unknown length as chunks (RFC 9112 §7.1).
 *
 * @example Two chunks and a trailer
 * ```ts
 * import { concat } from "@std/bytes";
 * import { assertEquals } from "@std/assert";
 * import { Http11ChunkEncoder } from "@pimalaya/io-http/rfc9112";
 *
 * const text = new TextEncoder();
 * const encoder = new Http11ChunkEncoder();
 * const bytes = concat([
 *   ...encoder.chunk(text.encode("hello")),
 *   ...encoder.chunk(text.encode(" world")),
 *   encoder.end({ "X-Sum": "1" }),
 * ]);
 *
 * assertEquals(
 *   new TextDecoder().decode(bytes),
 *   "5\r\nhello\r\n6\r\n world\r\n0\r\nX-Sum: 1\r\n\r\n",
 * );
 * ```
 */
export class Http11ChunkEncoder {
  #ended = false;

  /**
   * Frames one chunk.
   *
   * @param data The data, which is not copied. An empty chunk would end the
   * body, so nothing is written for it.
   * @returns The pieces to write, in this order; one of them is `data` itself.
   * @throws {TypeError} If the body has ended.
   */
  chunk(data: Uint8Array): Uint8Array[] {
    this.#checkOpen();
    if (data.length === 0) return [];
    const size = encodeByteString(`${data.length.toString(16)}\r\n`);
    // Not one shared array: a byte stream that is given it takes it away.
    return [size, data, encodeByteString("\r\n")];
  }

  /**
   * Ends the body.
   *
   * @param trailers The fields of the trailer section.
   * @returns The last chunk and the trailer section.
   * @throws {TypeError} If the body has ended already, a field is invalid, or
   * it is one that frames or routes a message: `Content-Length`, `Host`,
   * `Trailer`, `Transfer-Encoding`.
   */
  end(trailers?: HttpHeadersInit): Uint8Array<ArrayBuffer> {
    this.#checkOpen();
    const fields = new HttpHeaders(trailers);
    const forbidden = FORBIDDEN_TRAILERS.find((name) => fields.has(name));
    if (forbidden !== undefined) {
      throw new TypeError(`Invalid trailer: ${quote(forbidden)} cannot be one`);
    }
    this.#ended = true;
    return encodeByteString(`0\r\n${encodeFieldLines(fields)}\r\n`);
  }

  #checkOpen(): void {
    if (this.#ended) throw new TypeError("Cannot write: the body has ended");
  }
}
