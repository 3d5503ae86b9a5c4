/**
 * Encoding a chunked body.
 *
 * @module
 */

import { toPlainBytes } from "../core/bytes.ts";
import { invalid, quote } from "../core/quote.ts";
import { encodeByteString } from "../rfc9110/byte_string.ts";
import {
  encodeFieldLines,
  HttpHeaders,
  type HttpHeadersInit,
} from "../rfc9110/headers.ts";

// Fields that a recipient needs before the body, and must not look for after it
// (RFC 9110 §6.5.1): framing, routing, request modifiers, authentication, and
// content format. So are all conditional fields, whose names start with "If-".
const FORBIDDEN_TRAILERS =
  "authorization cache-control connection content-encoding content-length " +
  "content-range content-type cookie expect host keep-alive max-forwards " +
  "pragma proxy-authenticate proxy-authorization proxy-connection range " +
  "set-cookie te trailer transfer-encoding upgrade www-authenticate";

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
  #hasEnded = false;

  /**
   * Frames one chunk.
   *
   * @param data The data, which is not copied. Nothing is written for empty
   * data: an empty chunk would end the body.
   * @returns The pieces to write, in this order. One of them is a view of the
   * data.
   * @throws {TypeError} If the body has ended, or the data is not a
   * `Uint8Array`.
   */
  chunk(data: Uint8Array): Uint8Array<ArrayBuffer>[] {
    this.#checkOpen();
    const bytes = toPlainBytes(data);
    if (bytes.length === 0) return [];
    const size = encodeByteString(`${bytes.length.toString(16)}\r\n`);
    // The CRLF is not shared: byte streams transfer their chunks.
    return [size, bytes, encodeByteString("\r\n")];
  }

  /**
   * Ends the body.
   *
   * @param trailers The fields of the trailer section.
   * @returns The last chunk and the trailer section.
   * @throws {TypeError} If the body has ended, a field is invalid, or it may
   * not be a trailer (RFC 9110 §6.5.1): `Content-Length`, `Authorization`,
   * `Host`, and others that are needed before the body.
   */
  end(trailers?: HttpHeadersInit): Uint8Array<ArrayBuffer> {
    this.#checkOpen();
    const fields = new HttpHeaders(trailers);
    for (const [name] of fields) checkTrailer(name);
    this.#hasEnded = true;
    return encodeByteString(`0\r\n${encodeFieldLines(fields)}\r\n`);
  }

  #checkOpen(): void {
    if (this.#hasEnded) throw new TypeError("Cannot write: the body has ended");
  }
}

function checkTrailer(name: string): void {
  const lower = name.toLowerCase();
  const isForbidden = lower.startsWith("if-") ||
    FORBIDDEN_TRAILERS.split(" ").includes(lower);
  if (!isForbidden) return;
  throw invalid("trailer", `${quote(name)} cannot come after the body`);
}
