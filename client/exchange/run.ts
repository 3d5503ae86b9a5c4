// Driving any coroutine over a leased connection.
//
// The coroutine is resumed after a write only when the write is done, so that it knows
// whether its request was sent. Input that arrives meanwhile waits for that, but not
// for long: a peer that responds early may have stopped reading.

import { concat } from "@std/bytes/concat";
import type {
  Err,
  HttpCoroutine,
  HttpStepOf,
  WantsRead,
  WantsWrite,
} from "../../coroutine.ts";
import { isBytes } from "../../core/bytes.ts";
import { HttpError } from "../../error.ts";
import type { Connection } from "../connection/connection.ts";
import type { InputBytes } from "../connection/input.ts";
import type { Lease, LeaseHolder } from "../connection/lease.ts";
import { nextTurn } from "../transport/turn.ts";

/** Options of {@linkcode HttpClient.run}. */
export interface HttpRunOptions {
  /**
   * Fails the call with the signal's reason, and closes the connection.
   *
   * @default {none}
   */
  signal?: AbortSignal | undefined;
}

type AnyStep = { readonly type: string };
type AnyCoroutine = HttpCoroutine<AnyStep>;

/** The parts of a call. */
export interface RunCall<C extends AnyCoroutine> {
  readonly signal: AbortSignal | undefined;
  /** Kept from being collected while the call is in flight. */
  readonly owner: object;
  readonly resolve: (step: HttpStepOf<C>) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Drives a coroutine up to its first step that is neither I/O nor an error.
 *
 * @throws {TypeError} If the connection is in use, or was closed.
 * @throws {HttpError} If the connection ended while it was idle.
 */
export function run<C extends AnyCoroutine>(
  connection: Connection,
  coroutine: C,
  call: RunCall<C>,
): void {
  new Run(connection, coroutine, call).start();
}

/** The size of one write, which is copied. */
const MAX_WRITE_BYTES = 65536;

/** How long a write is awaited before input is passed on, in milliseconds. */
const WRITE_PATIENCE = 5;

type Output =
  | { readonly kind: "ready" }
  | Unwritten & {
    readonly kind: "writing";
    readonly timer: ReturnType<typeof setTimeout>;
  }
  /** A write that takes long, or has failed. Input is passed on. */
  | Unwritten & { readonly kind: "blocked" };

/** The bytes of the coroutine that follow a pending write. */
interface Unwritten {
  readonly rest: Uint8Array[];
  /** Whether they are copies: after early input, the coroutine may reuse its own. */
  readonly isCopied: boolean;
}

const READY: Output = { kind: "ready" };

class Run<C extends AnyCoroutine> implements LeaseHolder {
  readonly url = null;
  // The input of a coroutine may end with the connection.
  readonly needsCloseNotify = true;
  readonly #lease: Lease;
  readonly #coroutine: AnyCoroutine;
  readonly #call: RunCall<C>;
  #output: Output = READY;
  /** Input that waits for the write to be done. */
  #early: { readonly bytes: InputBytes | null } | null = null;
  #hasEnded = false;

  constructor(connection: Connection, coroutine: C, call: RunCall<C>) {
    this.#coroutine = coroutine;
    this.#call = call;
    this.#lease = connection.lease(this, {
      signal: call.signal,
      resumes: true,
    });
  }

  start(): void {
    this.#resume(undefined);
  }

  describe(): string {
    return "run() is in flight; await its step, or use another client";
  }

  receive(bytes: InputBytes | null): void {
    if (this.#output.kind === "writing") this.#early = { bytes };
    else this.#pass(bytes);
  }

  written(): void {
    const output = this.#output;
    if (output.kind === "ready") return;
    if (output.kind === "writing") clearTimeout(output.timer);
    if (output.rest.length > 0) return this.#write(output);
    this.#output = READY;
    this.#lease.enter("head");
    this.#resume(undefined);
  }

  failWrite(): void {
    this.#block();
  }

  fail(error: unknown): void {
    if (this.#output.kind === "writing") clearTimeout(this.#output.timer);
    this.#output = READY;
    this.#call.reject(error);
  }

  #resume(bytes: Uint8Array | null | undefined): void {
    try {
      this.#apply(this.#coroutine.resume(bytes));
    } catch (error) {
      this.#lease.failCaller(error);
    }
  }

  #apply(step: AnyStep): void {
    const io = step as WantsRead | WantsWrite | Err;
    switch (io.type) {
      case "WantsWrite":
        return this.#lease.open(() => this.#send(io.bytes));
      case "WantsRead":
        return this.#lease.open(() => this.#read());
      case "Err":
        return this.#failPeer(io.error);
      default:
        this.#finish(step as HttpStepOf<C>);
    }
  }

  #failPeer(error: HttpError): void {
    // The coroutine does not say which part of the response it reads.
    const isInBody = error.response && this.#lease.progress.phase === "head";
    if (isInBody) this.#lease.enter("body");
    this.#lease.failPeer(error);
  }

  #read(): void {
    const early = this.#early;
    this.#early = null;
    if (early !== null) return this.#pass(early.bytes);
    if (!this.#hasEnded) return this.#lease.read();
    this.#lease.failPeer(
      new HttpError(
        "UnexpectedEof",
        "Cannot read on: the connection has ended",
      ),
    );
  }

  #pass(bytes: InputBytes | null): void {
    this.#hasEnded ||= bytes === null;
    // A coroutine is the caller's code, and a buffer of the pool has held the bytes
    // of other connections.
    const isWhole = bytes === null || bytes.length === bytes.buffer.byteLength;
    // Not `slice`, which returns a view of a `Buffer`.
    this.#resume(isWhole ? bytes : new Uint8Array(bytes));
  }

  #send(bytes: Uint8Array): void {
    this.#lease.enter("request");
    const output = this.#output;
    if (output.kind === "ready") {
      this.#write({ rest: [bytes], isCopied: false });
    } else {
      // Wanted before the last write was done, because of early input.
      output.rest.push(new Uint8Array(bytes));
    }
  }

  #write({ rest, isCopied }: Unwritten): void {
    const bytes = rest.shift()!;
    if (bytes.length > MAX_WRITE_BYTES) {
      rest.unshift(bytes.subarray(MAX_WRITE_BYTES));
    }
    const timer = setTimeout(() => this.#waitLonger(timer), WRITE_PATIENCE);
    this.#output = { kind: "writing", rest, isCopied, timer };
    this.#lease.write([new Uint8Array(bytes.subarray(0, MAX_WRITE_BYTES))]);
  }

  /** Gives a busy runtime the chance to report that the write is done. */
  async #waitLonger(timer: ReturnType<typeof setTimeout>): Promise<void> {
    await nextTurn();
    const output = this.#output;
    if (output.kind === "writing" && output.timer === timer) this.#block();
  }

  /** Passes on input although the write is not done. */
  #block(): void {
    const output = this.#output;
    if (output.kind !== "writing") return;
    clearTimeout(output.timer);
    const rest = output.isCopied
      ? output.rest
      : output.rest.map((bytes) => new Uint8Array(bytes));
    this.#output = { kind: "blocked", rest, isCopied: true };
    this.#read();
  }

  #finish(step: HttpStepOf<C>): void {
    const { isEnd, keepAlive, remaining } = outcomeOf(step, this.#early?.bytes);
    const output = this.#output;
    // The coroutine will not ask for it again when it goes on.
    if (!isEnd && output.kind === "blocked" && output.rest.length > 0) {
      this.#lease.write(output.rest);
    }
    if (keepAlive && this.#lease.isWritten && remaining.length === 0) {
      this.#lease.finish(null);
    } else {
      this.#lease.leave("held", remaining);
    }
    this.#call.resolve(step);
  }
}

/**
 * The state of the connection according to a step. By contract, the step of any
 * coroutine may have these members.
 *
 * @param early Input that the coroutine did not ask for.
 */
function outcomeOf(
  step: AnyStep & {
    readonly keepAlive?: unknown;
    readonly remaining?: unknown;
  },
  early: InputBytes | null | undefined,
): { isEnd: boolean; keepAlive: boolean; remaining: InputBytes } {
  const remaining = isBytes(step.remaining) ? [step.remaining] : [];
  return {
    // An exchange that ends early, also with a redirect, does not send the rest.
    isEnd: step.type === "Ok" || typeof step.keepAlive === "boolean",
    keepAlive: step.keepAlive === true,
    remaining: concat(early ? [...remaining, early] : remaining),
  };
}
