// The input half of a connection: at most one pending read, even while nothing is in
// flight. A read that is pending when an exchange starts becomes its first.
//
//   still ── read ──> reading ── bytes ──> still
//                        ├── end of file ──> ended
//                        └── error ────────> lost
//
// In each state, bytes may be unread that come before all others.

import { concat } from "@std/bytes/concat";
import { notePoll } from "../transport/turn.ts";
import type { Handover, Pending, Transport } from "../transport/transport.ts";

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
  /** Whether the result of that read is being passed to the receiver. */
  isReceiving = false;
  readonly #transport: Transport;
  /** When a request was written during the pending read; `null` if none was. */
  #requestAt: number | null = null;
  #state: State = STILL;
  #unread: InputBytes | null = null;

  constructor(transport: Transport, receiver: InputReceiver) {
    this.#transport = transport;
    this.receiver = receiver;
  }

  /** Whether a read is pending. */
  get isReading(): boolean {
    return this.#state.kind === "reading";
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
    const unread = this.#unread;
    if (unread !== null) {
      this.#unread = null;
      return this.receiver.receive(unread);
    }
    const state = this.#state;
    switch (state.kind) {
      case "reading":
        return;
      case "ended":
        return this.receiver.receive(null);
      case "lost":
        return this.receiver.lose(state.error);
      case "still":
        this.#state = READING;
        return this.#transport.startRead(this, into);
    }
  }

  /** Learns that a request is about to be written. */
  noteRequest(now: number): void {
    if (this.#state.kind === "reading") this.#requestAt = now;
  }

  /**
   * Keeps bytes for the next receiver. If some are unread, nothing was read since
   * they were kept, so these are the same.
   */
  putBack(bytes: InputBytes): void {
    if (bytes.length > 0) this.#unread ??= bytes;
  }

  /** Gives up the unread bytes and the pending read, for the next owner. */
  detach(): Pick<Handover, "unread" | "read"> {
    const unread = this.#unread ?? new Uint8Array(0);
    this.#unread = null;
    if (this.#state.kind === "still") return { unread, read: null };
    const { promise, resolve, reject } = Promise.withResolvers<
      InputBytes | null
    >();
    // It may never be awaited.
    promise.catch(() => {});
    this.receiver = { receive: resolve, lose: reject };
    this.read();
    return { unread, read: promise };
  }

  /** Receives the result of the pending read. */
  resolve(bytes: InputBytes | null): void {
    this.#state = bytes === null ? ENDED : STILL;
    this.readAt = performance.now();
    if (this.#requestAt !== null) notePoll(this.#requestAt);
    this.#requestAt = null;
    const unread = this.#unread;
    this.isReceiving = true;
    // A waiting receiver would have taken the unread bytes.
    if (unread === null) this.receiver.receive(bytes);
    else if (bytes !== null) this.#unread = concat([unread, bytes]);
    this.isReceiving = false;
  }

  /** Called if the pending read fails. */
  reject(error: unknown): void {
    this.#state = { kind: "lost", error };
    if (this.#unread === null) this.receiver.lose(error);
  }
}
