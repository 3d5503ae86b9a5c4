// Sending a request: its head, and a body that is streamed, large, or waits for
// a 100.
//
//   head ── nothing follows it ──────────────────────────> sent
//
//   gated ── 100, or time is up ──> taking <──> writing ──> sent
//     │                               │            │
//     └───────────────────────────────┴─── stop ───┴─────> stopped
//
// A piece is written before the next one is taken, so the source is no faster than
// the connection. Small pieces that are ready together, including the head and the
// end of the body, are joined in one write.

import { lengthOf, type Outgoing } from "../transport/transport.ts";
import type { BodyFraming, BodyPlan, RequestPlan } from "./request_plan.ts";
import type { BodySource } from "./source.ts";

/** Pieces are joined up to this size. Larger ones are not copied. */
const MAX_JOINED_BYTES = 16384;

/** The size of one write, after which an upload can be stopped. */
const MAX_WRITE_BYTES = 262144;

/** How many microtasks a ready piece may take to arrive. */
const READY_TICKS = 10;

/** Some 25 days, above which a timer fires at once. */
const MAX_TIMER = 2 ** 31 - 1;

const NOT_READY = Symbol("not ready");

/** Starts a timer. */
export type StartTimer = (
  milliseconds: number,
  callback: () => void,
) => { stop(): void };

const startRuntimeTimer: StartTimer = (milliseconds, callback) => {
  const timer = setTimeout(callback, milliseconds);
  return { stop: () => clearTimeout(timer) };
};

/** The part of an exchange that an upload uses. */
export interface UploadListener {
  /** Starts a write. */
  write(data: Outgoing): void;
  /** Called when the request has been written whole. */
  sent(): void;
  /** Called when part of it will not be written. */
  stopped(): void;
  /** Called if the caller's source fails. */
  failSource(error: unknown): void;
}

type State =
  /** Nothing follows the head, which is being written. */
  | { readonly kind: "head" }
  | { readonly kind: "gated"; readonly open: () => void }
  | { readonly kind: "taking" }
  | {
    readonly kind: "writing";
    /** Whether it is the last write. */
    readonly last: boolean;
    readonly done: () => void;
  }
  | { readonly kind: "sent" }
  | { readonly kind: "stopped" };

const HEAD: State = { kind: "head" };
const TAKING: State = { kind: "taking" };
const SENT: State = { kind: "sent" };
const STOPPED: State = { kind: "stopped" };

/**
 * Why an upload ends early: an error, or a message. A DOMException costs as much
 * as a small exchange, so it is created only if there is a source to tell.
 */
export type StopReason =
  | { readonly error: unknown }
  | { readonly message: string };

/** One request that is being sent. */
export class Upload {
  /** The plan; dropped at the start: the body may be large, and the response long. */
  #plan: RequestPlan | null;
  readonly #listener: UploadListener;
  readonly #startTimer: StartTimer;
  #state: State = TAKING;
  /** The source, until its end is reached. */
  #source: BodySource | null = null;
  #next: NextPiece | null = null;
  #hasContinue = false;

  constructor(
    plan: RequestPlan,
    listener: UploadListener,
    startTimer = startRuntimeTimer,
  ) {
    this.#plan = plan;
    this.#listener = listener;
    this.#startTimer = startTimer;
  }

  /** Whether the request has been written whole. */
  get isSent(): boolean {
    return this.#state.kind === "sent";
  }

  /** Whether part of the request will not be written. */
  get isStopped(): boolean {
    return this.#state.kind === "stopped";
  }

  /** Starts to send. */
  start(): void {
    const { head, body } = this.#plan!;
    this.#plan = null;
    if (body === null) {
      this.#state = HEAD;
      this.#listener.write(typeof head === "string" ? head : [head]);
    } else {
      this.#sendBody(head, body).catch((error) => this.#failSource(error));
    }
  }

  /** Lets a body that waits for a 100 be sent. */
  open(): void {
    this.#hasContinue = true;
    if (this.#state.kind === "gated") this.#state.open();
  }

  /** Called when the pending write is done. */
  written(): void {
    const state = this.#state;
    if (state.kind === "head") return this.#finish();
    if (state.kind !== "writing") return;
    // Now: the response may arrive before the upload goes on.
    if (state.last) this.#finish();
    else this.#state = TAKING;
    state.done();
  }

  /**
   * Sends nothing more, unless everything has been passed to the transport.
   *
   * @param reason Why the source is canceled.
   */
  stop(reason: StopReason): void {
    const state = this.#state;
    if (state.kind === "sent" || state.kind === "head") return;
    if (state.kind === "writing" && state.last) return;
    this.end(reason);
  }

  /** Sends nothing more, and cancels the source. */
  end(reason: StopReason): void {
    const state = this.#state;
    if (this.#source !== null) this.#cancel(this.#source, reason);
    if (state.kind === "sent" || state.kind === "stopped") return;
    this.#state = STOPPED;
    if (state.kind === "gated") state.open();
    if (state.kind === "writing") state.done();
    this.#listener.stopped();
  }

  #cancel(source: BodySource, reason: StopReason): void {
    this.#source = null;
    source.cancel(
      "error" in reason
        ? reason.error
        : new DOMException(reason.message, "AbortError"),
    );
  }

  #finish(): void {
    if (this.isStopped) return;
    this.#state = SENT;
    this.#listener.sent();
  }

  #failSource(error: unknown): void {
    if (this.isStopped) return;
    this.#listener.failSource(error);
  }

  async #sendBody(head: Uint8Array, plan: BodyPlan): Promise<void> {
    const { framing, continueTimeout } = plan;
    const source = this.#source = plan.open();
    const batch = new Batch(head);
    if (continueTimeout !== null) {
      await this.#write(batch.take(), false);
      await this.#gate(continueTimeout);
    }
    while (!this.isStopped) {
      const piece = await this.#take(source, batch.isEmpty);
      if (this.isStopped) return;
      if (piece === null) {
        this.#source = null;
        return await this.#sendEnd(batch, framing);
      }
      if (piece !== NOT_READY) {
        batch.add(framing.frame(piece), piece);
        if (!batch.isFull) continue;
      }
      await this.#write(batch.take(), framing.isComplete);
      if (framing.isComplete) return await this.#checkEnd(source, framing);
    }
  }

  async #sendEnd(batch: Batch, framing: BodyFraming): Promise<void> {
    const end = framing.end();
    if (end instanceof Promise && !batch.isEmpty) {
      // It may fail during the write, which may be blocked.
      end.catch((error) => this.#failSource(error));
      await this.#write(batch.take(), false);
    }
    const pieces = await end;
    if (!this.isStopped) await this.#write([...batch.take(), ...pieces], true);
  }

  /** Checks that nothing follows a body that is complete. */
  async #checkEnd(source: BodySource, framing: BodyFraming): Promise<void> {
    const piece = await this.#take(source, true);
    if (this.#source === null) return;
    if (piece !== null && piece !== NOT_READY) framing.frame(piece);
    this.#source = null;
  }

  /**
   * Takes the next piece.
   *
   * @param waits Whether to wait for it if it is not ready.
   * @throws {unknown} The error of the source.
   */
  async #take(
    source: BodySource,
    waits: boolean,
  ): Promise<Uint8Array | null | typeof NOT_READY> {
    const next = this.#next ??= awaitPiece(source.next());
    for (let tick = 0; !waits && !next.isSettled; tick++) {
      if (tick === READY_TICKS) return NOT_READY;
      await null;
    }
    const piece = await next.promise;
    this.#next = null;
    return piece;
  }

  /** Writes pieces, and waits until that is done or the upload is stopped. */
  async #write(pieces: readonly Uint8Array[], last: boolean): Promise<void> {
    const writes = splitPieces(pieces);
    for (let at = 0; at < writes.length && !this.isStopped; at++) {
      await new Promise<void>((done) => {
        const isLast = last && at === writes.length - 1;
        this.#state = { kind: "writing", last: isLast, done };
        this.#listener.write(writes[at]!);
      });
    }
  }

  /** Waits for a 100, for a final response, or until time is up. */
  async #gate(milliseconds: number): Promise<void> {
    if (this.#hasContinue || this.isStopped) return;
    let timer: { stop(): void } | undefined;
    await new Promise<void>((open) => {
      this.#state = { kind: "gated", open };
      if (milliseconds > MAX_TIMER) return;
      timer = this.#startTimer(milliseconds, open);
    });
    timer?.stop();
    if (!this.isStopped) this.#state = TAKING;
  }
}

/** Pieces that are joined in one write. */
class Batch {
  #pieces: Uint8Array[];
  #length: number;

  constructor(head: Uint8Array) {
    this.#pieces = [head];
    this.#length = head.length;
  }

  get isEmpty(): boolean {
    return this.#pieces.length === 0;
  }

  get isFull(): boolean {
    return this.#length >= MAX_JOINED_BYTES;
  }

  /**
   * Adds a framed piece. It is copied if another is taken before it is written,
   * because its source may reuse the buffer.
   */
  add(framed: readonly Uint8Array[], piece: Uint8Array): void {
    this.#length += lengthOf(framed);
    for (const part of framed) {
      const isShared = part === piece && !this.isFull;
      this.#pieces.push(isShared ? new Uint8Array(part) : part);
    }
  }

  take(): Uint8Array[] {
    const pieces = this.#pieces;
    this.#pieces = [];
    this.#length = 0;
    return pieces;
  }
}

/** Splits pieces into writes of a limited size. */
function splitPieces(
  pieces: readonly Uint8Array[],
): (readonly Uint8Array[])[] {
  if (lengthOf(pieces) <= MAX_WRITE_BYTES) return [pieces];
  const writes: Uint8Array[][] = [];
  let write: Uint8Array[] = [];
  let room = MAX_WRITE_BYTES;
  for (const piece of pieces) {
    for (let at = 0; at < piece.length;) {
      const part = piece.subarray(at, at + room);
      write.push(part);
      at += part.length;
      room -= part.length;
      if (room > 0) continue;
      writes.push(write);
      write = [];
      room = MAX_WRITE_BYTES;
    }
  }
  if (write.length > 0) writes.push(write);
  return writes;
}

/** The next piece of a source, which may not have arrived. */
interface NextPiece {
  readonly promise: Promise<Uint8Array | null>;
  isSettled: boolean;
}

function awaitPiece(promise: NextPiece["promise"]): NextPiece {
  const next = { promise, isSettled: false };
  const settle = () => {
    next.isSettled = true;
  };
  promise.then(settle, settle);
  return next;
}
