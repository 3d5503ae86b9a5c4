/**
 * Encoding whole requests.
 *
 * @module
 */

import { concat } from "@std/bytes/concat";
import { toPlainBytes } from "../core/bytes.ts";
import { encodeByteString } from "../rfc9110/byte_string.ts";
import { bodyLength, type HttpRequest } from "../rfc9110/request.ts";
import type { HttpVersion } from "../rfc9110/response.ts";
import {
  type HttpEncodeOptions,
  type RequestFraming,
  writeHead,
} from "./encode_head.ts";

// Up to here, one write with a copy of the body costs less than two writes.
const MAX_COPIED_BODY = 16384;

/**
 * Encodes a whole request, head and body (RFC 9112 §3).
 *
 * `Host` comes first, from the URL, unless the caller gave one.
 * `Content-Length` is added if there is a body, and to POST, PUT, and PATCH
 * also without one. If the caller set `Transfer-Encoding: chunked`, the body is
 * sent chunked. Nothing else is added, and all fields stay as they are.
 *
 * @param request The request.
 * @param options The form of the request target.
 * @returns The bytes.
 * @throws {TypeError} If the request contradicts itself: two `Host` fields; a
 * `Content-Length` that is not the length of the body; a `Transfer-Encoding`
 * other than `chunked`, or together with `Content-Length`; or a body with TRACE
 * or CONNECT. Also if the target is not valid, or not for the method.
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
  return joinPieces(encodeRequest(request, "HTTP/1.1", options).bytes);
}

/** Joins the pieces of a request. */
export function joinPieces(
  pieces: readonly Uint8Array<ArrayBuffer>[],
): Uint8Array<ArrayBuffer> {
  return pieces.length === 1 ? pieces[0]! : concat([...pieces]);
}

/**
 * Encodes a whole request, as pieces to write one after the other, and returns
 * the framing of its body. A large body is a piece of its own, not a copy.
 *
 * @throws {TypeError} If the request contradicts itself.
 */
export function encodeRequest(
  request: HttpRequest,
  version: HttpVersion,
  options: HttpEncodeOptions | undefined,
): { bytes: readonly Uint8Array<ArrayBuffer>[]; framing: RequestFraming } {
  const { bytes, framing } = writeRequest(request, version, options);
  return typeof bytes === "string"
    ? { bytes: [encodeByteString(bytes)], framing }
    : { bytes, framing };
}

/** {@linkcode encodeRequest}, as a byte string if there is no body. */
export function writeRequest(
  request: HttpRequest,
  version: HttpVersion,
  options: HttpEncodeOptions | undefined,
): {
  bytes: readonly Uint8Array<ArrayBuffer>[] | string;
  framing: RequestFraming;
} {
  const length = bodyLength(request);
  const { text, framing } = writeHead(request, { version, length, options });
  const isChunked = framing.kind === "chunked";
  const end = isChunked ? "0\r\n\r\n" : "";
  if (length === 0) return { bytes: text + end, framing };
  const body = toPlainBytes(request.body);
  const pieces = isChunked
    ? [
      encodeByteString(`${text}${length.toString(16)}\r\n`),
      body,
      encodeByteString(`\r\n${end}`),
    ]
    : [encodeByteString(text), body];
  const bytes = length > MAX_COPIED_BODY ? pieces : [concat(pieces)];
  return { bytes, framing };
}
