// The input half of a connection: at most one pending read, also while nothing
// is in flight. A read that is pending when an exchange starts is its first.
//
//   still ── read ──> reading ── bytes ──> still
//     ^                  ├── end of file ──> ended
//     └── unread         └── error ────────> lost

import type { Pending, Transport } from "../transport/transport.ts";

/** Bytes that were read. */
export type InputBytes = Uint8Array<ArrayBuffer>;

/** Whoever the next bytes are for. */
export interface InputReceiver {
  /** Receives bytes, or `null` at end of file. */
  receive(bytes: InputBytes | null): void;
  /** Learns that the runtime reported an error. */
  lose(error: unknown): void;
}

type State =
  | { readonly kind: "still" }
  | { readonly kind: "reading" }
  | { readonly kind: "unread"; readonly bytes: InputBytes }
  | { readonly kind: "ended" }
  | { readonly kind: "lost"; readonly error: unknown };

const STILL: State = { kind: "still" };
const READING: State = { kind: "reading" };
const ENDED: State = { kind: "ended" };

/** Reads from a transport, one read at a time. */
export class Input implements Pending<InputBytes | null> {
  /** Whoever the result of the pending or next read is for. */
  receiver: InputReceiver;
  /**
   * When the last read was done, by `performance.now`. Whatever has arrived since
   * then may not have been read.
   */
  readAt: number = performance.now();
  readonly #transport: Transport;
  #state: State = STILL;

  constructor(transport: Transport, receiver: InputReceiver) {
    this.#transport = transport;
    this.receiver = receiver;
  }

  /** Whether nothing more will be read. */
  get isOver(): boolean {
    return this.#state.kind === "ended" || this.#state.kind === "lost";
  }

  /**
   * Passes the next bytes to the receiver: at once if there are any, otherwise
   * when the pending read is done, which is started if there is none.
   *
   * @param into Where to read to, if the transport can.
   */
  read(into?: InputBytes): void {
    const state = this.#state;
    switch (state.kind) {
      case "reading":
        return;
      case "unread":
        this.#state = STILL;
        return this.receiver.receive(state.bytes);
      case "ended":
        return this.receiver.receive(null);
      case "lost":
        return this.receiver.lose(state.error);
      case "still": {
        const transport = this.#transport;
        this.#state = READING;
        if (transport.startRead !== undefined) {
          return transport.startRead(this, into);
        }
        transport.read(into).then(
          (bytes) => this.resolve(bytes),
          (error) => this.reject(error),
        );
      }
    }
  }

  /** Keeps bytes for whoever reads next. Nothing may be unread or pending. */
  putBack(bytes: InputBytes): void {
    if (bytes.length > 0) this.#state = { kind: "unread", bytes };
  }

  /** Gives up what is unread and pending, for whoever reads on elsewhere. */
  detach(): {
    unread: InputBytes;
    pending: Promise<InputBytes | null> | null;
  } {
    const state = this.#state;
    const none = new Uint8Array(0);
    switch (state.kind) {
      case "still":
        return { unread: none, pending: null };
      case "unread":
        return { unread: state.bytes, pending: null };
      default: {
        const { promise, resolve, reject } = Promise.withResolvers<
          InputBytes | null
        >();
        // Nobody may ever ask for it.
        promise.catch(() => {});
        this.receiver = { receive: resolve, lose: reject };
        this.read();
        return { unread: none, pending: promise };
      }
    }
  }

  /** Receives what the pending read returned. */
  resolve(bytes: InputBytes | null): void {
    this.#state = bytes === null ? ENDED : STILL;
    this.readAt = performance.now();
    this.receiver.receive(bytes);
  }

  /** Learns that the pending read failed. */
  reject(error: unknown): void {
    this.#state = { kind: "lost", error };
    this.receiver.lose(error);
  }
}
