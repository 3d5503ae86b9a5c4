/**
 * Encoding HTTP/1.0 requests.
 *
 * @module
 */

import type { HttpRequest } from "../rfc9110/request.ts";
import { encodeWhole, type HttpEncodeOptions } from "../rfc9112/encode.ts";

/**
 * Encodes a whole request, head and body (RFC 1945 §5).
 *
 * Everything is as in HTTP/1.1, including `Host`, which servers need to find
 * the site, except that there is no transfer coding.
 *
 * @param request The request.
 * @param options The form of the request target.
 * @returns The bytes.
 * @throws {TypeError} If the request contradicts itself: two `Host` fields; a
 * `Content-Length` that is not the length of the body; a `Transfer-Encoding`;
 * or a body with TRACE or CONNECT. Also if the target is not valid, or not for
 * the method.
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
  return encodeWhole(request, "HTTP/1.0", options);
}
