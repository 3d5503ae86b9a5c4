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

import { concat } from "@std/bytes/concat";
import type { Input } from "../core/input.ts";
import { Machine, type StepFunction, WANTS_READ } from "../core/machine.ts";
import type {
  Err,
  HttpCoroutine,
  WantsRead,
  WantsWrite,
} from "../coroutine.ts";
import { type HttpRedirect, redirectOf } from "../rfc9110/redirect.ts";
import type { HttpRequest } from "../rfc9110/request.ts";
import {
  completeResponse,
  type HttpResponse,
  type HttpVersion,
} from "../rfc9110/response.ts";
import { type BodyBuffer, bufferFor } from "./_body_buffer.ts";
import { encodeRequest, type HttpEncodeOptions } from "./encode.ts";
import { type HttpReceiveOptions, resolveReceiveOptions } from "./limits.ts";
import {
  endsUpload,
  finalCloseReason,
  type HttpCloseReason,
} from "./persistence.ts";
import { receiveResponse, type ReceiveStep } from "./receive.ts";

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

type Output = "Ready" | "Writing" | "Written" | "Stopped";
type SendOk = Extract<HttpSendResult, { type: "Ok" }>;
type InputStep = Exclude<HttpSendResult, WantsWrite | Err>;
type Step<Type> = Extract<ReceiveStep, { readonly type: Type }>;

type Reading =
  | { readonly at: "heads" }
  | Body
  | { readonly at: "redirect"; readonly ok: SendOk };

interface Body {
  readonly at: "body";
  readonly head: HttpResponse;
  readonly isTunnel: boolean;
  readonly buffer: BodyBuffer;
}

/**
 * Encodes a request, and returns the step function of its exchange.
 *
 * @throws {TypeError} If the request cannot be written.
 * @throws {RangeError} If a limit is not a non-negative integer.
 */
export function startSend(
  request: HttpRequest,
  version: HttpVersion,
  options: HttpSendOptions | undefined,
): StepFunction<HttpSendResult> {
  const sending = new Sending(request, version, options);
  return (input) => sending.step(input);
}

class Sending {
  readonly #pieces: readonly Uint8Array<ArrayBuffer>[];
  readonly #receive: StepFunction<ReceiveStep>;
  readonly #maxBodyBytes: number;
  readonly #method: string;
  readonly #href: string;
  readonly #interim: HttpResponse[] = [];
  /** How many pieces were requested to be written. */
  #requested = 0;
  #output: Output = "Ready";
  #reading: Reading = { at: "heads" };

  constructor(
    request: HttpRequest,
    version: HttpVersion,
    options: HttpSendOptions | undefined,
  ) {
    const settings = resolveReceiveOptions(options);
    this.#pieces = encodeRequest(request, version, options);
    this.#receive = receiveResponse(request, version, settings);
    this.#maxBodyBytes = settings.maxBodyBytes;
    // Read now: later changes to the request have no effect.
    this.#method = request.method;
    this.#href = request.url.href;
  }

  step(input: Input): HttpSendResult {
    if (input.isBare && this.#output === "Writing") {
      this.#output = this.#isPartial ? "Ready" : "Written";
    }
    if (this.#requested > 0) {
      const step = this.#read(input);
      if (step.type !== "WantsRead" || this.#output !== "Ready") return step;
    }
    this.#output = "Writing";
    return { type: "WantsWrite", bytes: this.#pieces[this.#requested++]! };
  }

  /** Whether pieces are left that were not requested to be written. */
  get #isPartial(): boolean {
    return this.#requested < this.#pieces.length;
  }

  #read(input: Input): InputStep {
    const reading = this.#reading;
    switch (reading.at) {
      case "heads":
        return this.#readHeads(input);
      case "body":
        return this.#readBody(input, reading);
      case "redirect":
        return endAfterRedirect(input, reading.ok);
    }
  }

  #readHeads(input: Input): InputStep {
    let step = this.#receive(input);
    while (step.type === "Interim") {
      this.#interim.push(step.response);
      step = this.#receive(input);
    }
    if (step.type !== "Head") return WANTS_READ;
    const body = this.#startBody(step);
    this.#reading = body;
    return this.#readBody(input, body);
  }

  #startBody({ response: head, framing }: Step<"Head">): Body {
    const isTunnel = framing.kind === "tunnel";
    if (this.#isPartial && !isTunnel && endsUpload(head)) {
      this.#output = "Stopped";
    }
    const buffer = bufferFor(head, framing, this.#maxBodyBytes);
    return { at: "body", head, isTunnel, buffer };
  }

  #readBody(input: Input, { head, isTunnel, buffer }: Body): InputStep {
    // The request is sent whole before another protocol starts (RFC 9110 §7.8).
    if (isTunnel && this.#isPartial) return WANTS_READ;
    let step = this.#receive(input);
    while (step.type === "Data") {
      buffer.push(step.bytes);
      step = this.#receive(input);
    }
    if (step.type !== "End") return WANTS_READ;
    const response = completeResponse(head, buffer.take(), step.trailers);
    const remaining = input.takeRest();
    const isWritten = this.#output === "Written";
    const reason = finalCloseReason(step.headReason, isWritten, remaining);
    const redirect = redirectOf(this.#method, this.#href, response);
    const ok = makeOk(response, this.#interim, remaining, redirect, reason);
    if (redirect === null) return ok;
    this.#reading = { at: "redirect", ok };
    return { ...ok, ...redirect, type: "WantsRedirect" };
  }
}

function makeOk(
  response: HttpResponse,
  interim: HttpResponse[],
  remaining: Uint8Array<ArrayBuffer>,
  redirect: HttpRedirect | null,
  closeReason: HttpCloseReason | null,
): SendOk {
  return {
    type: "Ok",
    response,
    interim,
    remaining,
    redirect,
    keepAlive: closeReason === null,
    closeReason,
    upgraded: closeReason === "Upgraded",
  };
}

/** Ends after a redirect. Bytes passed since then are unsolicited. */
function endAfterRedirect(input: Input, end: SendOk): SendOk {
  const late = input.takeRest();
  if (late.length === 0) return end;
  return {
    ...end,
    remaining: concat([end.remaining, late]),
    keepAlive: false,
    closeReason: end.closeReason ?? "UnexpectedBytes",
  };
}
