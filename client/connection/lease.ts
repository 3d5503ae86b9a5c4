// The exclusive use of a connection, from the start of an exchange to its end
// or failure. Every failure ends up here, once: of the signal, of a client that is
// closed, of the connection, of the engine, or of the caller's own code.
//
//   idle ── the runtime's turn ──> request ──> head ──> body ──> over
//     │                               │          │        │
//     └───────────────────────────────┴── fail ──┴────────┴────> over
//
// "idle" is before the first byte is written: bytes that arrive then are not a
// response, and end the connection.
//
// A peer may respond before it has read the request, and stop reading. So a failed
// write does not end the exchange: a response may be on its way. The exchange
// reports the failed write only if no response arrives.

import type { HttpError, HttpProgress } from "../../error.ts";
import type { HttpResponse } from "../../rfc9110/response.ts";
import { addAbortListener } from "../transport/abort_listeners.ts";
import {
  lengthOf,
  MissingCloseNotifyError,
  NotBytesError,
  type Outgoing,
  type Transport,
} from "../transport/transport.ts";
import {
  type ConnectionEnd,
  describePeer,
  type FailureFacts,
  idleFailure,
  lostFailure,
  withFacts,
} from "./failure.ts";
import type { Input, InputBytes, InputReceiver } from "./input.ts";
import type { Output, OutputListener } from "./output.ts";

/** How long each read may take after a write failed, in milliseconds. */
const FAILED_WRITE_TIMEOUT = 1000;

/**
 * How long each read may take after the upload was stopped, in milliseconds. A
 * server that echoes would wait for the rest of the request forever.
 */
const STOPPED_UPLOAD_TIMEOUT = 5000;

/** An exchange or a coroutine that uses a connection. */
export interface LeaseHolder {
  /** The URL of the request, if there is one. */
  readonly url: URL | null;
  /** Whether an end without close_notify may have cut off its input. */
  readonly needsCloseNotify: boolean;
  /** Describes the call in flight and how to end it, for the error of another. */
  describe(): string;
  /** Receives bytes, or `null` at end of file. */
  receive(bytes: InputBytes | null): void;
  /** Called when its write is done. */
  written(): void;
  /** Called when nothing more can be written. */
  failWrite(): void;
  /** Called when it has failed. The connection is closed. */
  fail(error: unknown): void;
}

/** Limits the time that each step of an exchange may take. */
export interface LeaseMonitor {
  /** Whether the request is not sent again if the connection ends. */
  readonly sendsOnce: boolean;
  /** Called when the exchange enters a phase. */
  enter(phase: "request" | "head" | "body"): void;
  /** Called when a write starts. */
  writing(): void;
  /** Called when no write is pending. */
  written(): void;
  /** Called when the exchange starts to wait for bytes. */
  reading(): void;
  /** Called when it stops waiting for bytes. */
  read(): void;
  /** Called when the exchange has ended or failed. */
  over(isUpgraded: boolean): void;
}

/** The state of a connection after a lease. */
export type LeaseEnd =
  /** Nothing was written or read: it is as it was before. */
  | { readonly kind: "unused" }
  | { readonly kind: "idle" }
  | {
    readonly kind: "held";
    readonly remaining: InputBytes;
    readonly progress: HttpProgress;
  }
  | { readonly kind: "upgraded"; readonly remaining: InputBytes }
  | { readonly kind: "closed"; readonly why: string }
  | {
    readonly kind: "failed";
    readonly error: unknown;
    /** How a later call describes it, if not by the error itself. */
    readonly why: string | null;
  };

/** The part of a connection that a lease uses. */
export interface LeasedConnection {
  readonly transport: Transport;
  readonly input: Input;
  readonly output: Output;
  /** Calls back once everything that has arrived is read, or just was. */
  settle(idleSince: number, sendsOnce: boolean, ready: () => void): void;
  /** Ends the lease. */
  release(end: LeaseEnd): void;
}

/** How an exchange uses a connection. */
export interface LeaseOptions {
  readonly signal: AbortSignal | undefined;
  readonly monitor: LeaseMonitor | undefined;
  /** Whether the connection has carried an earlier exchange. */
  readonly reused: boolean;
  /** Since when the connection was idle, or `null` if it was not. */
  readonly idleSince: number | null;
  /** The progress of the coroutine that it may go on with, or `null`. */
  readonly before: HttpProgress | null;
}

/** Why part of the request was not sent, and how long each read may take. */
interface Unsent {
  readonly kind: "failed" | "stopped";
  readonly error: unknown;
  readonly timeout: number;
  /** The limit of the pending read. */
  timer?: ReturnType<typeof setTimeout>;
}

/** The use of a connection by one exchange. */
export class Lease implements InputReceiver, OutputListener {
  /** The final response, once its head has arrived. */
  response: HttpResponse | null = null;
  readonly reused: boolean;
  readonly holder: LeaseHolder;
  readonly #connection: LeasedConnection;
  readonly #monitor: LeaseMonitor | undefined;
  readonly #idleSince: number | null;
  #phase: "idle" | "request" | "head" | "body" | "over" = "idle";
  /** Stops listening to the signal, if there is one. */
  readonly #ignoreSignal: (() => void) | undefined;
  #requestBytes: number;
  #responseBytes: number;
  /** Why reads are limited, if they are. */
  #unsent: Unsent | null = null;

  constructor(
    connection: LeasedConnection,
    holder: LeaseHolder,
    { signal, monitor, reused, idleSince, before }: LeaseOptions,
  ) {
    this.#connection = connection;
    this.holder = holder;
    this.#monitor = monitor;
    this.#idleSince = idleSince;
    this.#requestBytes = before?.requestBytes ?? 0;
    this.#responseBytes = before?.responseBytes ?? 0;
    this.reused = reused;
    this.#ignoreSignal = signal &&
      addAbortListener(signal, () => this.fail(signal.reason));
  }

  /** The progress of the exchange. */
  get progress(): HttpProgress {
    const phase = this.#phase === "idle" ? this.#firstPhase : this.#phase;
    return {
      phase: phase === "over" ? "body" : phase,
      reused: this.reused,
      requestBytes: this.#requestBytes,
      responseBytes: this.#responseBytes,
    };
  }

  /** The phase before anything is sent or read: another may have sent a request. */
  get #firstPhase(): "idle" | "head" {
    return this.#requestBytes > 0 ? "head" : "idle";
  }

  /** Notes the phase of the exchange. */
  enter(phase: "request" | "head" | "body"): void {
    this.#phase = phase;
    this.#monitor?.enter(phase);
  }

  /**
   * Moves on from "idle", and calls back once everything that arrived before has
   * been read, before anything else is. Does not call back if the exchange fails
   * meanwhile.
   */
  open(ready: () => void): void {
    if (this.#phase !== "idle") return ready();
    const begin = () => {
      if (this.#phase !== "idle") return;
      try {
        this.enter(this.#firstPhase === "idle" ? "request" : "head");
        ready();
      } catch (error) {
        this.fail(error);
      }
    };
    if (this.#idleSince === null) begin();
    else {
      const sendsOnce = this.#monitor?.sendsOnce ?? false;
      this.#connection.settle(this.#idleSince, sendsOnce, begin);
    }
  }

  /** Reads the next bytes, and passes them to the holder. */
  read(into?: InputBytes): void {
    this.#monitor?.reading();
    if (this.#unsent !== null) this.#startTimer(this.#unsent);
    this.#connection.input.read(into);
  }

  /** Takes back bytes that nothing refers to. */
  recycle(bytes: InputBytes): void {
    this.#connection.transport.recycle(bytes);
  }

  /** Whether everything is written, including the writes of an earlier lease. */
  get isWritten(): boolean {
    return this.#connection.output.isReady;
  }

  /** Starts a write, after those of an earlier lease. */
  write(data: Outgoing): void {
    this.#requestBytes += lengthOf(data);
    this.#monitor?.writing();
    this.#connection.output.write(data);
  }

  receive(bytes: InputBytes | null): void {
    if (this.#phase === "over") return;
    if (this.#phase === "idle") {
      return this.#failIdle(
        bytes === null ? { kind: "eof" } : { kind: "bytes", bytes },
      );
    }
    this.#monitor?.read();
    this.#stopTimer();
    if (bytes !== null) this.#responseBytes += bytes.length;
    this.holder.receive(bytes);
  }

  lose(error: unknown): void {
    if (this.#phase === "over") return;
    if (this.#phase === "idle") {
      return this.#failIdle({ kind: "lost", cause: error });
    }
    if (error instanceof NotBytesError) return this.fail(error);
    if (
      error instanceof MissingCloseNotifyError && !this.holder.needsCloseNotify
    ) return this.receive(null);
    this.fail(lostFailure(error, this.#facts()));
  }

  written(): void {
    if (this.#phase === "over") return;
    this.#monitor?.written();
    this.holder.written();
  }

  failWrite(error: unknown): void {
    if (this.#phase === "over") return;
    this.#monitor?.written();
    this.#limitReads({ kind: "failed", error, timeout: FAILED_WRITE_TIMEOUT });
    this.holder.failWrite();
  }

  /** Notes that the rest of the request will not be sent. */
  stopUpload(): void {
    if (this.#unsent !== null || this.#phase === "over") return;
    this.#limitReads({
      kind: "stopped",
      error: new Error("The response stalled after it had stopped the upload"),
      timeout: STOPPED_UPLOAD_TIMEOUT,
    });
  }

  /** Fails the exchange because of its peer. */
  failPeer(error: HttpError): void {
    const { code } = error;
    const isEnd = code === "NoResponse" || code === "UnexpectedEof";
    if (isEnd && this.#unsent?.kind === "failed") this.failUnsent();
    else this.fail(withFacts(error, this.#facts()));
  }

  /** Fails the exchange because its request was not sent. */
  failUnsent(): void {
    this.fail(lostFailure(this.#unsent?.error, this.#facts()));
  }

  /**
   * Fails the exchange, and closes the connection. The first error counts.
   *
   * @param why How a later call describes it, if not by the error itself.
   */
  fail(error: unknown, why: string | null = null): void {
    if (this.#phase === "over") return;
    this.#end({ kind: "failed", error, why });
    this.holder.fail(error);
  }

  /**
   * Fails the exchange because of the caller's code. A connection that was not
   * used yet is left as it was.
   */
  failCaller(error: unknown): void {
    if (this.#phase !== "idle") return this.fail(error);
    this.#end({ kind: "unused" });
    this.holder.fail(error);
  }

  /** Ends the exchange: the connection is idle, or closed for a reason. */
  finish(closeReason: string | null): void {
    this.#end(
      closeReason === null
        ? { kind: "idle" }
        : { kind: "closed", why: closeReason },
    );
  }

  /** Ends the exchange, and leaves the connection to the next reader. */
  leave(kind: "held" | "upgraded", remaining: InputBytes): void {
    // A copy: the caller gets the other one.
    this.#end({
      kind,
      remaining: remaining.slice(),
      progress: this.progress,
    });
  }

  #end(end: LeaseEnd): void {
    if (this.#phase === "over") return;
    this.#phase = "over";
    this.#ignoreSignal?.();
    this.#stopTimer();
    this.#connection.release(end);
    this.#monitor?.over(end.kind === "upgraded");
  }

  #failIdle(end: ConnectionEnd): void {
    this.fail(idleFailure(end, this.#facts()));
  }

  #facts(): FailureFacts {
    const peer = describePeer(this.#connection.transport.info, this.holder.url);
    return { peer, progress: this.progress, response: this.response };
  }

  #limitReads(unsent: Unsent): void {
    this.#stopTimer();
    this.#unsent = unsent;
    if (this.#connection.input.isReading) this.#startTimer(unsent);
  }

  /** Fails the exchange unless the pending read returns something soon. */
  #startTimer(unsent: Unsent): void {
    clearTimeout(unsent.timer);
    unsent.timer = setTimeout(() => this.failUnsent(), unsent.timeout);
  }

  #stopTimer(): void {
    if (this.#unsent !== null) clearTimeout(this.#unsent.timer);
  }
}
