// One request of a call: a connection, and an exchange over it.
//
//   queue ──> (connect ──> tls) ──> request ──> head ──> body ──> over
//
// Each phase has its own time limit. So has a connection that is being opened, because
// it may outlive the attempt. In "request" and "body", the limit counts only while
// somebody waits for the peer: for one write, or for one read.
//
// When the head of the response has arrived, the call decides about the body:
//
//   head ── the call's, for send() ────────> WholeResponse, once it is read
//     └──── the call's, for exchange() ─┬──> StreamedBody, which nobody reads yet
//     └──── a redirect, a 503, ... ─────┘

import type { Connection } from "../client/connection/connection.ts";
import type { LeaseMonitor } from "../client/connection/lease.ts";
import { StreamedBody } from "../client/exchange/body.ts";
import type {
  BodyConsumer,
  HeadConsumer,
} from "../client/exchange/consumer.ts";
import { ExchangeDriver } from "../client/exchange/driver.ts";
import {
  planRequest,
  type RequestPlan,
} from "../client/exchange/request_plan.ts";
import {
  WholeBody,
  type WholeListener,
  type WholeResponse,
} from "../client/exchange/whole_body.ts";
import type { HttpConnectionInfo } from "../client/transport/http_connection.ts";
import { nothingSent } from "../client/transport/open_failure.ts";
import type { HttpProgress, HttpTimeouts } from "../error.ts";
import type { HttpRequest } from "../rfc9110/request.ts";
import { type HttpResponse, markStreamed } from "../rfc9110/response.ts";
import type { HttpFraming } from "../rfc9112/framing.ts";
import type { CallPlan, SendOptions } from "./agent_plan.ts";
import { span } from "./deadlines.ts";
import type { HttpTimings } from "./facts.ts";
import { type Asker, Line, type Opened, type OpenPhase } from "./line.ts";
import type { Pool, Waiting } from "./pool.ts";
import { readKeepAlive } from "./response_fields.ts";
import type { Route } from "./route.ts";
import type { Timeouts } from "./timeouts.ts";

/** The part of a call that an attempt uses. */
export interface AttemptHost {
  readonly pool: Pool;
  readonly plan: CallPlan;
  /** Notes that a deadline may be earlier than before. */
  watch(): void;
  /** Decides what follows the head of a response. Returns whether to collect its body. */
  decide(attempt: Attempt, response: HttpResponse): boolean;
  /** Receives a response, whole or with a body that nobody reads yet. */
  received(attempt: Attempt, received: StreamedBody | WholeResponse): void;
  /** Adds the facts of the whole call to an error of its last attempt. */
  complete(error: unknown): unknown;
  /** Receives the failure of an attempt, or the reason why it was aborted. */
  failed(error: unknown): void;
  /** Called when an attempt has released its connection. */
  over(attempt: Attempt): void;
}

/** The parts of an attempt. */
export interface AttemptInit {
  readonly request: HttpRequest;
  readonly route: Route;
  /** Whether its request could be sent again. */
  readonly resendable: boolean;
  /** Whether it needs a connection that has carried no exchange. */
  readonly fresh: boolean;
  /** The time, by the clock of the deadlines. */
  readonly now: number;
}

/** The parts of an exchange. */
export interface AttemptParts {
  readonly connection: Connection;
  readonly driver: ExchangeDriver;
}

type State =
  | { readonly kind: "new" }
  | Waiting
  | { readonly kind: "aborted"; readonly reason: unknown }
  | { readonly kind: "using"; readonly line: Line }
  | { readonly kind: "upgraded"; readonly line: Line }
  | { readonly kind: "over" };

const NEW: State = { kind: "new" };
const OVER: State = { kind: "over" };

/** One request of a call. */
export class Attempt
  implements Asker, LeaseMonitor, HeadConsumer, WholeListener {
  readonly request: HttpRequest;
  readonly route: Route;
  readonly timeouts: Timeouts;
  readonly resendable: boolean;
  readonly fresh: boolean;
  readonly timings: { -readonly [Name in keyof HttpTimings]: number | null } = {
    queued: 0,
    connect: null,
    tls: null,
    send: null,
    wait: null,
    receive: null,
  };
  /** Facts of the connection, once there is one. */
  info: HttpConnectionInfo | null = null;
  /** The response, once its head has arrived. */
  response: HttpResponse | null = null;
  /** The interim responses that came before it. */
  readonly interims: HttpResponse[] = [];
  reused = false;
  readonly #host: AttemptHost;
  readonly #startedAt: number;
  /** How to send the request, until that starts. */
  #plan: RequestPlan | null = null;
  #parts: AttemptParts | null = null;
  #state: State = NEW;
  #phase: Exclude<HttpProgress["phase"], "idle"> = "queue";
  #phaseAt: number;
  /** Since when somebody waits for a write or a read, or `Infinity`. */
  #writingSince = Infinity;
  #readingSince = Infinity;
  #hasWritten = false;

  constructor(host: AttemptHost, init: AttemptInit) {
    this.#host = host;
    this.request = init.request;
    this.route = init.route;
    this.timeouts = host.plan.settings.timeouts;
    this.resendable = init.resendable;
    this.fresh = init.fresh;
    this.#startedAt = this.#phaseAt = init.now;
  }

  /** The parts of its exchange, once it has started. */
  get parts(): AttemptParts {
    if (this.#parts === null) throw new TypeError("No exchange has started");
    return this.#parts;
  }

  /** Returns whether an error is of the body's source, or of `onInterim`. */
  isOfCaller(error: unknown): boolean {
    return this.#parts?.driver.isOfCaller(error) ?? false;
  }

  /** Whether the response has ended, or the attempt has failed. */
  get isOver(): boolean {
    return this.#state.kind === "over";
  }

  /** Whether it has a body that nobody reads. */
  get isUnread(): boolean {
    return this.#phase === "body" && this.#readingSince === Infinity &&
      this.#state.kind === "using";
  }

  /** When it times out, by the clock of the deadlines. */
  get deadline(): number {
    const { kind } = this.#state;
    if (kind === "over" || kind === "aborted") return Infinity;
    const attempt = this.#startedAt + this.timeouts.attempt;
    return Math.min(attempt, this.#phaseDeadline());
  }

  /** Which limit has passed. */
  expired(now: number): keyof HttpTimeouts {
    if (now >= this.#startedAt + this.timeouts.attempt) return "attempt";
    return this.#phase === "queue" || this.#phase === "head"
      ? this.#phase
      : "body";
  }

  /** Its progress. */
  get progress(): HttpProgress {
    return this.#parts?.driver.progress ??
      nothingSent(this.#phase);
  }

  /** More about the wait for a connection, for a message. */
  get detail(): string {
    return this.#state.kind === "waiting" && this.#phase === "queue"
      ? `: ${this.#state.group.describe()}`
      : "";
  }

  /**
   * Sends the request and receives its response, whole if the call collects it.
   *
   * @throws {TypeError} If the request contradicts itself.
   */
  exchange(options: SendOptions): void {
    // It may throw, so it runs before a connection is needed.
    this.#plan = planRequest(this.request, options);
    const got = this.#host.pool.acquire(this);
    if (got instanceof Line) this.#start(got);
    else this.#wait(got);
  }

  /** Notes that it took time to create the body. */
  delay(): void {
    this.#phaseAt = this.#now();
  }

  /** Ends it. Pending promises reject with the reason. */
  abort(reason: unknown): void {
    const state = this.#state;
    switch (state.kind) {
      case "new":
        this.#state = { kind: "aborted", reason };
        return;
      case "waiting":
        this.#state = { kind: "aborted", reason };
        return state.cancel(reason);
      case "using":
        return this.parts.driver.abort(reason, "the last call was aborted");
      case "upgraded":
        return this.close();
    }
  }

  /** Forgets its exchange, of which nobody will ask anymore. */
  forget(): void {
    this.#parts = this.response = null;
  }

  /** Gives up the connection after an upgrade. */
  detach(): void {
    const state = this.#state;
    if (state.kind !== "upgraded") return;
    this.#state = OVER;
    this.#host.pool.detach(state.line);
    this.#host.over(this);
  }

  /** Closes the connection after an upgrade. */
  close(): void {
    const state = this.#state;
    if (state.kind === "upgraded") this.#giveUp(state.line);
  }

  onPhase(phase: OpenPhase): void {
    this.#phase = phase;
  }

  onOpened({ connectTime, tlsTime }: Opened): void {
    this.timings.connect = connectTime;
    this.timings.tls = tlsTime;
  }

  onLine(line: Line): void {
    const state = this.#state;
    if (state.kind === "aborted") {
      this.#giveUp(line);
      this.fail(state.reason);
    } else if (state.kind === "waiting") {
      const { connect, tls } = this.timings;
      const now = this.#now();
      const waited = now - this.#phaseAt;
      this.#phaseAt = now;
      this.timings.queued = Math.max(0, waited - (connect ?? 0) - (tls ?? 0));
      this.#start(line);
    }
  }

  onRefused(reason: unknown): void {
    this.#state = OVER;
    this.fail(reason);
  }

  // As the monitor of the exchange:

  get sendsOnce(): boolean {
    return !this.resendable;
  }

  enter(phase: "request" | "head" | "body"): void {
    const now = this.#startOf(phase);
    if (this.#phase === "request") this.timings.send = span(this.#phaseAt, now);
    if (phase === "body") {
      // An early response waited for nothing.
      this.timings.wait = this.#phase === "head" ? span(this.#phaseAt, now) : 0;
    }
    this.#phase = phase;
    this.#phaseAt = now;
    // In the other phases, a write or read starts the time.
    if (phase === "head") this.#host.watch();
  }

  writing(): void {
    // The first write starts with its phase.
    const isFirst = this.#phase === "request" && !this.#hasWritten;
    this.#writingSince = isFirst ? this.#phaseAt : this.#now();
    this.#hasWritten = true;
    this.#host.watch();
  }

  written(): void {
    this.#writingSince = Infinity;
  }

  reading(): void {
    // Before the head, there is the limit of the head.
    if (this.#phase !== "body") return;
    this.#readingSince = this.#now();
    this.#host.watch();
  }

  read(): void {
    this.#readingSince = Infinity;
  }

  over(isUpgraded: boolean): void {
    const state = this.#state;
    if (state.kind !== "using") return;
    const { line } = state;
    this.timings.receive = span(this.#phaseAt, this.#readAt());
    if (isUpgraded) this.#state = { kind: "upgraded", line };
    else this.#giveUp(line);
  }

  // As the consumer of the exchange:

  interim(response: HttpResponse): unknown {
    this.interims.push(response);
    return this.#host.plan.sendOptions.onInterim?.(response);
  }

  head(response: HttpResponse, framing: HttpFraming): BodyConsumer {
    this.response = response;
    markStreamed(response);
    if (this.#host.decide(this, response)) {
      return new WholeBody(response, framing, this);
    }
    const { maxBodyBytes, parts: { driver } } = this;
    const complete = (error: unknown) => this.#host.complete(error);
    const parts = { driver, response, framing, maxBodyBytes, complete };
    const body: StreamedBody = new StreamedBody(parts, {
      resolve: () => this.resolve(body),
      reject: (error) => this.fail(error),
    });
    return body;
  }

  get maxBodyBytes(): number {
    return this.#host.plan.sendOptions.receive.maxBodyBytes;
  }

  resolve(received: StreamedBody | WholeResponse): void {
    this.#host.received(this, received);
  }

  fail(error: unknown): void {
    this.#host.failed(error);
  }

  #wait(waiting: Waiting): void {
    this.timings.queued = null;
    const state = this.#state;
    // By the caller's connector.
    if (state.kind === "aborted") return waiting.cancel(state.reason);
    this.#state = waiting;
    this.#host.watch();
  }

  #start(line: Line): void {
    const { connection } = line;
    const plan = this.#plan!;
    // It may hold a large body.
    this.#plan = null;
    try {
      const driver = new ExchangeDriver(connection, {
        request: this.request,
        plan,
        version: "HTTP/1.1",
        receive: this.#host.plan.sendOptions.receive,
        signal: undefined,
        monitor: this,
        startTimer: this.#host.pool.startTimer,
      }, this);
      this.#parts = { connection, driver };
      this.#state = { kind: "using", line };
      this.info = connection.transport.info;
      this.reused = driver.reused;
      driver.start();
    } catch (error) {
      // The connection ended while it was idle.
      this.#giveUp(line);
      this.fail(error);
    }
  }

  /** Returns the connection to the pool, which closes it if it is not idle. */
  #giveUp(line: Line): void {
    const keepAlive = this.response && readKeepAlive(this.response.headers);
    this.#state = OVER;
    this.#host.pool.release(line, keepAlive);
    this.#host.over(this);
  }

  #phaseDeadline(): number {
    const { timeouts } = this;
    const state = this.#state;
    switch (this.#phase) {
      case "queue":
        return state.kind === "waiting"
          ? Math.max(this.#phaseAt, state.group.freedAt) +
            timeouts.queue
          : Infinity;
      case "connect":
      case "tls":
        return Infinity;
      case "head":
        return this.#phaseAt + timeouts.head;
      case "request":
      case "body":
        return Math.min(this.#writingSince, this.#readingSince) + timeouts.body;
    }
  }

  #startOf(phase: "request" | "head" | "body"): number {
    // From when there was a connection: one that was open took no time.
    if (phase === "request") return this.#phaseAt;
    return phase === "body" ? this.#readAt() : this.#now();
  }

  #now(): number {
    return this.#host.pool.deadlines.now();
  }

  /** The time of the last read. */
  #readAt(): number {
    const { readAt } = this.parts.connection.input;
    return this.#host.pool.deadlines.at(readAt);
  }
}
