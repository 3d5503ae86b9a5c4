// One call of an agent: drives a conversation over the pool.
//
//   attempting <──> waiting        (for a retry, credentials, or a body)
//       └──> answered ──> over     (the head of the response has arrived)
//
// The call reads a challenge ahead before it asks for credentials: finding them may
// need the connection, and if there are none, the challenge is the response.

import { StreamedBody } from "../client/exchange/body.ts";
import { isThenable } from "../client/exchange/source.ts";
import type { WholeResponse } from "../client/exchange/whole_body.ts";
import { addAbortListener } from "../client/transport/abort_listeners.ts";
import { nextTurn } from "../client/transport/turn.ts";
import { quote } from "../core/quote.ts";
import { HttpError, type HttpProgress } from "../error.ts";
import type { HttpResponse } from "../rfc9110/response.ts";
import { Link } from "./_linked_list.ts";
import { Attempt, type AttemptHost } from "./agent_attempt.ts";
import { Attempts } from "./agent_attempts.ts";
import { type BodyUse, UnreadBody } from "./agent_unread.ts";
import { askForCredentials } from "./ask.ts";
import { type CallBody, prepareBody, type SentBody } from "./agent_body.ts";
import { type CallPlan, NO_OPTIONS, type SendOptions } from "./agent_plan.ts";
import { startPause } from "./clock.ts";
import type {
  Conversation,
  HttpCallExchange,
  HttpCallInput,
  HttpCallStep,
} from "./conversation.ts";
import { Timed } from "./deadlines.ts";
import { type Decoding, findDecoding } from "./decode.ts";
import type { HttpAgentSendOptions, HttpWarning } from "./options.ts";
import type { Pool } from "./pool.ts";
import type { Route } from "./route.ts";
import type { CallSettings } from "./settings.ts";
import { timeoutError, type Timeouts } from "./timeouts.ts";

/** The part of an agent that a call uses. */
export interface CallHost {
  readonly pool: Pool;
  /** Whether bodies that nobody reads are dropped. */
  readonly isClosing: boolean;
  /**
   * Checks that a call may start.
   *
   * @throws {TypeError} If the agent is closed.
   * @throws {unknown} The reason of the signal, if it is aborted.
   */
  checkStart(options: HttpAgentSendOptions): void;
  /** Finds the route of a hop. */
  findRoute(url: URL, proxy: URL | null, settings: CallSettings): Route;
  /** Forgets the call. */
  remove(call: AgentCall): void;
  warn(warning: HttpWarning): void;
}

/** The result of a call. */
export interface CallResult<Received = StreamedBody | WholeResponse> {
  readonly received: Received;
  readonly attempt: Attempt;
  readonly end: Step<"Ok">;
  /** How to decode the body, if it is encoded. It is then streamed. */
  readonly decoding: Decoding | null;
}

/** Receives the result of a call. */
export interface CallWaiter {
  /** Receives a response with its body. Without it, no body is collected. */
  whole?(result: CallResult<WholeResponse>): void;
  /** Receives a response whose body is to be read, or to be decoded first. */
  streamed(result: CallResult<StreamedBody>, call: AgentCall): void;
  /** Receives the error of the call. */
  reject(error: unknown, call: AgentCall): void;
}

type State =
  | { readonly kind: "attempting" }
  | { readonly kind: "waiting"; readonly cancel: (reason: unknown) => void }
  | {
    readonly kind: "answered";
    /** The body, if it was left to an exchange. */
    readonly unread: UnreadBody | null;
  }
  | { readonly kind: "over" };

const ATTEMPTING: State = { kind: "attempting" };
const ANSWERED: State = { kind: "answered", unread: null };
/** The same, with a body that was read to its end. */
const COLLECTED: State = { kind: "answered", unread: null };
const OVER: State = { kind: "over" };

type Step<Type> = HttpCallStep & { readonly type: Type };

const SETTLED = Promise.resolve();

const NOT_SENT = "The request body was not sent: the server has responded";

/** @throws {TypeError} If the response could start another protocol. */
function checkWhole(step: HttpCallStep): void {
  if (step.type !== "WantsExchange") return;
  const { method, headers } = step.request;
  if (method !== "CONNECT" && !headers.has("upgrade")) return;
  throw new TypeError(
    "Cannot send a request for another protocol: use exchange()",
  );
}

/** One call of an agent. */
export class AgentCall extends Timed implements AttemptHost {
  readonly host: CallHost;
  /** Its place among the calls of a pool. */
  readonly link: Link<AgentCall> = new Link<AgentCall>(this);
  readonly plan: CallPlan;
  #options: HttpAgentSendOptions;
  #body: CallBody;
  /** Decides on each next step; `null` once the last one is known. */
  #conversation: Conversation | null;
  /** The URL that the caller requested. */
  readonly #url: URL;
  readonly #startedAt: number;
  #waiter: CallWaiter | null = null;
  #state: State = ATTEMPTING;
  readonly #attempts = new Attempts();
  /** The last step of the conversation; `null` while its request is under way. */
  #step: HttpCallStep | null;
  #decoding: Decoding | null = null;
  /** Why the call was ended, if it was. */
  #failure: { readonly reason: unknown } | null = null;
  /** Stops listening to the signal, if there is one. */
  readonly #ignoreSignal: (() => void) | undefined;

  constructor(
    host: CallHost,
    conversation: Conversation,
    plan: CallPlan,
    options: HttpAgentSendOptions,
    body: CallBody,
  ) {
    super();
    this.host = host;
    this.plan = plan;
    this.#options = options;
    this.#body = body;
    this.#conversation = conversation;
    this.#startedAt = host.pool.deadlines.now();
    const first = conversation.start();
    this.#url = first.request.url;
    this.#step = first;
    const { signal } = options;
    this.#ignoreSignal = signal &&
      addAbortListener(signal, () => this.abort(signal.reason));
  }

  get pool(): Pool {
    return this.host.pool;
  }

  get timeouts(): Timeouts {
    return this.plan.settings.timeouts;
  }

  get deadline(): number {
    const total = this.#startedAt + this.timeouts.total;
    return Math.min(total, this.#attempts.last?.deadline ?? Infinity);
  }

  /** How far the call has come, with all its attempts. */
  get progress(): HttpProgress {
    return this.#attempts.progress(this.#isPaused);
  }

  /** Starts the call. */
  run(waiter: CallWaiter): void {
    this.#waiter = waiter;
    try {
      // The caller's own functions have run, and may have ended it.
      this.host.checkStart(this.#options);
      const step = this.#step!;
      if (waiter.whole !== undefined) checkWhole(step);
      this.#follow(step);
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Ends the call. Pending promises reject with the reason. */
  abort(reason: unknown): void {
    if (this.#failure !== null || this.#isOver) return;
    this.#failure = { reason };
    this.#endAttempt(reason);
  }

  /** Leaves the body to an exchange, which may be dropped without a call. */
  handOver(
    exchange: object,
    { received, attempt }: CallResult<StreamedBody>,
    use: BodyUse,
  ): void {
    if (this.#state.kind !== "answered") return;
    const unread = new UnreadBody(attempt, received, use);
    unread.watch(exchange, () => this.#drop());
    this.#state = { kind: "answered", unread };
  }

  /** Returns whether an error is of the body's source, or of `onInterim`. */
  isOfCaller(error: unknown): boolean {
    return this.#attempts.last?.isOfCaller(error) ?? false;
  }

  /** Drops the body of the response if nobody is reading it. */
  dropUnread(): void {
    const state = this.#state;
    if (state.kind === "answered") state.unread?.dropUnread(this);
  }

  /** Releases everything that the call holds, once its body is read or it has failed. */
  finish(): void {
    const state = this.#state;
    if (state.kind === "over") return;
    if (state.kind === "answered") state.unread?.forget();
    this.#state = OVER;
    const body = this.#body;
    this.#ignoreSignal?.();
    // The server has responded without reading it.
    if (!body.replayable) body.cancel(new DOMException(NOT_SENT, "AbortError"));
    this.pool.deadlines.forget(this);
    this.host.remove(this);
    if (state !== COLLECTED) return;
    // Nobody will ask for it, and after a wait, V8 counts the call as old (see
    // `Waiting`).
    this.#step = null;
    this.#attempts.last?.forget();
  }

  expire(now: number): void {
    const { timeouts } = this;
    const { current, last } = this.#attempts;
    const timeout = now >= this.#startedAt + timeouts.total || current === null
      ? "total"
      : current.expired(now);
    const isOfAttempt = timeout === "attempt" || timeout === "connect";
    const isLast = !isOfAttempt || this.#step?.type === "Ok";
    const error = timeoutError(timeout, {
      origin: current?.route.origin ?? this.#url.origin,
      limit: timeouts[timeout],
      detail: current?.detail ?? "",
      progress: isLast || current === null ? this.progress : current.progress,
      response: last?.response ?? null,
    });
    if (isLast) return this.abort(error);
    // The conversation decides whether another one follows.
    this.#endAttempt(error);
    this.watch();
  }

  watch(): void {
    if (!this.#isOver) this.pool.deadlines.watch(this);
  }

  over(attempt: Attempt): void {
    const isAnswered = this.#state.kind === "answered";
    if (isAnswered && attempt === this.#attempts.last) this.finish();
  }

  /** Tells the conversation of a response, as soon as its head has arrived. */
  decide(attempt: Attempt, response: HttpResponse): boolean {
    this.#step = this.#tell({
      type: "Response",
      response,
      reused: attempt.reused,
      bodyUsed: this.#body.used,
      now: this.#time(),
    });
    if (this.#step?.type !== "Ok") return false;
    this.#decoding = this.#findDecoding(attempt, response);
    return this.#waiter?.whole !== undefined && this.#decoding === null;
  }

  received(attempt: Attempt, received: WholeResponse | StreamedBody): void {
    // The exchange that opens a body must return before the body is used.
    if (received instanceof StreamedBody) {
      SETTLED.then(() => this.#receiveBody(attempt, received));
    } else {
      this.#answer(attempt, received);
    }
  }

  complete(error: unknown): unknown {
    return this.#failure === null
      ? this.#attempts.complete(error, this.#isPaused)
      : this.#failure.reason;
  }

  failed(error: unknown): void {
    // An exchange that fails must return before another one starts.
    SETTLED.then(() => this.#failAttempt(error));
  }

  get #isOver(): boolean {
    return this.#state.kind === "over";
  }

  /** Passes an event to the conversation, which has not ended. */
  #tell(input: HttpCallInput): HttpCallStep {
    return this.#conversation!.resume(input);
  }

  /** Carries out a step of the conversation that needs no response. */
  #follow(step: HttpCallStep): void {
    this.#step = step.type === "WantsExchange" ? null : step;
    if (step.type === "Err") throw step.error;
    if (step.type === "WantsExchange") this.#send(step);
    if (step.type === "WantsTimer") this.#guard(this.#pause(step.milliseconds));
  }

  #guard(work: Promise<void>): void {
    work.catch((error) => this.#fail(error));
  }

  #send(step: HttpCallExchange): void {
    const attempt = this.#startAttempt(step);
    try {
      const options = this.#sendOptions(step);
      if (!(options instanceof Promise)) {
        return this.#exchange(attempt, options);
      }
      options
        .then((options) => {
          attempt.delay();
          this.#exchange(attempt, options);
        })
        .catch((error) => this.#failAttempt(error));
    } catch (error) {
      this.#failAttempt(error);
    }
  }

  #exchange(attempt: Attempt, options: SendOptions): void {
    // The caller's own code may have aborted it meanwhile.
    this.#checkFailure();
    this.#state = ATTEMPTING;
    attempt.exchange(options);
  }

  #receiveBody(attempt: Attempt, body: StreamedBody): void {
    const step = this.#step!;
    if (step.type === "Ok") {
      this.#answer(attempt, body);
    } else if (step.type === "WantsCredentials") {
      this.#guard(this.#authenticate(step, attempt, body));
    } else {
      this.#guard(this.#leave(step, body));
    }
  }

  /** Continues after a response that is not the call's. */
  async #leave(step: HttpCallStep, body: StreamedBody): Promise<void> {
    await body.discard(this);
    this.#checkFailure();
    this.#follow(step);
  }

  /**
   * Looks for credentials after a challenge, which is the response of the call if
   * there are none.
   */
  async #authenticate(
    { ask }: Step<"WantsCredentials">,
    attempt: Attempt,
    body: StreamedBody,
  ): Promise<void> {
    const { credentials: find } = this.plan.settings;
    await body.keep(this);
    let step: HttpCallStep | null = null;
    try {
      this.#checkFailure();
      const credentials = find &&
        await this.#wait(askForCredentials(find, ask));
      step = this.#tell({
        type: "Credentials",
        credentials,
        now: this.#time(),
      });
    } finally {
      if (step?.type !== "Ok") await body.discard(this);
    }
    this.#checkFailure();
    if (step.type !== "Ok") return this.#follow(step);
    this.#step = step;
    this.#decoding = this.#findDecoding(attempt, body.response);
    this.#answer(attempt, body);
  }

  /** Tells the conversation of a failure, if it is the peer's or the network's. */
  #failAttempt(error: unknown): void {
    try {
      const isFinal = this.#failure !== null || this.#step?.type === "Ok" ||
        this.isOfCaller(error);
      if (isFinal || !(error instanceof HttpError)) throw error;
      this.#follow(this.#tell({
        type: "Failed",
        error,
        bodyUsed: this.#body.used,
        now: this.#time(),
      }));
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Ends the attempt, or the wait for something else. */
  #endAttempt(reason: unknown): void {
    const state = this.#state;
    this.#attempts.last?.abort(reason);
    if (state.kind === "waiting") state.cancel(reason);
  }

  #fail(error: unknown): void {
    this.#body.cancel(error);
    this.finish();
    this.#waiter?.reject(this.complete(error), this);
  }

  /** Whether the call waits before another attempt. */
  get #isPaused(): boolean {
    const type = this.#step?.type;
    return type === "WantsTimer" || type === "WantsCredentials";
  }

  #startAttempt(step: HttpCallExchange): Attempt {
    const { request, proxy, resendable, fresh } = step;
    const { settings } = this.plan;
    const route = this.host.findRoute(request.url, proxy, settings);
    const now = this.#attempts.last === null
      ? this.#startedAt
      : this.pool.deadlines.now();
    const init = { request, route, resendable, fresh, now };
    const attempt = new Attempt(this, init);
    this.#attempts.add(attempt);
    this.watch();
    return attempt;
  }

  /** Returns how to send a request. Its body may have to be created first. */
  #sendOptions(
    { target, withBody }: HttpCallExchange,
  ): SendOptions | Promise<SendOptions> {
    const { plan: { sendOptions } } = this;
    const options = this.#options;
    const body = this.#body;
    const isPlain = options.body === undefined &&
      options.trailers === undefined;
    if (isPlain && target === sendOptions.target) return sendOptions;
    if (isPlain || !withBody) return { ...sendOptions, target };
    const { trailers } = options;
    const optionsWith = (body: SentBody) => (
      { ...sendOptions, target, trailers, body }
    );
    const opened = body.open();
    return isThenable(opened)
      ? this.#wait(Promise.resolve(opened)).then(optionsWith)
      : optionsWith(opened);
  }

  #findDecoding({ request }: Attempt, response: HttpResponse): Decoding | null {
    return findDecoding(request.method, response, this.plan.decode);
  }

  /** Ends with the response of an attempt. */
  #answer(attempt: Attempt, received: WholeResponse | StreamedBody): void {
    const waiter = this.#waiter!;
    // The waiter refers to the exchange, which must be collected if it is dropped.
    this.#waiter = null;
    this.#conversation = null;
    this.#dropBody();
    this.#state = ANSWERED;
    if (attempt.isOver) this.finish();
    else if (this.host.isClosing) nextTurn().then(() => this.dropUnread());
    const end = this.#step as Step<"Ok">;
    const decoding = this.#decoding;
    try {
      if (received instanceof StreamedBody) {
        waiter.streamed({ received, attempt, end, decoding }, this);
      } else {
        waiter.whole?.({ received, attempt, end, decoding });
        if (!this.#isOver) this.#state = COLLECTED;
      }
    } catch (error) {
      waiter.reject(error, this);
    }
  }

  /** Drops a body that was taken: it may be large, and the response long. */
  #dropBody(): void {
    const body = this.#body;
    if (this.#options.body === undefined) return;
    if (!body.replayable && !body.used) return;
    this.#options = NO_OPTIONS;
    this.#body = prepareBody(undefined);
  }

  /** @throws {unknown} Why the call was ended, if it was. */
  #checkFailure(): void {
    if (this.#failure !== null) throw this.#failure.reason;
  }

  /** Ends a call whose exchange was collected as garbage. */
  #drop(): void {
    if (this.#isOver) return;
    const url = this.#url;
    this.abort(new DOMException("The exchange was dropped", "AbortError"));
    this.host.warn({
      code: "ExchangeDropped",
      message: `An exchange with ${quote(url.origin)} was dropped before its ` +
        "body was read; read it, or call discard()",
      url,
    });
  }

  /** Waits before a retry, which keeps the process alive. */
  async #pause(milliseconds: number): Promise<void> {
    const pause = startPause(this.pool.clock, milliseconds);
    await this.#wait(pause.over).finally(() => pause.stop());
    this.#follow(this.#tell({ type: "Elapsed", now: this.#time() }));
  }

  /** Awaits a promise of code that does not learn of an abort of the call. */
  #wait<Value>(promise: Promise<Value>): Promise<Value> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== null) reject(this.#failure.reason);
      this.#state = { kind: "waiting", cancel: reject };
      promise.then(resolve, reject);
    });
  }

  /** The wall-clock time. */
  #time(): number {
    return this.pool.clock.now();
  }
}
