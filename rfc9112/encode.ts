/**
 * Writing requests of HTTP/1.1.
 *
 * @module
 */

import { concat } from "@std/bytes";
import { encodeByteString } from "../rfc9110/_byte_string.ts";
import type { HttpRequest } from "../rfc9110/request.ts";
import { encodeHead } from "./_encode_head.ts";
import { encodeRequest } from "./_encode_request.ts";
import type { HttpEncodeOptions } from "./encode_options.ts";

/**
 * Writes a whole request, head and body (RFC 9112 §3).
 *
 * `Host` goes first, from the URL, unless the caller gave one. `Content-Length`
 * is added where there is a body, and for POST, PUT and PATCH without one. With
 * the caller's `Transfer-Encoding: chunked` the body goes out chunked. Nothing
 * else is added; all else stays as it was written.
 *
 * @param request What to write.
 * @param options The form of the request target.
 * @returns The bytes.
 * @throws {TypeError} If there are two `Host` fields; `Content-Length` is not
 * the length of the body; `Transfer-Encoding` is not `chunked` or stands beside
 * `Content-Length`; TRACE or CONNECT has a body; or `"asterisk"` is asked for
 * with another method than OPTIONS.
 *
 * @example A request with a body
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { encodeHttp11Request } from "@pimalaya/io-http/rfc9112";
 * import { HttpRequest } from "@pimalaya/io-http/rfc9110";
 *
 * const bytes = encodeHttp11Request(
 *   HttpRequest.put("http://example.com/a?b#c", { body: "hi" }),
 * );
 *
 * assertEquals(
 *   new TextDecoder().decode(bytes),
 *   "PUT /a?b HTTP/1.1\r\n" +
 *     "Host: example.com\r\n" +
 *     "Content-Length: 2\r\n" +
 *     "\r\n" +
 *     "hi",
 * );
 * ```
 */
export function encodeHttp11Request(
  request: HttpRequest,
  options?: HttpEncodeOptions,
): Uint8Array<ArrayBuffer> {
  return concat(encodeRequest(request, "HTTP/1.1", options).pieces);
}

/**
 * Writes a request's head alone, for a body that is streamed after it.
 *
 * The caller says how that body is framed: with `Transfer-Encoding: chunked`
 * and an `Http11ChunkEncoder`, or with a `Content-Length`, which then is taken
 * as it is. A head that says neither is that of a request without a body: what
 * is written after it would be another request.
 *
 * @param request What to write; a body that it has counts for `Content-Length`.
 * @param options The form of the request target.
 * @returns The bytes.
 * @throws {TypeError} If the request contradicts itself (see
 * {@linkcode encodeHttp11Request}).
 *
 * @example The head of a chunked upload
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { encodeHttp11Head } from "@pimalaya/io-http/rfc9112";
 * import { HttpRequest } from "@pimalaya/io-http/rfc9110";
 *
 * const request = HttpRequest.post("http://example.com/")
 *   .header("Transfer-Encoding", "chunked");
 *
 * assertEquals(
 *   new TextDecoder().decode(encodeHttp11Head(request)),
 *   "POST / HTTP/1.1\r\n" +
 *     "Host: example.com\r\n" +
 *     "Transfer-Encoding: chunked\r\n" +
 *     "\r\n",
 * );
 * ```
 */
export function encodeHttp11Head(
  request: HttpRequest,
  options?: HttpEncodeOptions,
): Uint8Array<ArrayBuffer> {
  const plan = { version: "HTTP/1.1", streamed: true, options } as const;
  return encodeByteString(encodeHead(request, plan).text);
}
