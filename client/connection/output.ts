// The output half of a connection: at most one pending write.
//
//   ready ── write ──> writing ── done ──> ready
//                         └── error ──> broken
//
// A coroutine may end before its write is done. The next coroutine's first write then
// waits for it.

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
  | { readonly kind: "ready" }
  | { readonly kind: "writing" }
  | { readonly kind: "broken"; readonly error: unknown };

const READY: State = { kind: "ready" };
const WRITING: State = { kind: "writing" };

/** Writes to a transport, one write at a time. */
export class Output implements Pending<void> {
  /** The listener of the pending write. */
  listener: OutputListener;
  readonly #transport: Transport;
  #state: State = READY;
  /** The write that follows the pending one. */
  #queue: Outgoing[] = [];

  constructor(transport: Transport, listener: OutputListener) {
    this.#transport = transport;
    this.listener = listener;
  }

  /** Starts a write. The same listener may have no other one pending. */
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

  /** Called when the pending write is done. */
  resolve(): void {
    this.#state = READY;
    const next = this.#queue.shift();
    if (next === undefined) this.listener.written();
    else this.write(next);
  }

  /** Called if the pending write fails. */
  reject(error: unknown): void {
    this.#state = { kind: "broken", error };
    this.listener.failWrite(error);
  }
}
