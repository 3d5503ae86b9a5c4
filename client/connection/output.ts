// The output half of a connection: at most one pending write.
//
//   ready ── write ──> writing ── done ──> ready
//                         └── error ──> broken
//
// A coroutine may end before its write is done. What its successor writes then
// waits for that.

import { encodeByteString } from "../../rfc9110/byte_string.ts";
import type { Outgoing, Pending, Transport } from "../transport/transport.ts";

/** Whoever wrote. */
export interface OutputListener {
  /** Learns that the write is done. */
  written(): void;
  /** Learns that the write failed. No other will succeed. */
  failWrite(error: unknown): void;
}

type State =
  | { readonly kind: "ready" }
  | { readonly kind: "writing" }
  | { readonly kind: "broken"; readonly error: unknown };

const READY: State = { kind: "ready" };
const WRITING: State = { kind: "writing" };

/** Writes to a transport, one write at a time. */
export class Output implements Pending<void> {
  /** Whoever learns how the pending write ends. */
  listener: OutputListener;
  readonly #transport: Transport;
  #state: State = READY;
  /** What follows the pending write. */
  #queue: Outgoing[] = [];

  constructor(transport: Transport, listener: OutputListener) {
    this.#transport = transport;
    this.listener = listener;
  }

  /** Starts a write. None of the same listener's may be pending. */
  write(data: Outgoing): void {
    if (this.#state.kind === "broken") {
      return this.listener.failWrite(this.#state.error);
    }
    if (this.#state.kind === "writing") {
      this.#queue.push(data);
      return;
    }
    this.#state = WRITING;
    const transport = this.#transport;
    if (transport.startWrite !== undefined) {
      return transport.startWrite(data, this);
    }
    const pieces = typeof data === "string" ? [encodeByteString(data)] : data;
    transport.write(pieces).then(
      () => this.resolve(),
      (error) => this.reject(error),
    );
  }

  /** Learns that the pending write is done. */
  resolve(): void {
    this.#state = READY;
    const next = this.#queue.shift();
    if (next === undefined) this.listener.written();
    else this.write(next);
  }

  /** Learns that the pending write failed. */
  reject(error: unknown): void {
    this.#state = { kind: "broken", error };
    this.listener.failWrite(error);
  }
}
