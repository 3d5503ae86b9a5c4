/**
 * One whole HTTP/1.1 exchange in memory.
 *
 * @module
 */

import type { HttpCoroutine } from "../coroutine.ts";
import { Machine } from "../core/machine.ts";
import type { HttpRequest } from "../rfc9110/request.ts";
import { SendReader } from "./_send.ts";
import { encodeHttp11Request } from "./encode.ts";
import { resolveLimits } from "./limits.ts";
import type { HttpSendOptions, HttpSendResult } from "./send_result.ts";

/** The steps of {@linkcode Http11Send}. */
export type Http11SendResult = HttpSendResult;

/**
 * Writes one request and reads one response, whole, over HTTP/1.1 (RFC 9112).
 *
 * A 3xx with a usable `Location` is surfaced as `WantsRedirect` and never
 * followed; resuming after it gives the `Ok` with that same response. See
 * `redirectRequest` for the request that would follow.
 *
 * @example An exchange in memory
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Http11Send } from "@pimalaya/io-http/rfc9112";
 * import { HttpRequest } from "@pimalaya/io-http/rfc9110";
 *
 * const send = new Http11Send(HttpRequest.get("http://example.com/hi"));
 *
 * const write = send.resume();
 * assertEquals(write.type, "WantsWrite");
 * if (write.type === "WantsWrite") {
 *   assertEquals(
 *     new TextDecoder().decode(write.bytes),
 *     "GET /hi HTTP/1.1\r\nHost: example.com\r\n\r\n",
 *   );
 * }
 *
 * assertEquals(send.resume().type, "WantsRead");
 *
 * const end = send.resume(
 *   new TextEncoder().encode("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"),
 * );
 * assertEquals(end.type === "Ok" && end.response.text(), "hi");
 * ```
 */
export class Http11Send implements HttpCoroutine<Http11SendResult> {
  readonly #machine: Machine<Http11SendResult>;

  /**
   * Encodes the request.
   *
   * @param request What to send.
   * @param options Limits, and the form of the request target.
   * @throws {TypeError} If the request cannot be written (see
   * {@linkcode encodeHttp11Request}).
   * @throws {RangeError} If a limit is not a whole number from 0 on.
   */
  constructor(request: HttpRequest, options?: HttpSendOptions) {
    const bytes = encodeHttp11Request(request, options);
    this.#machine = new Machine(
      new SendReader(request, bytes, resolveLimits(options)),
    );
  }

  /**
   * Takes one step.
   *
   * @param bytes What was just read, an empty array at end of file, or nothing.
   * @returns What is wanted next, or how the exchange ended.
   */
  resume(bytes?: Uint8Array): Http11SendResult {
    return this.#machine.resume(bytes);
  }
}
