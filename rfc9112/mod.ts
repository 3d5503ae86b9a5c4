/**
 * HTTP/1.1 on the wire (RFC 9112): writing requests, reading responses, and
 * whole exchanges, all of it without I/O.
 *
 * @example A whole exchange in memory
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Http11Send } from "@pimalaya/io-http/rfc9112";
 * import { HttpRequest } from "@pimalaya/io-http/rfc9110";
 *
 * const send = new Http11Send(HttpRequest.get("http://example.com/"));
 * assertEquals(send.resume().type, "WantsWrite");
 * assertEquals(send.resume().type, "WantsRead");
 *
 * const step = send.resume(
 *   new TextEncoder().encode("HTTP/1.1 204 No Content\r\n\r\n"),
 * );
 * assertEquals(step.type === "Ok" && step.response.status, 204);
 * ```
 *
 * @module
 */

export type {
  Err,
  HttpCoroutine,
  WantsRead,
  WantsWrite,
} from "../coroutine.ts";
export {
  HttpError,
  type HttpErrorCode,
  type HttpErrorOptions,
  type HttpProgress,
  type HttpTimeouts,
} from "../error.ts";
export { Http11ChunkEncoder } from "./chunk_encoder.ts";
export { encodeHttp11Request } from "./encode.ts";
export { encodeHttp11Head, type HttpEncodeOptions } from "./encode_head.ts";
export type { HttpFraming } from "./framing.ts";
export type { HttpLeniency, HttpLimits, HttpReceiveOptions } from "./limits.ts";
export type { HttpCloseReason } from "./persistence.ts";
export { Http11Receive, type Http11ReceiveResult } from "./receive.ts";
export {
  Http11ReceiveChunks,
  type Http11ReceiveChunksResult,
} from "./receive_chunks.ts";
export {
  Http11ReceiveHead,
  type Http11ReceiveHeadResult,
} from "./receive_head.ts";
export {
  Http11Send,
  type Http11SendResult,
  type HttpSendOptions,
  type HttpSendOutput,
  type HttpSendResult,
} from "./send.ts";
