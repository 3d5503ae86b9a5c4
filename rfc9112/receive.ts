/**
 * Reading one whole response, streamed.
 *
 * @module
 */

import type { Err, HttpCoroutine, WantsRead } from "../coroutine.ts";
import { Machine } from "../core/machine.ts";
import type { HttpHeaders } from "../rfc9110/headers.ts";
import type { HttpResponse } from "../rfc9110/response.ts";
import { finalCloseReason } from "./_persistence.ts";
import { type BodyPhase, type BodyStep, HeadPhase } from "./_receive.ts";
import type { HttpCloseReason } from "./close_reason.ts";
import type { HttpFraming } from "./framing.ts";
import { type HttpReceiveOptions, resolveLimits } from "./limits.ts";

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
    readonly bytes: Uint8Array<ArrayBuffer>;
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
   * @param options How much the peer may send; `maxBodyBytes` does not count
   * here, for nothing is buffered.
   * @throws {RangeError} If a limit is not a whole number from 0 on.
   */
  constructor(
    request: { method: string; headers: HttpHeaders },
    options?: HttpReceiveOptions,
  ) {
    let phase: HeadPhase | BodyPhase = new HeadPhase(
      request,
      resolveLimits(options),
    );
    this.#machine = new Machine((input) => {
      const step = phase.step(input);
      if (step.type === "Head") {
        phase = step.body;
        return { type: "Head", response: step.response, framing: step.framing };
      }
      return step.type === "Ok" ? finish(step) : step;
    });
  }

  /**
   * Takes one step.
   *
   * @param bytes The bytes just read, `null` at end of file, or nothing.
   * @returns What is wanted next, a part of the response, or what is wrong.
   */
  resume(bytes?: Uint8Array | null): Http11ReceiveResult {
    return this.#machine.resume(bytes);
  }
}

function finish(
  { trailers, remaining, headReason }: Extract<BodyStep, { type: "Ok" }>,
): Http11ReceiveResult {
  const closeReason = finalCloseReason(headReason, true, remaining);
  return {
    type: "Ok",
    trailers,
    remaining,
    keepAlive: closeReason === null,
    closeReason,
    upgraded: closeReason === "Upgraded",
  };
}
