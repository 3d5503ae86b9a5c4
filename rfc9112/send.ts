/**
 * One whole exchange in memory.
 *
 * @module
 */

// The two halves of an exchange run side by side:
//
//   output   Ready ──WantsWrite──> Writing ──resume()──> Ready ... Written
//              └───────┴── a final response that ends the upload ──> Stopped
//   input    heads ──> body ──> Ok
//                        └── a redirect ──> WantsRedirect ──> Ok
//
// The head of the request goes out before any input is read. From then on,
// input comes first: a response may arrive before the request is written, and
// may make the rest of it pointless (RFC 9112 §9.3, §9.5).

import { concat } from "@std/bytes";
import type { Input } from "../core/input.ts";
import { Machine, type StepFunction, WANTS_READ } from "../core/machine.ts";
import type {
  Err,
  HttpCoroutine,
  WantsRead,
  WantsWrite,
} from "../coroutine.ts";
import { listIncludes } from "../rfc9110/_syntax.ts";
import { findRedirect, type HttpRedirect } from "../rfc9110/redirect.ts";
import type { HttpRequest } from "../rfc9110/request.ts";
import { completeResponse, type HttpResponse } from "../rfc9110/response.ts";
import type { HttpVersion } from "../rfc9110/response.ts";
import { BodyBuffer } from "./_body_buffer.ts";
import { encodeRequest } from "./_encode_request.ts";
import { finalCloseReason } from "./_persistence.ts";
import {
  type BodyPhase,
  type BodyStep,
  HeadPhase,
  type HeadStep,
} from "./_receive.ts";
import type { HttpCloseReason } from "./close_reason.ts";
import type { HttpEncodeOptions } from "./encode_options.ts";
import {
  type HttpLimits,
  type HttpReceiveOptions,
  resolveLimits,
} from "./limits.ts";

/** Options of an exchange: how to read its response, and the request target. */
export interface HttpSendOptions
  extends HttpReceiveOptions, HttpEncodeOptions {}

/** The outcome of an exchange. */
export interface HttpSendOutput {
  /** The final response, whole. */
  response: HttpResponse;
  /** The interim responses that came before it, in order. */
  interim: HttpResponse[];
  /** The bytes that came after the response. */
  remaining: Uint8Array<ArrayBuffer>;
  /** Where the response redirects to, or `null` if it is not a redirect. */
  redirect: HttpRedirect | null;
  /** Whether the connection may carry another request. */
  keepAlive: boolean;
  /** Why it may not, or `null` if it may. */
  closeReason: HttpCloseReason | null;
  /** Whether the connection now speaks another protocol. */
  upgraded: boolean;
}

/** The steps of an exchange of either version. */
export type HttpSendResult =
  | WantsRead
  | WantsWrite
  | Err
  | {
    /** Tells the steps apart: the response is a redirect. */
    readonly type: "WantsRedirect";
    /** The target, resolved against the request's URL. */
    readonly url: URL;
    /** Whether scheme, host, and port are those of the request. */
    readonly sameOrigin: boolean;
  } & Readonly<HttpSendOutput>
  | {
    /** Tells the steps apart: the exchange is complete. */
    readonly type: "Ok";
  } & Readonly<HttpSendOutput>;

/** The steps of {@linkcode Http11Send}. */
export type Http11SendResult = HttpSendResult;

/**
 * Writes one request and reads one response, whole, over HTTP/1.1 (RFC 9112).
 *
 * A redirect is surfaced as `WantsRedirect` and never followed. Resuming after
 * it returns the `Ok` with the same response. `redirectRequest` creates the
 * request that would follow it.
 *
 * Head and body go out in one write, unless the body is larger than 16 KiB.
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
   * @param request The request to send.
   * @param options Limits, leniency, and the form of the request target.
   * @throws {TypeError} If the request cannot be written (see
   * {@linkcode encodeHttp11Request}).
   * @throws {RangeError} If a limit is not a non-negative integer.
   */
  constructor(request: HttpRequest, options?: HttpSendOptions) {
    this.#machine = new Machine(startSend(request, "HTTP/1.1", options));
  }

  /**
   * Takes one step.
   *
   * @param bytes The bytes just read, `null` at end of file, or nothing.
   * @returns What the exchange needs next, or how it ended.
   */
  resume(bytes?: Uint8Array | null): Http11SendResult {
    return this.#machine.resume(bytes);
  }
}

/**
 * Encodes a request, and returns the function that takes the steps of its
 * exchange.
 *
 * @throws {TypeError} If the request cannot be written.
 * @throws {RangeError} If a limit is not a non-negative integer.
 */
export function startSend(
  request: HttpRequest,
  version: HttpVersion,
  options: HttpSendOptions | undefined,
): StepFunction<HttpSendResult> {
  const limits = resolveLimits(options);
  const { pieces } = encodeRequest(request, version, options);
  const exchange = new SendExchange(request, version, pieces, limits);
  return (input) => exchange.step(input);
}

type Output = "Ready" | "Writing" | "Written" | "Stopped";

type InputState =
  | { readonly at: "Head" }
  | {
    readonly at: "Body";
    readonly response: HttpResponse;
    readonly phase: BodyPhase;
    readonly buffer: BodyBuffer;
    readonly isTunnel: boolean;
  }
  | {
    readonly at: "Redirect";
    readonly output: Readonly<HttpSendOutput>;
  };

type BodyState = Extract<InputState, { at: "Body" }>;

/** The state of one exchange. */
class SendExchange {
  readonly #request: { readonly method: string; readonly href: string };
  readonly #limits: HttpLimits;
  readonly #pieces: readonly Uint8Array<ArrayBuffer>[];
  /** How many pieces were requested. */
  #requested = 0;
  #output: Output = "Ready";
  readonly #heads: HeadPhase;
  readonly #interim: HttpResponse[] = [];
  #state: InputState = { at: "Head" };

  constructor(
    request: HttpRequest,
    version: HttpVersion,
    pieces: readonly Uint8Array<ArrayBuffer>[],
    limits: HttpLimits,
  ) {
    // Read now: later changes to the request have no effect.
    const { method, url, headers } = request;
    this.#request = { method, href: url.href };
    this.#limits = limits;
    this.#pieces = pieces;
    this.#heads = new HeadPhase({ method, headers, version }, limits);
  }

  step(input: Input): HttpSendResult {
    if (input.isBare && this.#output === "Writing") this.#confirm();
    if (this.#requested === 0) return this.#write();
    const step = this.#read(input);
    return step.type === "WantsRead" && this.#output === "Ready"
      ? this.#write()
      : step;
  }

  #write(): WantsWrite {
    this.#output = "Writing";
    return { type: "WantsWrite", bytes: this.#pieces[this.#requested++]! };
  }

  #confirm(): void {
    this.#output = this.#requested < this.#pieces.length ? "Ready" : "Written";
  }

  #read(input: Input): Exclude<HttpSendResult, WantsWrite | Err> {
    if (this.#state.at === "Head") {
      const step = this.#readHeads(input);
      if (step.type !== "Head") return step;
    }
    return this.#state.at === "Body"
      ? this.#readBody(input, this.#state)
      : this.#endRedirect(input, this.#state as never);
  }

  #readHeads(input: Input): Exclude<HeadStep, { type: "Interim" }> {
    while (true) {
      const step = this.#heads.step(input);
      if (step.type === "WantsRead") return step;
      const { response } = step;
      if (step.type === "Head") {
        this.#startBody(step);
        return step;
      }
      this.#interim.push(response);
    }
  }

  #startBody(
    { response, framing, body }: Extract<HeadStep, { type: "Head" }>,
  ): void {
    const isTunnel = framing.kind === "tunnel";
    if (this.#output !== "Written" && !isTunnel && endsUpload(response)) {
      this.#output = "Stopped";
    }
    const expected = framing.kind === "length" ? framing.length : null;
    const buffer = new BodyBuffer(this.#limits.maxBodyBytes, expected);
    this.#state = { at: "Body", response, phase: body, buffer, isTunnel };
  }

  #readBody(
    input: Input,
    state: BodyState,
  ): Exclude<HttpSendResult, WantsWrite | Err> {
    // Another protocol starts once the request has been requested whole (RFC
    // 9110 §7.8).
    const isWaiting = state.isTunnel && this.#requested < this.#pieces.length;
    if (isWaiting) return WANTS_READ;
    while (true) {
      const step = state.phase.step(input);
      if (step.type === "WantsRead") return step;
      if (step.type === "Ok") return this.#finish(state, step);
      state.buffer.push(step.bytes);
    }
  }

  #finish(
    { response, buffer }: BodyState,
    end: Extract<BodyStep, { type: "Ok" }>,
  ): Exclude<HttpSendResult, WantsRead | WantsWrite | Err> {
    const { trailers, remaining, headReason } = end;
    const isWritten = this.#output === "Written";
    const closeReason = finalCloseReason(headReason, isWritten, remaining);
    const { method, href } = this.#request;
    const redirect = response.isRedirection
      ? findRedirect({ method, url: new URL(href) }, response)
      : null;
    const output: HttpSendOutput = {
      response: completeResponse(response, buffer.finish(), trailers),
      interim: this.#interim,
      remaining,
      redirect,
      keepAlive: closeReason === null,
      closeReason,
      upgraded: closeReason === "Upgraded",
    };
    if (redirect === null) return { type: "Ok", ...output };
    this.#state = { at: "Redirect", output };
    return { type: "WantsRedirect", ...redirect, ...output };
  }

  /** Ends after a redirect; bytes passed since then are unsolicited. */
  #endRedirect(
    input: Input,
    { output }: Extract<InputState, { at: "Redirect" }>,
  ): Extract<HttpSendResult, { type: "Ok" }> {
    const late = input.takeRest();
    if (late.length === 0) return { type: "Ok", ...output };
    const remaining = concat([output.remaining, late]);
    const closeReason = output.closeReason ?? "UnexpectedBytes";
    return { type: "Ok", ...output, remaining, keepAlive: false, closeReason };
  }
}

/** Tells whether a final response makes the rest of the request pointless. */
function endsUpload({ status, headers }: HttpResponse): boolean {
  if (status >= 300) return true;
  const options = headers.get("connection");
  return options !== null && listIncludes(options, "close");
}
