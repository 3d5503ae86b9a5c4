// The transport of a connection that a client gave up. Bytes that the client has read
// come first, and its pending write finishes first.

import { abortable } from "./abortable.ts";
import type { HttpConnection, HttpConnectionInfo } from "./http_connection.ts";
import { earlyBytes, reasonOf, tlsFailed } from "./open_failure.ts";
import {
  makeConnection,
  type SocketTransport,
  type StartTlsOptions,
} from "./socket_connection.ts";
import {
  type Handover,
  type Outgoing,
  type Pending,
  settleLike,
} from "./transport.ts";
import type { Start } from "./turn.ts";

type Bytes = Uint8Array<ArrayBuffer>;

interface LeftRead {
  readonly result: Promise<Bytes | null>;
  /** The number of bytes, as far as is known. */
  length: number;
}

/** The reads that a client left, in order. */
export class LeftReads {
  readonly #reads: LeftRead[] = [];

  constructor(handover: Handover) {
    this.putFirst(handover);
  }

  /** Whether none is left. */
  get isEmpty(): boolean {
    return this.#reads.length === 0;
  }

  /** The number of bytes that are known to have arrived. */
  get bytes(): number {
    return this.#reads.reduce((sum, { length }) => sum + length, 0);
  }

  /** Puts the reads of another client before the others. */
  putFirst({ unread, read }: Handover): void {
    if (read !== null) {
      const left = { result: read, length: 0 };
      // It may fail, and never be awaited.
      read.then((bytes) => left.length = bytes?.length ?? 0, () => {});
      this.#reads.unshift(left);
    }
    if (unread.length > 0) {
      // A copy, because the bytes may be in a buffer of the pool.
      const result = Promise.resolve(new Uint8Array(unread));
      this.#reads.unshift({ result, length: unread.length });
    }
  }

  /** Takes the next read, or returns `null` if there is none left. */
  take(): Promise<Bytes | null> | null {
    return this.#reads.shift()?.result ?? null;
  }
}

/** Drives a socket that a client has used. */
export class DetachedTransport implements SocketTransport {
  readonly info: HttpConnectionInfo;
  readonly readsAreCostly: boolean;
  readonly #inner: SocketTransport;
  readonly #reads: LeftReads;
  /** The writes that the client left, unless they are done. */
  #write: Promise<void> | null = null;

  /**
   * Takes over a transport.
   *
   * @param inner The transport, which the client no longer uses.
   * @param handover The reads and writes that the client left.
   */
  constructor(inner: SocketTransport, handover: Handover) {
    this.info = inner.info;
    this.readsAreCostly = inner.readsAreCostly ?? false;
    this.#inner = inner;
    this.#reads = new LeftReads(handover);
    this.#leaveWrite(handover);
  }

  get mayHaveMore(): boolean {
    return this.#inner.mayHaveMore ?? false;
  }

  get unreadBytes(): number {
    return this.#reads.bytes + this.#inner.unreadBytes;
  }

  startRead(pending: Pending<Bytes | null>, into?: Bytes): void {
    const left = this.#reads.take();
    if (left === null) this.#inner.startRead(pending, into);
    else settleLike(pending, left);
  }

  recycle(bytes: Bytes): void {
    this.#inner.recycle(bytes);
  }

  startWrite(data: Outgoing, pending: Pending<void>): void {
    if (this.#write === null) return this.#inner.startWrite(data, pending);
    this.#write.then(
      () => this.#inner.startWrite(data, pending),
      (error) => pending.reject(error),
    );
  }

  async closeWrite(): Promise<void> {
    await this.#write;
    await this.#inner.closeWrite();
  }

  close(): Promise<void> {
    return this.#inner.close();
  }

  abort(reason: unknown): void {
    this.#inner.abort(reason);
  }

  settle(now: number, ready: Start): void {
    this.#inner.settle(now, ready);
  }

  ref(): void {
    this.#inner.ref();
  }

  unref(): void {
    this.#inner.unref();
  }

  detach(handover: Handover): HttpConnection {
    this.#reads.putFirst(handover);
    this.#leaveWrite(handover);
    return makeConnection(this);
  }

  async startTls(options: StartTlsOptions): Promise<HttpConnection> {
    await beforeTls(this, this.#write, options);
    return await this.#inner.startTls(options, this);
  }

  #leaveWrite({ write }: Handover): void {
    if (write === null) return;
    // It comes after those of an earlier client, for which it has waited.
    this.#write = write;
    const forget = () => {
      if (this.#write === write) this.#write = null;
    };
    // A failure stays, for all that follows.
    write.then(forget, () => {});
  }
}

/**
 * Waits until TLS may start over a connection that a client gave up.
 *
 * @param left The connection, which is aborted if TLS may not start.
 * @param write The writes that the client left.
 * @param options The server's name, and a signal that ends the wait.
 * @throws {HttpError} If bytes are unread, or the writes fail.
 * @throws {unknown} If the signal aborts, its reason.
 */
export async function beforeTls(
  left: {
    readonly info: HttpConnectionInfo | null;
    readonly unreadBytes: number;
    abort(reason: unknown): void;
  },
  write: Promise<void> | null,
  { serverName, signal }: StartTlsOptions,
): Promise<void> {
  const { info, unreadBytes } = left;
  const remote = info?.remote ?? null;
  const fail = (error: unknown): never => {
    left.abort(error);
    throw error;
  };
  if (unreadBytes > 0) fail(earlyBytes(serverName, remote, unreadBytes));
  try {
    if (write !== null) await abortable(write, signal);
  } catch (error) {
    if (signal?.aborted) fail(signal.reason);
    fail(tlsFailed(serverName, remote, reasonOf(error), error));
  }
}
