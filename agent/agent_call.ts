// One call of an agent: drives a conversation over the pool.
//
//   attempting <──> pausing        (a retry waits)
//       │  ^
//       │  └──────> asking         (for credentials, or for a body)
//       └──> answered ──> over     (the head of the response has arrived)
//
// A challenge is read ahead before the call asks for credentials: whoever finds
// them may need its connection, and without any, the challenge is the response.

import { StreamedBody } from "../client/exchange/body.ts";
import { nextTurn } from "../client/transport/turn.ts";
import { quote } from "../core/quote.ts";
import { HttpError, type HttpProgress } from "../error.ts";
import type { HttpResponse } from "../rfc9110/response.ts";
import { Link } from "./_linked_list.ts";
import {
  Attempt,
  type AttemptHost,
  type SendOptions,
} from "./agent_attempt.ts";
import {
  type BodyUse,
  IN_USE,
  isInUse,
  type WholeResponse,
} from "./agent_receive.ts";
import { askForCredentials } from "./ask.ts";
import type { CallBody } from "./agent_body.ts";
import type { CallPlan } from "./agent_plan.ts";
import { MAX_TIMER } from "./_numbers.ts";
import type {
  Conversation,
  HttpCallExchange,
  HttpCallStep,
} from "./conversation.ts";
import { Timed } from "./deadlines.ts";
import { type Decoding, findDecoding } from "./decode.ts";
import type { HttpAgentSendOptions, HttpWarning } from "./options.ts";
import type { Pool } from "./pool.ts";
import type { Route } from "./route.ts";
import type { CallSettings } from "./settings.ts";
import { timeoutError, type Timeouts } from "./timeouts.ts";

/** What a call needs of its agent. */
export interface CallHost {
  readonly pool: Pool;
  /** Whether bodies that nobody reads are dropped. */
  readonly isClosing: boolean;
  /** Finds the route of a hop. */
  findRoute(url: URL, proxy: URL | null, settings: CallSettings): Route;
  /** Forgets the call. */
  remove(call: AgentCall): void;
  warn(warning: HttpWarning): void;
}

/** What a call is made with. */
export interface CallInit {
  /** The URL that was asked for. */
  readonly url: URL;
  readonly plan: CallPlan;
  readonly options: HttpAgentSendOptions;
  readonly body: CallBody;
}

/** What a call has come to. */
export interface CallResult<Received = StreamedBody | WholeResponse> {
  readonly received: Received;
  readonly attempt: Attempt;
  readonly end: Step<"Ok">;
  /** What to decode, if anything. The body is then streamed. */
  readonly decoding: Decoding | null;
}

type Challenge = Pick<CallResult<StreamedBody>, "received" | "attempt">;

type Step<Type> = HttpCallStep & { readonly type: Type };

// An exchange that is garbage gives up its connection. Whoever reads its body
// keeps it from being collected. It must not stay registered for longer than
// necessary: no scavenge collects what is.
const garbage = new FinalizationRegistry((call: AgentCall) => call.drop());

const NOT_SENT = "The request body was not sent: the server has responded";

const NO_PROGRESS: HttpProgress = {
  phase: "queue",
  reused: false,
  requestBytes: 0,
  responseBytes: 0,
};

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
  /** Who reads the body; by default, the call itself. */
  #use = IN_USE;
  readonly #init: CallInit;
  readonly #conversation: Conversation;
  readonly #startedAt: number;
  #attempt: Attempt | null = null;
  /** What the conversation said last. */
  #told: HttpCallStep;
  /** Whether the body of the response is to be collected. */
  #collects = false;
  #decoding: Decoding | null = null;
  /** Whether the attempt has the response of the call. */
  #isAnswered = false;
  /** The body of its response, if it is streamed. */
  #unread: StreamedBody | null = null;
  /** Ends what the call waits for, if that is not the attempt. */
  #cancel: ((reason: unknown) => void) | null = null;
  #failure: { readonly reason: unknown } | null = null;
  #isOver = false;
  #onAbort: (() => void) | null = null;

  constructor(host: CallHost, conversation: Conversation, init: CallInit) {
    super();
    this.host = host;
    this.#init = init;
    this.#conversation = conversation;
    this.#startedAt = host.pool.deadlines.now();
    this.#told = conversation.start();
    const { signal } = init.options;
    if (signal === undefined) return;
    this.#onAbort = () => this.abort(signal.reason);
    signal.addEventListener("abort", this.#onAbort);
  }

  get pool(): Pool {
    return this.host.pool;
  }

  get plan(): CallPlan {
    return this.#init.plan;
  }

  get timeouts(): Timeouts {
    return this.#init.plan.settings.timeouts;
  }

  get deadline(): number {
    const total = this.#startedAt + this.timeouts.total;
    return Math.min(total, this.#attempt?.deadline ?? Infinity);
  }

  /**
   * Runs the call up to the head of its response; or up to its end, if the body
   * is to be collected and needs no decoding.
   *
   * @throws {unknown} Why it failed.
   */
  run(collects: true): Promise<CallResult>;
  run(collects: false): Promise<CallResult<StreamedBody>>;
  async run(collects: boolean): Promise<CallResult> {
    const conversation = this.#conversation;
    this.#collects = collects;
    let challenge: Challenge | null = null;
    try {
      let step = this.#told;
      if (collects) checkWhole(step);
      while (true) {
        switch (step.type) {
          case "WantsExchange": {
            const attempt = this.#startAttempt(step);
            try {
              const sent = this.#sendOptions(step);
              const options = sent instanceof Promise ? await sent : sent;
              // The caller's own code may have aborted it meanwhile.
              this.#checkFailure();
              const received = await attempt.exchange(options);
              const end = this.#told;
              if (end.type === "Ok") {
                this.#answer(attempt, received);
                return { received, attempt, end, decoding: this.#decoding };
              }
              step = end;
              if (!(received instanceof StreamedBody)) break;
              if (step.type !== "WantsCredentials") {
                await this.#discard(received);
                break;
              }
              // It is the call's own if there are no credentials.
              challenge = { received, attempt };
              await received.keep(this);
              this.#checkFailure();
            } catch (error) {
              step = this.#tellFailure(error);
            }
            break;
          }
          case "WantsTimer":
            await this.#pause(step.milliseconds);
            step = conversation.resume({ type: "Elapsed", now: this.#time() });
            break;
          case "WantsCredentials":
            step = await this.#authenticate(step, challenge!);
            if (step.type === "Ok") return await this.#take(challenge!, step);
            break;
          case "Err":
            throw step.error;
          case "Ok":
            throw new TypeError("The call has ended already");
        }
      }
    } catch (error) {
      this.#init.body.cancel(error);
      this.finish();
      throw this.#failure === null ? error : this.#failure.reason;
    }
  }

  /** Ends the call. Whatever it is waiting for rejects with the reason. */
  abort(reason: unknown): void {
    if (this.#failure !== null || this.#isOver) return;
    this.#failure = { reason };
    this.#attempt?.abort(reason);
    this.#cancel?.(reason);
  }

  /** Leaves the body to an exchange, which may be dropped without a word. */
  handOver(exchange: object, use: BodyUse): void {
    if (this.#isOver) return;
    this.#use = use;
    garbage.register(exchange, this, this);
  }

  /** Returns whether an error is the one of the request's body. */
  isOfSource(error: unknown): boolean {
    return this.#attempt?.isOfSource(error) ?? false;
  }

  /** Drops the body of the response if nobody is reading it. */
  dropUnread(): void {
    if (this.#isOver || !this.#isAnswered || isInUse(this.#use)) return;
    this.#attempt?.close();
    this.#unread?.discard(this);
  }

  /** Ends a call whose exchange was collected as garbage. */
  drop(): void {
    if (this.#isOver) return;
    const { url } = this.#init;
    this.abort(new DOMException("The exchange was dropped", "AbortError"));
    this.host.warn({
      code: "ExchangeDropped",
      message: `An exchange with ${quote(url.origin)} was dropped before its ` +
        "body was read; read it, or call discard()",
      url,
    });
  }

  /** Lets go of what the call holds, once its body is read or it has failed. */
  finish(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    if (this.#onAbort !== null) {
      this.#init.options.signal?.removeEventListener("abort", this.#onAbort);
    }
    if (this.#use !== IN_USE) garbage.unregister(this);
    const { body } = this.#init;
    // The server has responded without asking for it.
    if (!body.replayable) body.cancel(new DOMException(NOT_SENT, "AbortError"));
    this.pool.deadlines.forget(this);
    this.host.remove(this);
  }

  expire(now: number): void {
    const { timeouts } = this;
    // Between two attempts, there is none.
    const attempt = this.#attempt?.isOver ? null : this.#attempt;
    const timeout = now >= this.#startedAt + timeouts.total || attempt === null
      ? "total"
      : attempt.expired(now);
    const error = timeoutError(timeout, {
      origin: attempt?.route.origin ?? this.#init.url.origin,
      limit: timeouts[timeout],
      detail: attempt?.detail ?? "",
      progress: attempt?.progress ?? NO_PROGRESS,
      response: attempt?.response ?? null,
    });
    const isOfAttempt = timeout === "attempt" || timeout === "connect";
    if (!isOfAttempt || this.#told.type === "Ok") return this.abort(error);
    // The conversation decides whether there is another one.
    this.#attempt?.abort(error);
    this.#cancel?.(error);
    this.watch();
  }

  watch(): void {
    if (!this.#isOver) this.pool.deadlines.watch(this);
  }

  over(attempt: Attempt): void {
    if (this.#isAnswered && attempt === this.#attempt) this.finish();
  }

  #startAttempt(step: HttpCallExchange): Attempt {
    const { request, proxy, resendable, fresh } = step;
    const { settings } = this.#init.plan;
    const route = this.host.findRoute(request.url, proxy, settings);
    const now = this.#attempt === null
      ? this.#startedAt
      : this.pool.deadlines.now();
    const init = { request, route, resendable, fresh, now };
    const attempt = new Attempt(this, init);
    this.#attempt = attempt;
    this.watch();
    return attempt;
  }

  /** Returns how to send a request, for which its body may have to be created. */
  #sendOptions(
    { target, withBody }: HttpCallExchange,
  ): SendOptions | Promise<SendOptions> {
    const { plan: { sendOptions }, options, body } = this.#init;
    const isPlain = options.body === undefined &&
      options.trailers === undefined;
    if (isPlain && target === sendOptions.target) return sendOptions;
    if (isPlain || !withBody) return { ...sendOptions, target };
    const { trailers } = options;
    const opened = body.open();
    return opened instanceof Promise
      ? this.#wait(opened).then((body) => (
        { ...sendOptions, target, trailers, body }
      ))
      : { ...sendOptions, target, trailers, body: opened };
  }

  /** Tells the conversation of a response, as soon as its head is there. */
  receive(attempt: Attempt, response: HttpResponse): boolean {
    this.#told = this.#conversation.resume({
      type: "Response",
      response,
      reused: attempt.reused,
      bodyUsed: this.#init.body.used,
      now: this.#time(),
    });
    if (this.#told.type !== "Ok") return false;
    this.#decoding = this.#findDecoding(attempt, response);
    return this.#collects && this.#decoding === null;
  }

  #findDecoding({ request }: Attempt, response: HttpResponse): Decoding | null {
    return findDecoding(request.method, response, this.#init.plan.decode);
  }

  /**
   * Tells the conversation of a failure.
   *
   * @throws {unknown} The failure, if it is not the peer's or the network's.
   */
  #tellFailure(error: unknown): HttpCallStep {
    const isFinal = this.#failure !== null || this.#told.type === "Ok";
    if (isFinal || !(error instanceof HttpError)) throw error;
    return this.#told = this.#conversation.resume({
      type: "Failed",
      error,
      bodyUsed: this.#init.body.used,
      now: this.#time(),
    });
  }

  #answer(attempt: Attempt, received: WholeResponse | StreamedBody): void {
    this.#isAnswered = true;
    if (received instanceof StreamedBody) this.#unread = received;
    if (attempt.isOver) this.finish();
    else if (this.host.isClosing) nextTurn().then(() => this.dropUnread());
  }

  /** Answers a challenge, whose response is dropped unless it is the call's. */
  async #authenticate(
    { ask }: Step<"WantsCredentials">,
    { received }: Challenge,
  ): Promise<HttpCallStep> {
    const { credentials: find } = this.#init.plan.settings;
    try {
      const credentials = find &&
        await this.#wait(askForCredentials(find, ask));
      const now = this.#time();
      this.#told = this.#conversation.resume({
        type: "Credentials",
        credentials,
        now,
      });
    } finally {
      if (this.#told.type !== "Ok") await this.#discard(received);
    }
    return this.#told;
  }

  /** Makes a challenge the response of the call. */
  async #take(
    { received: body, attempt }: Challenge,
    end: Step<"Ok">,
  ): Promise<CallResult> {
    const { response } = body;
    const decoding = this.#findDecoding(attempt, response);
    this.#answer(attempt, body);
    if (!this.#collects || decoding !== null) {
      return { received: body, attempt, end, decoding };
    }
    const bytes = await body.collect((bytes) => bytes, this);
    const received = { response, bytes, end: await body.whenEnded() };
    return { received, attempt, end, decoding };
  }

  /** Drops a response that is not the call's. */
  async #discard(body: StreamedBody): Promise<void> {
    await body.discard(this);
    this.#checkFailure();
  }

  /** @throws {unknown} Why the call was ended, if it was. */
  #checkFailure(): void {
    if (this.#failure !== null) throw this.#failure.reason;
  }

  /** Waits before a retry, which keeps the process alive. */
  #pause(milliseconds: number): Promise<void> {
    const { clock } = this.pool;
    let timer: { stop(): void } | null = null;
    const paused = new Promise<void>((resolve) => {
      const start = (left: number) => {
        const part = Math.min(left, MAX_TIMER);
        const next = () => left > part ? start(left - part) : resolve();
        timer = clock.startTimer(part, next, { keepsAlive: true });
      };
      start(milliseconds);
    });
    return this.#wait(paused).finally(() => timer?.stop());
  }

  /** Waits for something that knows nothing of the call being aborted. */
  #wait<Value>(promise: Promise<Value>): Promise<Value> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== null) reject(this.#failure.reason);
      this.#cancel = reject;
      promise.then(resolve, reject);
    });
  }

  /** The time by the wall clock. */
  #time(): number {
    return this.pool.clock.now();
  }
}
