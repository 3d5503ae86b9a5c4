// The output half of a connection: at most one pending write.
//
//   ready ── write ──> writing ── done ──> ready
//                         └── error ──> broken
//
// A coroutine may end before its write is done. The writes of the next one then wait
// for it and follow it together, and so does the next owner of the connection.

import { encodeByteString } from "../../rfc9110/byte_string.ts";
import type { Outgoing, Pending, Transport } from "../transport/transport.ts";

/** The writer. */
export interface OutputListener {
  /** Called when the write is done. */
  written(): void;
  /** Called if the write fails. No other will succeed. */
  failWrite(error: unknown): void;
}

type State =
  | { readonly kind: "ready" | "writing" }
  | { readonly kind: "broken"; readonly error: unknown };

const READY: State = { kind: "ready" };
const WRITING: State = { kind: "writing" };

/** Writes to a transport, one write at a time. */
export class Output implements Pending<void> {
  /** The listener of the pending write. */
  listener: OutputListener;
  readonly #transport: Transport;
  #state: State = READY;
  /** The bytes that follow the pending write. */
  #next: Uint8Array[] = [];

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
    switch (state.kind) {
      case "broken":
        return this.listener.failWrite(state.error);
      case "writing": {
        const pieces = typeof data === "string"
          ? [encodeByteString(data)]
          : data;
        for (const piece of pieces) this.#next.push(piece);
        return;
      }
      case "ready":
        this.#state = WRITING;
        this.#transport.startWrite(data, this);
    }
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
    const next = this.#next;
    if (next.length === 0) {
      this.#state = READY;
      return this.listener.written();
    }
    this.#next = [];
    this.#transport.startWrite(next, this);
  }

  /** Called if the pending write fails. */
  reject(error: unknown): void {
    this.#state = { kind: "broken", error };
    this.#next = [];
    this.listener.failWrite(error);
  }
}
