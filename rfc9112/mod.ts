/**
 * HTTP/1.1 on the wire (RFC 9112): encoding requests, reading responses, and
 * whole exchanges, all without I/O.
 *
 * ## The life of an exchange
 *
 * {@linkcode Http11Send} is an exchange in memory. Every other item is a part
 * of it, for programs that stream bodies or own one side only.
 *
 * ```text
 *    HttpRequest
 *        │ encodeHttp11Request          encodeHttp11Head + Http11ChunkEncoder,
 *        v                              for a body that is streamed
 *    WantsWrite ──> the server
 *                       │
 *    WantsRead <────────┘
 *        │ Http11Receive: one response, in steps
 *        │
 *        │   Http11ReceiveHead     status line and fields: the HttpResponse
 *        │     1xx ──> Interim, and the next head
 *        │   HttpFraming           where the body ends
 *        │   Data ... Data         the body, decoded (Http11ReceiveChunks)
 *        │   Ok                    trailers, remaining bytes, HttpCloseReason
 *        v
 *    WantsRedirect ──> Ok          Http11Send folds these steps into one response
 * ```
 *
 * Inside, {@linkcode Http11Send.resume} goes through few layers. To follow one
 * byte, read these files in this order:
 *
 * 1. `send.ts`: the exchange, with its output and its input side.
 * 2. `core/machine.ts` and `core/input.ts`: the contract of every coroutine, and
 *    the bytes that are not used yet.
 * 3. `encode.ts`: the request.
 * 4. `receive.ts`: interim heads, the final head, the body.
 * 5. `receive_head.ts`, `_status_line.ts`, and `_field_section.ts`: a head.
 * 6. `framing.ts` and `persistence.ts`: from a head, the framing of the body
 *    and the fate of the connection.
 *
 * @example An exchange, step by step
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Http11Send } from "@pimalaya/io-http/rfc9112";
 * import { HttpRequest } from "@pimalaya/io-http/rfc9110";
 *
 * const bytes = (text: string) => new TextEncoder().encode(text);
 * const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
 *
 * const send = new Http11Send(HttpRequest.get("http://example.com/hi"));
 *
 * // Write the request, and say so.
 * let step = send.resume();
 * assertEquals(
 *   step.type === "WantsWrite" && text(step.bytes),
 *   "GET /hi HTTP/1.1\r\nHost: example.com\r\n\r\n",
 * );
 * step = send.resume();
 *
 * // Pass the bytes read, in any pieces.
 * const pieces = ["HTTP/1.1 200 OK\r\nConte", "nt-Length: 2\r\n\r\n", "hi"];
 * while (step.type === "WantsRead") step = send.resume(bytes(pieces.shift()!));
 *
 * assertEquals(step.type, "Ok");
 * if (step.type === "Ok") {
 *   assertEquals(step.response.status, 200);
 *   assertEquals(step.response.text(), "hi");
 *   assertEquals(step.keepAlive, true); // Another request may follow.
 * }
 * ```
 *
 * @example A response, streamed
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Http11Receive } from "@pimalaya/io-http/rfc9112";
 * import { HttpRequest } from "@pimalaya/io-http/rfc9110";
 *
 * const receive = new Http11Receive(HttpRequest.get("http://example.com/"));
 * const reply = "HTTP/1.1 103 Early Hints\r\n\r\n" +
 *   "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" +
 *   "2\r\nhi\r\n0\r\n\r\n";
 *
 * const types: string[] = [];
 * let step = receive.resume(new TextEncoder().encode(reply));
 * while (step.type !== "Ok" && step.type !== "Err") {
 *   types.push(step.type);
 *   step = receive.resume();
 * }
 *
 * assertEquals(types, ["Interim", "Head", "Data"]);
 * assertEquals(step.type === "Ok" && step.closeReason, null);
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
export {
  encodeHttp11Head,
  encodeHttp11Request,
  type HttpEncodeOptions,
} from "./encode.ts";
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
