/**
 * HTTP/1.0 on the wire (RFC 1945): encoding requests, and whole exchanges, all
 * without I/O.
 *
 * @example A whole exchange in memory
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Http10Send } from "@pimalaya/io-http/rfc1945";
 * import { HttpRequest } from "@pimalaya/io-http/rfc9110";
 *
 * const send = new Http10Send(HttpRequest.head("http://example.com/"));
 * assertEquals(send.resume().type, "WantsWrite");
 * assertEquals(send.resume().type, "WantsRead");
 *
 * const step = send.resume(
 *   new TextEncoder().encode("HTTP/1.0 200 OK\r\nContent-Length: 99\r\n\r\n"),
 * );
 * assertEquals(step.type === "Ok" && step.closeReason, "Http10");
 * ```
 *
 * @module
 */

export type {
  HttpEncodeOptions,
  HttpSendOptions,
  HttpSendOutput,
  HttpSendResult,
} from "../rfc9112/mod.ts";
export { encodeHttp10Request } from "./encode.ts";
export { Http10Send, type Http10SendResult } from "./send.ts";
