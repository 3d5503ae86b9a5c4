/**
 * Writing requests of HTTP/1.0.
 *
 * @module
 */

import type { HttpRequest } from "../rfc9110/request.ts";
import { encodeRequest, joinPieces } from "../rfc9112/encode.ts";
import type { HttpEncodeOptions } from "../rfc9112/encode_head.ts";

/**
 * Writes a whole request, head and body (RFC 1945 §5).
 *
 * All is as in HTTP/1.1, `Host` included, which servers of today need to find
 * the site; but there is no transfer coding.
 *
 * @param request What to write.
 * @param options The form of the request target.
 * @returns The bytes.
 * @throws {TypeError} If there are two `Host` fields; `Content-Length` is not
 * the length of the body; there is a `Transfer-Encoding`; TRACE or CONNECT has a
 * body; or `"asterisk"` is asked for with another method than OPTIONS.
 *
 * @example A request that asks to keep the connection
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { encodeHttp10Request } from "@pimalaya/io-http/rfc1945";
 * import { HttpRequest } from "@pimalaya/io-http/rfc9110";
 *
 * const bytes = encodeHttp10Request(
 *   HttpRequest.get("http://example.com/").header("Connection", "keep-alive"),
 * );
 *
 * assertEquals(
 *   new TextDecoder().decode(bytes),
 *   "GET / HTTP/1.0\r\nHost: example.com\r\nConnection: keep-alive\r\n\r\n",
 * );
 * ```
 */
export function encodeHttp10Request(
  request: HttpRequest,
  options?: HttpEncodeOptions,
): Uint8Array<ArrayBuffer> {
  return joinPieces(encodeRequest(request, "HTTP/1.0", options).bytes);
}
