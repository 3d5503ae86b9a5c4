// Whole requests, for both versions.

import { concat } from "@std/bytes";
import { toPlainBytes } from "../core/bytes.ts";
import { encodeByteString } from "../rfc9110/_byte_string.ts";
import { bodyLength, type HttpRequest } from "../rfc9110/request.ts";
import type { HttpVersion } from "../rfc9110/response.ts";
import { encodeHead } from "./_encode_head.ts";
import type { HttpEncodeOptions } from "./encode_options.ts";

// Up to here, one write with a copy of the body is cheaper than two.
const MAX_COPIED_BODY = 16384;

/** A request as the pieces to write, one after the other. */
export interface EncodedRequest {
  readonly pieces: readonly Uint8Array<ArrayBuffer>[];
}

/**
 * Encodes a whole request. A large body is a piece of its own, not copied.
 *
 * @throws {TypeError} If the request contradicts itself.
 */
export function encodeRequest(
  request: HttpRequest,
  version: HttpVersion,
  options: HttpEncodeOptions | undefined,
): EncodedRequest {
  const plan = { version, streamed: false, options };
  const { text, chunked } = encodeHead(request, plan);
  const length = bodyLength(request);
  const end = chunked ? (length > 0 ? "\r\n0\r\n\r\n" : "0\r\n\r\n") : "";
  const start = chunked && length > 0 ? `${length.toString(16)}\r\n` : "";
  if (length === 0) return { pieces: [encodeByteString(text + end)] };
  const body = toPlainBytes(request.body);
  const head = encodeByteString(text + start);
  const last = end === "" ? [] : [encodeByteString(end)];
  const pieces = [head, body, ...last];
  return { pieces: length > MAX_COPIED_BODY ? pieces : [concat(pieces)] };
}
