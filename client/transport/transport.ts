// The bytes of one connection, both ways, as the layers above use them.
//
// At most one read and one write are pending at a time. A transport does not know HTTP:
// it neither watches nor retries, and rejects with the runtime's own errors, which
// connection/ turns into ours.

import type { HttpConnection, HttpConnectionInfo } from "./http_connection.ts";
import type { Start } from "./turn.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** A read or write that has started, with callbacks for its end. */
export interface Pending<T> {
  resolve(value: T): void;
  reject(error: unknown): void;
}

/**
 * Bytes to write: pieces, or a byte string, usually a head. A transport encodes it in
 * the cheapest way.
 */
export type Outgoing = readonly Uint8Array[] | string;

/** Returns the number of bytes to write. */
export function lengthOf(data: Outgoing): number {
  if (typeof data === "string") return data.length;
  let length = 0;
  for (const piece of data) length += piece.length;
  return length;
}

/** The bytes of one connection. */
export interface Transport {
  /** Facts of the connection; `null` for a stream that the caller opened. */
  readonly info: HttpConnectionInfo | null;
  /**
   * Whether each read is a system call, whose result comes only from the event loop.
   * The read of an idle connection then starts a microtask late: after the request
   * that often follows a response at once.
   */
  readonly readsAreCostly?: boolean;
  /**
   * Whether bytes that have arrived may be missing from the last read, because it
   * filled its buffer. Only a turn of the event loop delivers them.
   */
  readonly mayHaveMore?: boolean;
  /**
   * Reads the bytes that have arrived, or waits for some. Settles `pending` once
   * this call has returned, with at least one byte, or with `null` at end of file.
   * The bytes belong to the caller until they are passed to {@linkcode recycle}.
   *
   * @param into The buffer to read into. A transport that would have to transfer it
   * ignores it.
   */
  startRead(pending: Pending<Bytes | null>, into?: Bytes): void;
  /** Takes back bytes that a read returned. Nothing may refer to them. */
  recycle(bytes: Bytes): void;
  /**
   * Writes all pieces in order, in one write if they are small. Settles `pending`
   * once this call has returned. The caller may then reuse their buffers.
   */
  startWrite(data: Outgoing, pending: Pending<void>): void;
  /** Closes the connection, and drops a pending write. Never rejects. */
  close(): Promise<void>;
  /** Ends the connection at once: the pending read and write settle. */
  abort(reason: unknown): void;
  /**
   * Calls back when a request may be written on a connection that was read a
   * moment ago: once promises that are already settled have delivered their data
   * to a pending read, and together with other requests.
   *
   * @param now The time by `performance.now`.
   */
  settle(now: number, ready: Start): void;
  /** Makes the connection keep the process alive. */
  ref(): void;
  /** Lets the process exit while the connection is open. */
  unref(): void;
  /** Turns the transport into a connection for the caller. */
  detach(handover: Handover): HttpConnection;
}

/** The reads and writes that a client leaves to the next user of its connection. */
export interface Handover {
  /** Bytes that were read and come first. */
  readonly unread: Bytes;
  /** The pending read, whose result comes next; `null` if there is none. */
  readonly read: Promise<Bytes | null> | null;
  /** The pending writes, which come before any other; `null` if there are none. */
  readonly write: Promise<void> | null;
}

/** Reads like {@linkcode Transport.startRead}, and returns a promise. */
export function readFrom(
  transport: Pick<Transport, "startRead">,
  into?: Bytes,
): Promise<Bytes | null> {
  return new Promise((resolve, reject) => {
    transport.startRead({ resolve, reject }, into);
  });
}

/** Writes like {@linkcode Transport.startWrite}, and returns a promise. */
export function writeTo(
  transport: Pick<Transport, "startWrite">,
  pieces: readonly Uint8Array[],
): Promise<void> {
  return new Promise((resolve, reject) => {
    transport.startWrite(pieces, { resolve, reject });
  });
}

/** Settles a read or write as a promise does. */
export function settleLike<T>(pending: Pending<T>, promise: Promise<T>): void {
  promise.then(
    (value) => pending.resolve(value),
    (error) => pending.reject(error),
  );
}

// The transports behind our connections. Only the very object that a connector
// returned is a key, so a wrapper is driven through its streams.
const transports = new WeakMap<object, () => Transport | null>();

/**
 * Notes how to drive a connection directly.
 *
 * @param connection The connection.
 * @param take Gives up the transport, or returns `null` if the connection's
 * streams are in use.
 */
export function registerTransport(
  connection: HttpConnection,
  take: () => Transport | null,
): void {
  transports.set(connection, take);
}

/** Takes the transport behind one of our connections, or `null`. */
export function takeTransport(stream: object): Transport | null {
  return transports.get(stream)?.() ?? null;
}

/** Why a read fails if the caller's stream contains a chunk that is not bytes. */
export class NotBytesError extends TypeError {
  /** The name of the class. */
  override readonly name = "NotBytesError";

  /** Creates the error. */
  constructor() {
    super("Cannot read the stream: a chunk is not a Uint8Array");
  }
}

/**
 * Why a read over TLS fails if the peer closed the connection without close_notify:
 * anyone on the way can end a connection like that. If the length of a message is
 * known, this counts as end of file.
 */
export class MissingCloseNotifyError extends Error {
  /** The name of the class. */
  override readonly name = "MissingCloseNotifyError";

  /** Creates the error. */
  constructor() {
    super("The peer closed the connection without a TLS close_notify");
  }
}
