/**
 * Reading one whole response, streamed.
 *
 * @module
 */

// A response is read head by head up to the final one, and then its body:
//
//   Heads ── 1xx except 101 ──> Interim ──> Heads
//     └─ any other ──> Head ──> Body ── Data ... ──> Ok
//
// End of file is an error, except in a body that ends when the connection
// closes. An error after the final head carries that head.

import { cannotRead, tooMuch } from "../core/fault.ts";
import type { Input } from "../core/input.ts";
import { Machine, type StepFunction } from "../core/machine.ts";
import type { Err, HttpCoroutine, WantsRead } from "../coroutine.ts";
import type { HttpError } from "../error.ts";
import { HttpHeaders } from "../rfc9110/headers.ts";
import type { HttpResponse, HttpVersion } from "../rfc9110/response.ts";
import { type BodyStep, readPlainBody } from "./_body_reader.ts";
import { withResponse } from "./_fault.ts";
import { decideFraming, type HttpFraming } from "./framing.ts";
import {
  type HttpReceiveOptions,
  type ReceiveSettings,
  resolveReceiveOptions,
} from "./limits.ts";
import {
  finalCloseReason,
  findCloseReason,
  type HttpCloseReason,
} from "./persistence.ts";
import { readChunkedBody } from "./receive_chunks.ts";
import { askForHead, HeadReader } from "./receive_head.ts";

/** The steps of {@linkcode Http11Receive}. */
export type Http11ReceiveResult =
  | WantsRead
  | Err
  | {
    /** Tells the steps apart: a 1xx other than 101, any number of times. */
    readonly type: "Interim";
    /** The interim response. */
    readonly response: HttpResponse;
  }
  | {
    /** Tells the steps apart: the final response's head, once. */
    readonly type: "Head";
    /** The head; its body is empty. */
    readonly response: HttpResponse;
    /** Where the body ends. */
    readonly framing: HttpFraming;
  }
  | {
    /** Tells the steps apart: a piece of the body, as soon as it arrives. */
    readonly type: "Data";
    /** Data without its framing, valid until the next call. */
    readonly bytes: Uint8Array<ArrayBuffer>;
  }
  | {
    /** Tells the steps apart: the response is complete. */
    readonly type: "Ok";
    /** The fields of the trailer section. */
    readonly trailers: HttpHeaders;
    /** The bytes that came after the response. */
    readonly remaining: Uint8Array<ArrayBuffer>;
    /** Whether the connection may carry another request. */
    readonly keepAlive: boolean;
    /** Why it may not, or `null` if it may. */
    readonly closeReason: HttpCloseReason | null;
    /** Whether the connection now speaks another protocol. */
    readonly upgraded: boolean;
  };

/**
 * Reads one whole response, streamed (RFC 9112 §6.3): interim responses, the
 * head, the body piece by piece, the trailers.
 *
 * @example A response that arrives in two pieces
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
   * Creates a reader of one response.
   *
   * @param request The request, or the parts that matter: its method, and
   * whether it asks to upgrade or to close.
   * @param options Limits and leniency. `maxBodyBytes` does not apply, since
   * nothing is buffered.
   * @throws {RangeError} If a limit is not a non-negative integer.
   * @throws {TypeError} If `lenient` names an unknown exception.
   */
  constructor(
    request: { method: string; headers: HttpHeaders },
    options?: HttpReceiveOptions,
  ) {
    const settings = resolveReceiveOptions(options);
    const takeStep = receiveResponse(request, "HTTP/1.1", settings);
    this.#machine = new Machine((input) => {
      const step = takeStep(input);
      return step.type === "End" ? finish(step, input) : step;
    });
  }

  /**
   * Takes one step.
   *
   * @param bytes The bytes just read, `null` at end of file, or nothing.
   * @returns What is needed next, a part of the response, or the fault.
   */
  resume(bytes?: Uint8Array | null): Http11ReceiveResult {
    return this.#machine.resume(bytes);
  }
}

function finish(end: EndStep, input: Input): Http11ReceiveResult {
  const remaining = input.takeRest();
  const closeReason = finalCloseReason(end.headReason, true, remaining);
  return {
    type: "Ok",
    trailers: end.trailers ?? new HttpHeaders(),
    remaining,
    keepAlive: closeReason === null,
    closeReason,
    upgraded: closeReason === "Upgraded",
  };
}

/** The end of a response. The input may go on. */
export interface EndStep {
  readonly type: "End";
  /** The fields of the trailer section, or `null` if there is none. */
  readonly trailers: HttpHeaders | null;
  /** The reason in the heads not to use the connection again. */
  readonly headReason: HttpCloseReason | null;
}

/** The steps of {@linkcode receiveResponse}. */
export type ReceiveStep =
  | WantsRead
  | { readonly type: "Interim"; readonly response: HttpResponse }
  | {
    readonly type: "Head";
    readonly response: HttpResponse;
    readonly framing: HttpFraming;
  }
  | { readonly type: "Data"; readonly bytes: Uint8Array<ArrayBuffer> }
  | EndStep;

/**
 * Starts reading one response.
 *
 * @returns A function that takes one step, or throws an {@linkcode HttpError} if
 * a head or the body is invalid or incomplete, or there are too many heads.
 */
export function receiveResponse(
  request: { readonly method: string; readonly headers: HttpHeaders },
  version: HttpVersion,
  settings: ReceiveSettings,
): StepFunction<ReceiveStep> {
  // Read now: later changes to the request have no effect.
  const { method, headers } = request;
  const asksToUpgrade = headers.has("upgrade");
  const persistence = { version, options: headers.get("Connection") };
  let head = new HeadReader(settings);
  let interims = 0;
  /** The response whose head was read last, unless another head follows it. */
  let response: HttpResponse | null = null;
  let readBody: StepFunction<BodyStep<HttpHeaders | null>> | null = null;
  let headReason: HttpCloseReason | null = null;

  function readHead(input: Input): ReceiveStep {
    response = head.read(input);
    if (response === null) return askForHead(input, interims === 0);
    if (response.isInformational && response.status !== 101) {
      const step: ReceiveStep = { type: "Interim", response };
      head = new HeadReader(settings);
      response = null;
      checkInterims(++interims, settings);
      return step;
    }
    if (response.status === 101 && !asksToUpgrade) throw unexpectedUpgrade();
    const decision = decideFraming(method, response);
    const { framing } = decision;
    headReason = findCloseReason(persistence, response, decision);
    readBody = makeBodyReader(framing, settings);
    return { type: "Head", response, framing };
  }

  return (input) => {
    try {
      if (readBody === null) return readHead(input);
      const step = readBody(input);
      if (step.type !== "End") return step;
      return { type: "End", trailers: step.trailers, headReason };
    } catch (error) {
      throw withResponse(error, response);
    }
  };
}

function checkInterims(count: number, settings: ReceiveSettings): void {
  const { maxInterimResponses } = settings;
  if (count <= maxInterimResponses) return;
  throw tooMuch(
    "TooManyInterimResponses",
    "response",
    "maxInterimResponses",
    maxInterimResponses,
    "interim responses before it",
  );
}

function unexpectedUpgrade(): HttpError {
  return cannotRead(
    "UnexpectedUpgrade",
    "response",
    "it switches protocols, but the request has no Upgrade field",
  );
}

function makeBodyReader(
  framing: HttpFraming,
  settings: ReceiveSettings,
): StepFunction<BodyStep<HttpHeaders | null>> {
  switch (framing.kind) {
    case "none":
    case "tunnel":
      return readPlainBody(0);
    case "length":
      return readPlainBody(framing.length);
    case "chunked":
      return readChunkedBody(settings);
    case "close":
      return readPlainBody(null);
  }
}
