// What a client knows of its connection between calls.
//
//            begin                 end, keep-alive
//   idle ───────────> in a call ───────────────────> idle
//    │                  │  │ └── pause, the coroutine goes on ──> paused
//    │ close            │  └── end, 101 or 2xx to CONNECT ──────> upgraded
//    v                  v fail, or end without keep-alive
//   closed <────────────┘        detached <── detach ── all but a call
//
// Only an idle connection carries a new exchange.

import type { HttpCloseReason } from "../rfc9112/persistence.ts";
import { Call } from "./_call.ts";
import { copyBytes } from "./_copy.ts";
import type { Transport } from "./_transport.ts";
import type { ByteStream } from "./stream.ts";

type State =
  | "idle"
  | "in a call"
  | "paused"
  | "upgraded"
  | "closed"
  | "detached";

/** How a response left the connection. */
export interface ExchangeEnd {
  readonly closeReason: HttpCloseReason | null;
  readonly remaining: Uint8Array;
}

// A stream that is idle has nothing left to do but to say that it ends. One that
// never comes to that must not hold up its owner for ever.
const CLOSE_MILLISECONDS = 1000;

const NOTHING = new Uint8Array(0);

/** A transport, and what may be done with it. */
export class Connection {
  readonly #transport: Transport;
  #state: State = "idle";
  #call: Call | null = null;
  #hasCarriedOne = false;
  #unread: Uint8Array = NOTHING;
  /** Why it is closed, for the error of who goes on using it. */
  #why = "";

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Whether a new exchange may start. */
  get isIdle(): boolean {
    return this.#state === "idle";
  }

  /**
   * Checks that a call may start.
   *
   * @param resumes Whether it may go on with a coroutine that is paused.
   * @throws {TypeError} If it may not.
   */
  check(resumes = false): void {
    if (this.isIdle || (resumes && this.#state === "paused")) return;
    throw new TypeError(
      `Cannot start an exchange: the connection is ${this.#state}${this.#why}`,
    );
  }

  /**
   * Starts a call.
   *
   * @param resumes Whether it may go on with a coroutine that is paused.
   * @throws {TypeError} If the connection does not take it.
   */
  begin(signal: AbortSignal | undefined, resumes = false): Call {
    this.check(resumes);
    const call = new Call(this.#transport, this.#unread, signal);
    this.#unread = NOTHING;
    this.#call = call;
    this.#state = "in a call";
    return call;
  }

  /**
   * Checks, before another exchange, that nothing came since the last one.
   *
   * @throws {TypeError} If bytes came without a request (RFC 9112 §9.2).
   * @throws {HttpError} If the connection has ended.
   */
  async checkSilence(call: Call): Promise<void> {
    if (this.#hasCarriedOne) await call.checkSilence();
    this.#hasCarriedOne = true;
  }

  /** Ends a call at a step that says nothing of the connection. */
  pause(
    call: Call,
    step: { readonly type: string; readonly remaining?: unknown },
  ): void {
    const { type, remaining } = step;
    call.check();
    call.finish();
    this.#call = null;
    this.#state = type === "Ok" ? "idle" : "paused";
    this.#unread = remaining instanceof Uint8Array && remaining.length > 0
      ? copyBytes(remaining)
      : call.unread;
  }

  /**
   * Ends a call whose response is complete.
   *
   * @param isSent Whether the request was sent whole; see {@linkcode nextTurn}.
   * @returns Why the connection may not be used again, `null` where it may.
   */
  end(
    call: Call,
    { closeReason, remaining }: ExchangeEnd,
    isSent: boolean,
  ): HttpCloseReason | null {
    call.check();
    call.finish();
    this.#call = null;
    if (closeReason === "Upgraded") {
      this.#state = "upgraded";
      this.#unread = copyBytes(remaining);
      return closeReason;
    }
    const reason = isSent ? closeReason : "RequestIncomplete";
    // Bytes that nobody asked for are not the start of the next response.
    if (reason === null && remaining.length === 0) {
      this.#state = "idle";
    } else {
      this.#state = "closed";
      this.#why = ` (${reason ?? "bytes came after the response"})`;
      // Not waited for: the response is whole, whatever becomes of the rest.
      this.#transport.close().catch(() => {});
    }
    return reason;
  }

  /** Ends a call that failed, and closes the connection. */
  fail(call: Call, error: unknown): void {
    this.#call = null;
    this.#state = "closed";
    this.#why = " (an exchange failed)";
    call.fail(error);
  }

  /**
   * Gives up the transport as streams, what was read and not used first.
   *
   * @throws {TypeError} If a call is under way, or the connection is gone.
   */
  detach(): ByteStream {
    const state = this.#state;
    if (state === "in a call" || state === "closed" || state === "detached") {
      throw new TypeError(`Cannot detach: the connection is ${state}`);
    }
    this.#state = "detached";
    return this.#transport.detach(this.#unread);
  }

  /** Closes the connection, and ends the call that is under way. */
  async close(): Promise<void> {
    const state = this.#state;
    if (state === "closed" || state === "detached") return;
    this.#state = "closed";
    if (this.#call === null) {
      return await atMost(CLOSE_MILLISECONDS, this.#transport.close());
    }
    this.#call.fail(new DOMException("The client was closed", "AbortError"));
  }
}

/**
 * Waits for what has happened to come to notice: a peer may have had the last
 * byte, and have answered, before we learn that it went out.
 */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

/** Waits for something, but no longer than that. */
async function atMost(
  milliseconds: number,
  something: Promise<unknown>,
): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeout = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, milliseconds);
  });
  await Promise.race([something, timeout]);
  clearTimeout(timer);
}
