/**
 * Reading one whole response, streamed.
 *
 * @module
 */

import type { Err, HttpCoroutine, WantsRead } from "../coroutine.ts";
import type { Input } from "../core/input.ts";
import { Machine, type Reader } from "../core/machine.ts";
import type { HttpHeaders } from "../rfc9110/headers.ts";
import type { HttpResponse } from "../rfc9110/response.ts";
import { type BodyPhase, HeadPhase, type RequestInfo } from "./_receive.ts";
import type { HttpCloseReason } from "./close_reason.ts";
import type { HttpFraming } from "./framing.ts";
import { type HttpLimits, resolveLimits } from "./limits.ts";

/** The steps of {@linkcode Http11Receive}. */
export type Http11ReceiveResult =
  | WantsRead
  | Err
  | {
    /** The step's name: a 1xx other than 101, any number of times. */
    readonly type: "Interim";
    /** The interim response. */
    readonly response: HttpResponse;
  }
  | {
    /** The step's name: the final response's head, once. */
    readonly type: "Head";
    /** The head; its body is empty. */
    readonly response: HttpResponse;
    /** Where the body ends. */
    readonly framing: HttpFraming;
  }
  | {
    /** The step's name: a piece of the body, as soon as it is there. */
    readonly type: "Data";
    /** Data without its framing, valid until the next call of `resume`. */
    readonly bytes: Uint8Array;
  }
  | {
    /** The step's name: the response is complete. */
    readonly type: "Ok";
    /** The fields of the trailer section. */
    readonly trailers: HttpHeaders;
    /** The bytes that came after the response. */
    readonly remaining: Uint8Array<ArrayBuffer>;
    /** Whether the connection may carry another request. */
    readonly keepAlive: boolean;
    /** Why it may not, or `null` where it may. */
    readonly closeReason: HttpCloseReason | null;
    /** Whether the connection speaks another protocol from here on. */
    readonly upgraded: boolean;
  };

/**
 * Reads one whole response, streamed (RFC 9112 §6.3): interim responses, the
 * head, the body piece by piece, the trailers.
 *
 * @example A response that comes in two pieces
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Http11Receive } from "@pimalaya/io-http/rfc9112";
 * import { HttpRequest } from "@pimalaya/io-http/rfc9110";
 *
 * const encoder = new TextEncoder();
 * const receive = new Http11Receive(HttpRequest.get("http://example.com/"));
 * const types: string[] = [];
 *
 * let step = receive.resume(
 *   encoder.encode("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe"),
 * );
 * while (step.type !== "Ok" && step.type !== "Err") {
 *   types.push(step.type);
 *   step = step.type === "WantsRead"
 *     ? receive.resume(encoder.encode("llo"))
 *     : receive.resume();
 * }
 *
 * assertEquals(types, ["Head", "Data", "WantsRead", "Data"]);
 * assertEquals(step.type === "Ok" && step.keepAlive, true);
 * ```
 */
export class Http11Receive implements HttpCoroutine<Http11ReceiveResult> {
  readonly #machine: Machine<Http11ReceiveResult>;

  /**
   * Starts before the response.
   *
   * @param request The request that is answered, or what of it matters: its
   * method, and whether it asked to upgrade or to close.
   * @param limits How much the peer may send; `maxBodyBytes` does not count
   * here, for nothing is buffered.
   * @throws {RangeError} If a limit is not a whole number from 0 on.
   */
  constructor(
    request: { method: string; headers: HttpHeaders },
    limits?: Partial<HttpLimits>,
  ) {
    this.#machine = new Machine(
      new ResponseReader(request, resolveLimits(limits)),
    );
  }

  /**
   * Takes one step.
   *
   * @param bytes What was just read, an empty array at end of file, or nothing.
   * @returns What is wanted next, a part of the response, or what is wrong.
   */
  resume(bytes?: Uint8Array): Http11ReceiveResult {
    return this.#machine.resume(bytes);
  }
}

class ResponseReader implements Reader<Http11ReceiveResult> {
  #phase: HeadPhase | BodyPhase;

  constructor(request: RequestInfo, limits: HttpLimits) {
    this.#phase = new HeadPhase(request, limits);
  }

  step(input: Input): Http11ReceiveResult {
    const step = this.#phase.step(input);
    if (step.type !== "Head") return step;
    this.#phase = step.body;
    return { type: "Head", response: step.response, framing: step.framing };
  }
}
