// The calls of an agent: buffered ones, whose response becomes one output, streamed
// ones, and those of fetch.

import type { StreamedBody } from "../client/exchange/body.ts";
import type { WholeResponse } from "../client/exchange/whole_body.ts";
import type { HttpHeaders } from "../rfc9110/headers.ts";
import { HttpRequest } from "../rfc9110/request.ts";
import { completeResponse } from "../rfc9110/response.ts";
import type { AgentCall, CallResult, CallWaiter } from "./agent_call.ts";
import type { AgentCore } from "./agent_core.ts";
import { AgentExchange, factsOf } from "./agent_exchange.ts";
import { Planner } from "./agent_plan.ts";
import type { HttpAgentExchange, HttpAgentOutput } from "./facts.ts";
import { explainSource } from "./fetch/body.ts";
import {
  checkingPorts,
  explainError,
  type FetchCall,
  type FetchCallOptions,
  type FetchHost,
  withDefaults,
} from "./fetch/fetch.ts";
import { copyRequest } from "./hop.ts";
import type { HttpAgentSendOptions } from "./options.ts";

type Resolve<Value> = (value: Value | Promise<Value>) => void;
type Reject = (error: unknown) => void;

/** Sends a request and reads the whole response; rejects if that fails. */
export function send(
  core: AgentCore,
  given: HttpRequest | string | URL,
  options: HttpAgentSendOptions,
): Promise<HttpAgentOutput> {
  return new Promise((resolve, reject) => {
    const starting = core.start(toRequest(given), options);
    run(starting, new Sending(resolve, reject), reject);
  });
}

/** The functions that settle the promise of a call. */
class Settler<Value> {
  readonly resolve: Resolve<Value>;
  readonly reject: Reject;

  constructor(resolve: Resolve<Value>, reject: Reject) {
    this.resolve = resolve;
    this.reject = reject;
  }
}

class Sending extends Settler<HttpAgentOutput> implements CallWaiter {
  whole(result: CallResult<WholeResponse>): void {
    this.resolve(outputOf(result.received, result));
  }

  streamed(result: CallResult<StreamedBody>, call: AgentCall): void {
    const reading = readBody(call, result);
    this.resolve(reading.then((whole) => outputOf(whole, result)));
  }
}

/**
 * Runs a call as soon as it has started.
 *
 * @param reject Called if it does not start.
 */
function run(
  starting: AgentCall | Promise<AgentCall>,
  waiter: CallWaiter,
  reject: Reject,
): void {
  if (starting instanceof Promise) {
    starting.then((call) => call.run(waiter), reject);
  } else {
    starting.run(waiter);
  }
}

function outputOf(
  { response, body, end: responseEnd }: WholeResponse,
  result: CallResult,
): HttpAgentOutput {
  const { attempt, decoding } = result;
  const { trailers, remaining, closeReason, uploaded } = responseEnd;
  return {
    response: completeResponse(decoding?.response ?? response, body, trailers),
    interim: attempt.interims,
    remaining,
    redirect: attempt.parts.driver.redirectOf(response),
    keepAlive: closeReason === null,
    closeReason,
    upgraded: false,
    reused: attempt.reused,
    uploaded,
    ...factsOf(result),
  };
}

/** Reads a body that was not collected: it is encoded, or that of a challenge. */
async function readBody(
  call: AgentCall,
  result: CallResult<StreamedBody>,
): Promise<WholeResponse> {
  const { received } = result;
  const body = await new AgentExchange(call, result).collect((held) => held);
  return { response: received.response, body, end: await received.whenEnded() };
}

/**
 * Sends a request, and resolves when the head of its response has arrived;
 * rejects if that fails.
 */
export function exchange(
  core: AgentCore,
  given: HttpRequest | string | URL,
  options: HttpAgentSendOptions,
): Promise<HttpAgentExchange> {
  return new Promise((resolve, reject) => {
    const starting = core.start(toRequest(given), options);
    run(starting, new Exchanging(resolve, reject), reject);
  });
}

class Exchanging extends Settler<HttpAgentExchange> implements CallWaiter {
  streamed(result: CallResult<StreamedBody>, call: AgentCall): void {
    this.resolve(new AgentExchange(call, result));
  }
}

/**
 * Copies a request, or creates one. The result belongs to the call.
 *
 * @throws {TypeError} If the URL is invalid.
 */
function toRequest(request: HttpRequest | string | URL): HttpRequest {
  return request instanceof HttpRequest
    ? copyRequest(request)
    : HttpRequest.get(request);
}

const CODINGS = "accept-encoding";

/** Creates the calls of a fetch over an agent. */
export function fetchHost(core: AgentCore): FetchHost {
  const { settings } = core;
  const { redirect, credentials, headers: { fields, withheld } } = settings;
  const planner = new Planner({
    ...settings,
    redirect: checkingPorts(redirect),
    headers: {
      fields: withDefaults(fields, (name) => withheld.has(name.toLowerCase())),
      withheld,
    },
  }, true);
  return {
    redirect,
    proxyCredentials: credentials &&
      ((ask) => ask.proxy ? credentials(ask) : null),
    decidesCodings: fields.has(CODINGS) || withheld.has(CODINGS),
    call: (request, options) => start(core, planner, request, options),
  };
}

/** Starts a call of fetch, and resolves when the head has arrived. */
function start(
  core: AgentCore,
  planner: Planner,
  asked: HttpRequest,
  options: FetchCallOptions,
): Promise<FetchCall> {
  return new Promise((resolve, reject) => {
    const starting = core.start(asked, options, planner);
    run(starting, new Fetching(resolve, reject, options.signal), reject);
  });
}

class Fetching implements CallWaiter {
  readonly #resolve: Resolve<FetchCall>;
  readonly #reject: Reject;
  readonly #signal: AbortSignal | undefined;

  constructor(
    resolve: Resolve<FetchCall>,
    reject: Reject,
    signal: AbortSignal | undefined,
  ) {
    this.#resolve = resolve;
    this.#reject = reject;
    this.#signal = signal;
  }

  streamed(result: CallResult<StreamedBody>, call: AgentCall): void {
    this.#resolve(fetchCallOf(call, result, this.#signal));
  }

  reject(error: unknown, call: AgentCall): void {
    this.#reject(call.isOfCaller(error) ? explainSource(error) : error);
  }
}

function fetchCallOf(
  call: AgentCall,
  result: CallResult<StreamedBody>,
  signal: AbortSignal | undefined,
): FetchCall {
  const { received: body, attempt, end, decoding } = result;
  const { url } = attempt.request;
  const head = body.response;
  // Many responses arrive in one read. They need no stream.
  const arrived = decoding === null
    ? body.takeArrived((bytes) => bodyInit(bytes, head.headers))
    : null;
  if (arrived === null) {
    const explain = (error: unknown) =>
      call.isOfCaller(error)
        ? explainSource(error)
        : explainError(error, signal);
    return new AgentExchange(call, result, explain);
  }
  return {
    head,
    url,
    hops: end.hops,
    redirect: attempt.parts.driver.redirectOf(head),
    upgraded: false,
    progress: () => call.progress,
    body: arrived,
    discard() {},
    handOut() {},
  };
}

// A longer string costs more than it saves if its bytes are read.
const MAX_TEXT = 16_384;
const BOM_START = 0xef;
const TEXT = /^text\/|\b(?:json|xml|javascript)\b/i;

const decoder = new TextDecoder();

/**
 * Copies a whole body for the constructor of Response: as a string if that encodes to
 * exactly those bytes, which takes half the time to create and to read.
 */
function bodyInit(
  bytes: Uint8Array,
  headers: HttpHeaders,
): string | Uint8Array<ArrayBuffer> {
  const mayBeText = bytes.length <= MAX_TEXT && bytes[0] !== BOM_START &&
    TEXT.test(headers.get("content-type") ?? "");
  if (mayBeText) {
    const text = decoder.decode(bytes);
    // That character may replace bytes of another charset.
    if (!text.includes("\ufffd")) return text;
  }
  return new Uint8Array(bytes);
}
