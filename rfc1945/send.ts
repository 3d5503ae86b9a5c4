/**
 * One whole HTTP/1.0 exchange in memory.
 *
 * @module
 */

import { Machine } from "../core/machine.ts";
import type { HttpCoroutine } from "../coroutine.ts";
import type { HttpRequest } from "../rfc9110/request.ts";
import {
  type HttpSendOptions,
  type HttpSendResult,
  startSend,
} from "../rfc9112/send.ts";

/** The steps of {@linkcode Http10Send}. */
export type Http10SendResult = HttpSendResult;

/**
 * Writes one request and reads one response, whole, over HTTP/1.0 (RFC 1945).
 *
 * The response is read as in HTTP/1.1, which is the version that most servers
 * answer with. A redirect is surfaced as `WantsRedirect` and never followed.
 * The connection may carry another request only if both sides sent
 * `Connection: keep-alive`.
 *
 * @example An exchange in memory
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Http10Send } from "@pimalaya/io-http/rfc1945";
 * import { HttpRequest } from "@pimalaya/io-http/rfc9110";
 *
 * const send = new Http10Send(HttpRequest.get("http://example.com/"));
 * assertEquals(send.resume().type, "WantsWrite");
 * assertEquals(send.resume().type, "WantsRead");
 *
 * send.resume(new TextEncoder().encode("HTTP/1.0 200 OK\r\n\r\nhi"));
 * const step = send.resume(null);
 *
 * assertEquals(step.type === "Ok" && step.response.text(), "hi");
 * assertEquals(step.type === "Ok" && step.closeReason, "ReadToClose");
 * ```
 */
export class Http10Send implements HttpCoroutine<Http10SendResult> {
  readonly #machine: Machine<Http10SendResult>;

  /**
   * Encodes the request.
   *
   * @param request The request to send.
   * @param options Limits, leniency, and the form of the request target.
   * @throws {TypeError} If the request cannot be written (see
   * {@linkcode encodeHttp10Request}).
   * @throws {RangeError} If a limit is not a non-negative integer.
   */
  constructor(request: HttpRequest, options?: HttpSendOptions) {
    this.#machine = new Machine(startSend(request, "HTTP/1.0", options));
  }

  /**
   * Takes one step.
   *
   * @param bytes The bytes just read, `null` at end of file, or nothing.
   * @returns What the exchange needs next, or how it ended.
   */
  resume(bytes?: Uint8Array | null): Http10SendResult {
    return this.#machine.resume(bytes);
  }
}
