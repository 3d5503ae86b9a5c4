// The output half of a connection: at most one pending write.
//
//   ready ── write ──> writing ── done ──> ready
//                         └── error ──> broken
//
// A coroutine may end before its write is done. The next coroutine's first write then
// waits for it, and so does the next owner of the connection.

import type { Outgoing, Pending, Transport } from "../transport/transport.ts";

/** The writer. */
export interface OutputListener {
  /** Called when the write is done. */
  written(): void;
  /** Called if the write fails. No other will succeed. */
  failWrite(error: unknown): void;
}

type State =
  | { readonly kind: "ready" }
  | {
    readonly kind: "writing";
    /** The writes that follow the pending one. */
    readonly next: readonly Outgoing[];
  }
  | { readonly kind: "broken"; readonly error: unknown };

const READY: State = { kind: "ready" };
const WRITING: State = { kind: "writing", next: [] };

/** Writes to a transport, one write at a time. */
export class Output implements Pending<void> {
  /** The listener of the pending write. */
  listener: OutputListener;
  readonly #transport: Transport;
  #state: State = READY;

  constructor(transport: Transport, listener: OutputListener) {
    this.#transport = transport;
    this.listener = listener;
  }

  /** Whether no write is pending, and none has failed. */
  get isReady(): boolean {
    return this.#state.kind === "ready";
  }

  /** Starts a write. The same listener may have no other one pending. */
  write(data: Outgoing): void {
    const state = this.#state;
    if (state.kind === "broken") return this.listener.failWrite(state.error);
    if (state.kind === "writing") {
      this.#state = { kind: "writing", next: [...state.next, data] };
      return;
    }
    this.#state = WRITING;
    this.#transport.startWrite(data, this);
  }

  /** Gives up the pending writes, for which the next owner has to wait. */
  detach(): Promise<void> | null {
    if (this.#state.kind === "ready") return null;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    // It may never be awaited.
    promise.catch(() => {});
    if (this.#state.kind === "broken") reject(this.#state.error);
    else this.listener = { written: resolve, failWrite: reject };
    return promise;
  }

  /** Called when the pending write is done. */
  resolve(): void {
    const state = this.#state;
    if (state.kind !== "writing" || state.next.length === 0) {
      this.#state = READY;
      return this.listener.written();
    }
    const [data, ...next] = state.next;
    this.#state = { kind: "writing", next };
    this.#transport.startWrite(data!, this);
  }

  /** Called if the pending write fails. */
  reject(error: unknown): void {
    this.#state = { kind: "broken", error };
    this.listener.failWrite(error);
  }
}
