/**
 * One call as a conversation over whole exchanges: redirects, resending,
 * credentials, and cookies, without I/O.
 *
 * @module
 */

import { checkNow } from "../core/fault.ts";
import { quote } from "../core/quote.ts";
import type { HttpRequest } from "../rfc9110/request.ts";
import { type HttpCallOptions, resolveCallOptions } from "./call_options.ts";
import { copyRequest } from "./hop.ts";
import {
  Conversation,
  type HttpCallInput,
  type HttpCallStep,
} from "./conversation.ts";

/**
 * One call, driven by hand or by an agent: from a request to its last response,
 * through redirects, attempts, and challenges.
 *
 * It does no I/O and reads no clock. Pass nothing to the first
 * {@linkcode HttpCall.resume | resume}, then the input that answers each step. `Ok`
 * and `Err` are final.
 *
 * @example A redirect, then a busy server
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { HttpHeaders, HttpRequest, HttpResponse } from "@pimalaya/io-http";
 * import { HttpCall } from "@pimalaya/io-http/agent";
 *
 * const call = new HttpCall(HttpRequest.get("http://a.example/"), {
 *   retry: true,
 * });
 * const answer = (status: number, headers: Record<string, string>) =>
 *   call.resume({
 *     type: "Response",
 *     response: new HttpResponse({
 *       status,
 *       headers: new HttpHeaders(headers),
 *     }),
 *     reused: false,
 *     now: 0,
 *   });
 *
 * call.resume();
 * const moved = answer(302, { Location: "http://b.example/" });
 * assertEquals(
 *   moved.type === "WantsExchange" && moved.request.url.href,
 *   "http://b.example/",
 * );
 * const busy = answer(503, { "Retry-After": "7" });
 * assertEquals(busy, { type: "WantsTimer", milliseconds: 7000 });
 * call.resume({ type: "Elapsed", now: 7000 });
 * const last = answer(204, {});
 * assertEquals(last.type === "Ok" && last.attempts, 3);
 * ```
 */
export class HttpCall {
  readonly #conversation: Conversation;
  #state: State = { type: "New" };

  /**
   * Starts a call.
   *
   * @param request The request. It is not changed.
   * @param options The policies.
   * @throws {TypeError} If `httpsOnly` is set and the URL is http, or an option
   * is invalid.
   * @throws {RangeError} If a number among the options is out of range.
   */
  constructor(request: HttpRequest, options: HttpCallOptions = {}) {
    const rules = resolveCallOptions(options);
    this.#conversation = new Conversation(copyRequest(request), rules);
  }

  /**
   * Takes one step.
   *
   * @param input The result of the last step. Without it, that step is returned
   * again.
   * @returns The next step of the call, or its end.
   * @throws {TypeError} If the input does not answer the last step.
   */
  resume(input?: HttpCallInput): HttpCallStep {
    const state = this.#state;
    if (state.type === "Thrown") throw state.error;
    if (state.type === "At") {
      if (input === undefined || isFinal(state.step)) return state.step;
      checkAnswers(state.step, input);
    } else if (input !== undefined) {
      throw new TypeError(
        `Cannot start a call with ${quote(input.type)}: pass nothing first`,
      );
    }
    const step = this.#next(input);
    this.#state = { type: "At", step };
    return step;
  }

  #next(input: HttpCallInput | undefined): HttpCallStep {
    try {
      return input === undefined
        ? this.#conversation.start()
        : this.#conversation.resume(input);
    } catch (error) {
      // One of the caller's functions threw.
      this.#state = { type: "Thrown", error };
      throw error;
    }
  }
}

type State =
  | { readonly type: "New" }
  | { readonly type: "At"; readonly step: HttpCallStep }
  | { readonly type: "Thrown"; readonly error: unknown };

function isFinal(step: HttpCallStep): boolean {
  return step.type === "Ok" || step.type === "Err";
}

/** @throws {TypeError} If an input does not answer a step. */
function checkAnswers(step: HttpCallStep, input: HttpCallInput): void {
  const { type } = input;
  const fits = step.type === "WantsExchange"
    ? type === "Response" || type === "Failed"
    : step.type === "WantsTimer"
    ? type === "Elapsed"
    : type === "Credentials";
  if (!fits) {
    throw new TypeError(`Cannot answer ${step.type} with ${quote(type)}`);
  }
  checkNow(input.now);
}
