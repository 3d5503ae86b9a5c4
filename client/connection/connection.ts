// A connection and its uses:
//
//            lease              finish
//   fresh ──────────> leased ──────────> idle ── lease ──> leased
//                      │  │ │              └── bytes, end of file, or reset
//                      │  │ └─ upgrade ──> upgraded          │
//                      │  └─── hold ─────> held              │
//                      └ fail, or finish without keep-alive  │
//                                  └──> over <── close ──────┘
//
// A "fresh" connection may already contain data that its owner put there. An "idle"
// one may not: a read stays pending on it, and any result of that read ends the
// connection. A "held" one belongs to the next coroutine. All but "leased" and
// "over" can be detached.

import { HttpError, type HttpProgress } from "../../error.ts";
import type { HttpConnection } from "../transport/http_connection.ts";
import { nothingSent } from "../transport/open_failure.ts";
import type { Transport } from "../transport/transport.ts";
import {
  afterCaller,
  afterPoll,
  countBusy,
  deliveredUntil,
  MAX_WORK_MILLISECONDS,
  nextTurn,
} from "../transport/turn.ts";
import {
  type ConnectionEnd,
  describePeer,
  type FailureFacts,
  idleFailure,
} from "./failure.ts";
import { Input, type InputBytes, type InputReceiver } from "./input.ts";
import {
  Lease,
  type LeasedConnection,
  type LeaseEnd,
  type LeaseHolder,
  type LeaseMonitor,
} from "./lease.ts";
import { Output, type OutputListener } from "./output.ts";

/** How long closing may take before the connection is aborted, in ms. */
const CLOSE_TIMEOUT = 1000;

/** How much of unsolicited bytes is kept for the error. */
const MAX_SHOWN_BYTES = 64;

type State =
  | Leasable
  | {
    readonly kind: "leased";
    readonly lease: Lease;
    readonly before: Leasable;
  }
  | { readonly kind: "upgraded" }
  | { readonly kind: "over"; readonly why: Why };

type Leasable =
  | { readonly kind: "fresh" }
  | { readonly kind: "idle"; readonly since: number }
  | { readonly kind: "held"; readonly progress: HttpProgress };

/** Why a connection is over, for the error of a later call. */
type Why =
  | { readonly kind: "ended"; readonly end: ConnectionEnd }
  | { readonly kind: "closed"; readonly reason: string }
  | Extract<LeaseEnd, { kind: "failed" }>;

const CLOSED: State = over("the client is closed");
const DETACHED: State = over("its connection is detached");
const FRESH: Leasable = { kind: "fresh" };
const UPGRADED: State = { kind: "upgraded" };

/** How a connection starts. */
export type ConnectionStart =
  /** A stream that may already contain data. It is not read before use. */
  | "filled"
  /** The same, but read from the start. */
  | "watched"
  /** A new connection, on which nothing may arrive before a request. */
  | "idle";

/** One connection, for one exchange at a time. */
export class Connection
  implements LeasedConnection, InputReceiver, OutputListener {
  readonly transport: Transport;
  readonly input: Input;
  readonly output: Output;
  #state: State = FRESH;
  #isUsed = false;
  /** Whether a read has been pending since the last one finished, while idle. */
  #isWatched = false;
  #closing: Promise<void> = Promise.resolve();
  #ended: PromiseWithResolvers<void> | null = null;

  constructor(transport: Transport, start: ConnectionStart) {
    this.transport = transport;
    this.input = new Input(transport, this);
    this.output = new Output(transport, this);
    if (start === "idle") this.#becomeIdle(true);
    else if (start === "watched") this.#watch();
  }

  /** Whether a request can be sent. */
  get isReusable(): boolean {
    return this.#state.kind === "idle" || this.#state.kind === "fresh";
  }

  /** Resolves when no further request can be sent. */
  get ended(): Promise<void> {
    this.#ended ??= Promise.withResolvers();
    if (this.#hasEnded()) this.#ended.resolve();
    return this.#ended.promise;
  }

  /** Declares that nothing may arrive before a request from now on. */
  expectSilence(): void {
    if (this.#state.kind === "fresh") this.#becomeIdle(false);
  }

  /**
   * Checks that the connection can be leased, and returns its state.
   *
   * @param request Names the peer in the error.
   * @param resumes Whether it may be held.
   * @throws {TypeError} If it is in use, or was closed by an earlier call.
   * @throws {HttpError} If it ended while it was idle.
   */
  check(request: { readonly url: URL | null }, resumes = false): Leasable {
    const state = this.#state;
    switch (state.kind) {
      case "fresh":
      case "idle":
        return state;
      case "leased":
        throw new TypeError(
          `Cannot start an exchange: ${state.lease.holder.describe()}`,
        );
      case "upgraded":
        throw new TypeError(
          "Cannot start an exchange: the connection was upgraded; " +
            "call detach() to use it",
        );
      case "held":
        if (resumes) return state;
        throw new TypeError(
          "Cannot start an exchange: the last run() did not leave the " +
            "connection reusable; call run() to go on, or detach()",
        );
      case "over":
        throw this.#laterError(state.why, request.url);
    }
  }

  /**
   * Leases the connection.
   *
   * @param resumes Whether it may be held.
   * @throws {TypeError} If it is in use, or was closed by an earlier call.
   * @throws {HttpError} If it ended while it was idle.
   */
  lease(
    holder: LeaseHolder,
    { signal, monitor, resumes }: {
      signal: AbortSignal | undefined;
      monitor?: LeaseMonitor | undefined;
      resumes?: boolean;
    },
  ): Lease {
    const before = this.check(holder, resumes);
    const lease = new Lease(this, holder, {
      signal,
      monitor,
      reused: this.#isUsed,
      idleSince: before.kind === "idle" ? before.since : null,
      before: before.kind === "held" ? before.progress : null,
    });
    this.input.receiver = lease;
    this.output.listener = lease;
    this.transport.ref();
    this.#state = { kind: "leased", lease, before };
    countBusy(1);
    this.#isUsed = true;
    return lease;
  }

  /**
   * Gives up the transport as a connection, unread bytes first.
   *
   * @throws {TypeError} If it is in use, or is over.
   */
  detach(): HttpConnection {
    const state = this.#state;
    if (state.kind === "leased") {
      throw new TypeError(`Cannot detach: ${state.lease.holder.describe()}`);
    }
    if (state.kind === "over") {
      throw new TypeError(`Cannot detach: ${describe(state.why)}`);
    }
    this.transport.ref();
    const read = this.input.detach();
    const write = this.output.detach();
    this.#end(DETACHED);
    return this.transport.detach({ ...read, write });
  }

  /** Closes the connection, and fails the exchange in flight. */
  close(): Promise<void> {
    const state = this.#state;
    if (state.kind === "over") return this.#closing;
    if (state.kind === "leased") {
      state.lease.fail(new DOMException("The client is closed", "AbortError"));
      this.#state = CLOSED;
      return this.#closing;
    }
    this.transport.ref();
    this.#end(CLOSED);
    return this.#close();
  }

  /**
   * Calls back once everything that has arrived is read.
   *
   * @param sendsOnce Whether to look again even if it just has been.
   */
  settle(since: number, sendsOnce: boolean, ready: () => void): void {
    const now = performance.now();
    // Only those of Deno's cost a system call.
    const isDenoSocket = this.transport.readsAreCostly ?? false;
    // A turn delivers nothing to a body that was paused during it.
    const seen = this.#isWatched
      ? Math.max(since, deliveredUntil(isDenoSocket))
      : since;
    const idle = now - seen;
    // On Workers, the clock stands still, so 0 proves nothing.
    const isRecent = idle <= MAX_WORK_MILLISECONDS && idle > 0;
    if (!isRecent || this.transport.mayHaveMore) {
      return this.#awaitTurn(ready);
    }
    if (sendsOnce) {
      // A server may close after its response without having said so.
      this.input.read();
      return afterPoll(ready);
    }
    if (isDenoSocket) this.input.noteRequest(now);
    this.transport.settle(now, (isLate) => {
      if (isLate) this.#awaitTurn(ready);
      else ready();
    });
  }

  #awaitTurn(ready: () => void): void {
    // The read of an idle connection may not have started yet.
    this.input.read();
    nextTurn().then(ready);
  }

  /** Ends the lease, after which nobody else reads or writes. */
  release(end: LeaseEnd): void {
    countBusy(-1);
    this.input.receiver = this;
    this.output.listener = this;
    switch (end.kind) {
      case "unused":
        return this.#restore();
      case "idle":
        return this.#becomeIdle(this.input.isReceiving);
      case "held":
      case "upgraded":
        this.input.putBack(end.remaining);
        this.#state = end.kind === "held"
          ? { kind: "held", progress: end.progress }
          : UPGRADED;
        if (end.kind === "upgraded") this.#ended?.resolve();
        return;
      case "closed":
        this.#end(over(`the connection is closed (${end.why})`));
        this.#close();
        return;
      case "failed":
        this.#end({ kind: "over", why: end });
        this.transport.abort(end.error);
    }
  }

  #restore(): void {
    const state = this.#state;
    if (state.kind !== "leased") return;
    const { lease, before } = state;
    this.#state = before;
    this.#isUsed = lease.reused;
    if (before.kind === "idle") this.#watch();
    else if (before.kind === "fresh") this.transport.unref();
  }

  /** @param isWatched Whether the last read has just finished. */
  #becomeIdle(isWatched: boolean): void {
    this.#isWatched = isWatched;
    // Not now: the caller may have worked for long since it received the response.
    this.#state = { kind: "idle", since: this.input.readAt };
    if (this.transport.readsAreCostly && !this.input.isOver) {
      afterCaller(this.#watchIdle);
    } else this.#watch();
  }

  /** Starts the read of an idle connection, unless an exchange has done so. */
  readonly #watchIdle = (): void => {
    if (this.#state.kind === "idle") this.#watch();
  };

  #watch(): void {
    this.transport.unref();
    this.input.read();
  }

  /** Receives the result of a read that no exchange waited for. */
  receive(bytes: InputBytes | null): void {
    this.#endIdle(bytes === null ? { kind: "eof" } : { kind: "bytes", bytes });
  }

  /** Called if a read that no exchange waited for fails. */
  lose(cause: unknown): void {
    this.#endIdle({ kind: "lost", cause });
  }

  // The exchange that started the write has ended.
  written(): void {}
  failWrite(): void {}

  #endIdle(end: ConnectionEnd): void {
    const { kind } = this.#state;
    if (kind === "over") return;
    if (kind !== "idle" && end.kind === "bytes") {
      return this.input.putBack(end.bytes);
    }
    // The next user of the connection learns of it from its next read.
    if (kind === "held" || kind === "upgraded") return;
    this.transport.ref();
    const kept: ConnectionEnd = end.kind === "bytes"
      ? { kind: "bytes", bytes: end.bytes.slice(0, MAX_SHOWN_BYTES) }
      : end;
    this.#end({ kind: "over", why: { kind: "ended", end: kept } });
    this.#close();
  }

  #end(state: State): void {
    this.#state = state;
    this.#ended?.resolve();
  }

  #hasEnded(): boolean {
    return this.#state.kind === "over" || this.#state.kind === "upgraded";
  }

  /** Closes the transport; aborts it if that takes too long. */
  #close(): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const timeout = new Promise<void>((resolve) => {
      timer = setTimeout(() => {
        this.transport.abort(new Error("Closing took too long"));
        resolve();
      }, CLOSE_TIMEOUT);
    });
    const closing = this.transport.close().catch(() => {});
    this.#closing = Promise.race([closing, timeout])
      .then(() => clearTimeout(timer));
    return this.#closing;
  }

  #laterError(why: Why, url: URL | null): Error {
    if (why.kind !== "ended") {
      const error = new TypeError(
        `Cannot start an exchange: ${describe(why)}; open another connection`,
      );
      if (why.kind === "failed") error.cause = why.error;
      return error;
    }
    const facts: FailureFacts = {
      peer: describePeer(this.transport.info, url),
      progress: { ...nothingSent("idle"), reused: this.#isUsed },
      response: null,
    };
    return idleFailure(why.end, facts);
  }
}

function over(reason: string): State {
  return { kind: "over", why: { kind: "closed", reason } };
}

function describe(why: Why): string {
  switch (why.kind) {
    case "closed":
      return why.reason;
    case "ended":
      return "the connection ended while it was idle";
    case "failed": {
      const reason = why.why ??
        (why.error instanceof HttpError
          ? `the last exchange failed (${why.error.code})`
          : "the last exchange was aborted");
      return `the connection is closed: ${reason}`;
    }
  }
}
