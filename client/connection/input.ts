// The input half of a connection: at most one pending read, even while nothing is in
// flight. A read that is pending when an exchange starts becomes its first.
//
//   still ── read ──> reading ── bytes ──> still
//     ^                  ├── end of file ──> ended
//     └── unread         └── error ────────> lost

import type { Pending, Transport } from "../transport/transport.ts";

/** Bytes that were read. */
export type InputBytes = Uint8Array<ArrayBuffer>;

/** The receiver of the next bytes. */
export interface InputReceiver {
  /** Receives bytes, or `null` at end of file. */
  receive(bytes: InputBytes | null): void;
  /** Called if the runtime reports an error. */
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
  /** The receiver of the pending or next read. */
  receiver: InputReceiver;
  /**
   * When the last read finished, by `performance.now`. Bytes that have arrived since
   * then may be unread.
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
   * Passes the next bytes to the receiver: at once if there are any, otherwise when
   * the pending read finishes. Starts a read if none is pending.
   *
   * @param into The buffer to read into, if the transport supports it.
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

  /** Keeps bytes for the next receiver. Nothing may be unread or pending. */
  putBack(bytes: InputBytes): void {
    if (bytes.length > 0) this.#state = { kind: "unread", bytes };
  }

  /** Gives up the unread bytes and the pending read, to be used elsewhere. */
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
        // It may never be awaited.
        promise.catch(() => {});
        this.receiver = { receive: resolve, lose: reject };
        this.read();
        return { unread: none, pending: promise };
      }
    }
  }

  /** Receives the result of the pending read. */
  resolve(bytes: InputBytes | null): void {
    this.#state = bytes === null ? ENDED : STILL;
    this.readAt = performance.now();
    this.receiver.receive(bytes);
  }

  /** Called if the pending read fails. */
  reject(error: unknown): void {
    this.#state = { kind: "lost", error };
    this.receiver.lose(error);
  }
}
