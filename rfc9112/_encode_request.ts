// Head and body in one piece, for both versions.

import { concat } from "@std/bytes";
import { encodeByteString } from "../rfc9110/_byte_string.ts";
import { bodyLength, type HttpRequest } from "../rfc9110/request.ts";
import type { HttpVersion } from "../rfc9110/response.ts";
import { encodeHead } from "./_encode_head.ts";
import { Http11ChunkEncoder } from "./chunk_encoder.ts";
import type { HttpEncodeOptions } from "./encode_options.ts";

/**
 * Writes a whole request.
 *
 * @throws {TypeError} If the request contradicts itself.
 */
export function encodeRequest(
  request: HttpRequest,
  version: HttpVersion,
  options: HttpEncodeOptions | undefined,
): Uint8Array<ArrayBuffer> {
  const plan = { version, streamed: false, options };
  const { text, chunked } = encodeHead(request, plan);
  const head = encodeByteString(text);
  if (chunked) return concat([head, ...encodeChunked(request.body)]);
  return bodyLength(request) === 0 ? head : concat([head, request.body]);
}

function encodeChunked(body: Uint8Array): Uint8Array[] {
  const encoder = new Http11ChunkEncoder();
  return [...encoder.chunk(body), encoder.end()];
}
