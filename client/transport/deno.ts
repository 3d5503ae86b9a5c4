// A transport over a `Deno.Conn`, by `read` and `write`: its streams close both
// directions at end of file, and cost more.

import {
  encodeByteString,
  encodeByteStringInto,
} from "../../rfc9110/byte_string.ts";
import {
  MAX_BUFFER_BYTES,
  ReadSize,
  returnBuffer,
  takeBuffer,
} from "./buffers.ts";
import type {
  HttpAddress,
  HttpConnection,
  HttpConnectionInfo,
} from "./http_connection.ts";
import { DetachedTransport } from "./detached.ts";
import { startTlsOver } from "./node.ts";
import {
  makeConnection,
  type SocketTransport,
  type StartTlsOptions,
} from "./socket_connection.ts";
import {
  type Handover,
  lengthOf,
  type Outgoing,
  type Pending,
} from "./transport.ts";
import { type Start, startTogether } from "./turn.ts";

type Bytes = Uint8Array<ArrayBuffer>;

const NOTHING: Bytes = new Uint8Array(0);
const NO_PIECES: readonly Uint8Array[] = [];
const NOBODY: Pending<unknown> = { resolve() {}, reject() {} };

interface DenoAddress {
  readonly hostname?: string;
  readonly port?: number;
  readonly path?: string | null;
}

/** The part of a `Deno.Conn` that we use. */
export interface DenoConn {
  readonly localAddr: DenoAddress;
  readonly remoteAddr: DenoAddress;
  read(into: Uint8Array): Promise<number | null>;
  write(bytes: Uint8Array): Promise<number>;
  closeWrite(): Promise<void>;
  close(): void;
  ref(): void;
  unref(): void;
  setNoDelay?(on: boolean): void;
  setKeepAlive?(on: boolean): void;
  /** Of a connection that speaks TLS. */
  handshake?(): Promise<unknown>;
}

/** The connections that are driven, each by one transport. */
const driven = new WeakSet<DenoConn>();

/** Reads and writes a `Deno.Conn`. */
export class DenoTransport implements SocketTransport {
  readonly info: HttpConnectionInfo;
  readonly readsAreCostly = true;
  mayHaveMore = false;
  readonly unreadBytes = 0;
  readonly #conn: DenoConn;
  readonly #readSize = new ReadSize();
  /** The pending or last read, and its buffer. */
  #pendingRead: Pending<Bytes | null> = NOBODY;
  #buffer: Bytes = NOTHING;
  #isPooled = false;
  /** A buffer for the next read. */
  #spare: Bytes | null = null;
  /** The pending write: the bytes that are being written, and the next pieces. */
  #pendingWrite: Pending<void> = NOBODY;
  #writing: Uint8Array = NOTHING;
  #pieces: readonly Uint8Array[] = NO_PIECES;
  #nextPiece = 0;
  /** The buffer that the write took from the pool. */
  #lent: Bytes | null = null;
  /** Whether it keeps the process alive, as far as is known. */
  #isRef = false;
  /** Why it was aborted, if it was. */
  #aborted: { readonly reason: unknown } | null = null;

  /**
   * Takes over a connection.
   *
   * @throws {TypeError} If another transport drives it.
   */
  constructor(conn: DenoConn) {
    if (driven.has(conn)) {
      throw new TypeError(
        "Cannot take the connection: a client drives it; " +
          "use what its `detach` returns",
      );
    }
    driven.add(conn);
    this.#conn = conn;
    this.info = {
      remote: addressOf(conn.remoteAddr),
      local: addressOf(conn.localAddr),
      // Which protocol was chosen, only a promise tells.
      tls: conn.handshake === undefined ? null : { alpnProtocol: null },
    };
    tune(conn);
  }

  startRead(pending: Pending<Bytes | null>, into?: Bytes): void {
    this.#pendingRead = pending;
    this.#isPooled = into === undefined;
    const buffer = this.#buffer = into ?? this.#takeBuffer();
    this.#conn.read(buffer).then(this.#onRead, this.#onReadError);
  }

  readonly #onRead = (length: number | null): void => {
    const buffer = this.#buffer;
    this.mayHaveMore = length === buffer.length;
    if (length !== null && length > 0) {
      if (this.#isPooled) this.#readSize.adapt(length);
      this.#pendingRead.resolve(buffer.subarray(0, length));
    } else {
      // Not the caller's own buffer, which would be lent to other connections.
      if (this.#isPooled) returnBuffer(buffer.buffer);
      this.#pendingRead.resolve(null);
    }
  };

  readonly #onReadError = (error: unknown): void => {
    this.#pendingRead.reject(this.#reasonFor(error));
  };

  /** Takes the buffer of the last read, if it was given back, or another. */
  #takeBuffer(): Bytes {
    const spare = this.#spare;
    const { bytes } = this.#readSize;
    if (spare?.length === bytes) {
      this.#spare = null;
      return spare;
    }
    this.#returnSpare();
    return takeBuffer(bytes);
  }

  #returnSpare(): void {
    if (this.#spare !== null) returnBuffer(this.#spare.buffer);
    this.#spare = null;
  }

  recycle({ buffer }: Bytes): void {
    // The next read usually starts soon.
    if (buffer === this.#buffer.buffer && this.#isPooled) {
      this.#spare = this.#buffer;
    } else {
      returnBuffer(buffer);
    }
  }

  startWrite(data: Outgoing, pending: Pending<void>): void {
    this.#pendingWrite = pending;
    if (typeof data === "string") return this.#writeText(data);
    if (data.length !== 1) {
      const length = lengthOf(data);
      if (length <= MAX_BUFFER_BYTES) return this.#writeJoined(data, length);
    }
    this.#pieces = data;
    this.#writeNext();
  }

  /** Writes from a buffer of the pool, which costs less than a new one. */
  #writeText(text: string): void {
    if (text.length > MAX_BUFFER_BYTES) {
      return this.#write(encodeByteString(text));
    }
    const bytes = this.#lent = takeBuffer(text.length);
    encodeByteStringInto(text, bytes);
    this.#write(bytes);
  }

  #writeJoined(pieces: readonly Uint8Array[], length: number): void {
    const joined = this.#lent = takeBuffer(length);
    let at = 0;
    for (const piece of pieces) {
      joined.set(piece, at);
      at += piece.length;
    }
    this.#write(joined);
  }

  /** Writes the next piece. */
  #writeNext(): void {
    this.#write(this.#pieces[this.#nextPiece++]!);
  }

  #write(bytes: Uint8Array): void {
    this.#writing = bytes;
    this.#conn.write(bytes).then(this.#onWritten, this.#onWriteError);
  }

  readonly #onWritten = (written: number): void => {
    const bytes = this.#writing;
    if (written < bytes.length) return this.#write(bytes.subarray(written));
    if (this.#nextPiece < this.#pieces.length) return this.#writeNext();
    if (this.#lent !== null) returnBuffer(this.#lent.buffer);
    this.#endWrite().resolve();
  };

  // The runtime may still refer to a buffer of the pool.
  readonly #onWriteError = (error: unknown): void => {
    this.#endWrite().reject(this.#reasonFor(error));
  };

  #endWrite(): Pending<void> {
    const pending = this.#pendingWrite;
    this.#pendingWrite = NOBODY;
    this.#writing = NOTHING;
    this.#pieces = NO_PIECES;
    this.#nextPiece = 0;
    this.#lent = null;
    return pending;
  }

  async closeWrite(): Promise<void> {
    try {
      await this.#conn.closeWrite();
    } catch (error) {
      throw this.#reasonFor(error);
    }
  }

  /** Deno only says that the connection is not there. */
  #reasonFor(error: unknown): unknown {
    return this.#aborted === null ? error : this.#aborted.reason;
  }

  close(): Promise<void> {
    this.#close();
    return Promise.resolve();
  }

  abort(reason: unknown): void {
    this.#aborted ??= { reason };
    this.#close();
  }

  #close(): void {
    this.#returnSpare();
    // A test's sanitizer would report a pending read that is unref'd.
    this.#conn.ref();
    try {
      this.#conn.close();
    } catch {
      // Already closed.
    }
  }

  settle(now: number, ready: Start): void {
    startTogether(now, ready);
  }

  ref(): void {
    this.#readSize.isIdle = false;
    if (this.#isRef) return;
    this.#isRef = true;
    this.#conn.ref();
  }

  unref(): void {
    this.#readSize.isIdle = true;
    this.#isRef = false;
    this.#conn.unref();
  }

  detach(handover: Handover): HttpConnection {
    return makeConnection(new DetachedTransport(this, handover));
  }

  // Not `Deno.startTls`: closing its connection during the handshake, or while a
  // write is blocked, leaks the socket until the peer closes it (Deno 2.9). It also
  // takes neither a client certificate nor a connection with a pending read.
  startTls(
    options: StartTlsOptions,
    outer: SocketTransport = this,
  ): Promise<HttpConnection> {
    return startTlsOver(outer, options);
  }
}

/** Turns off Nagle's algorithm, and turns on TCP keep-alive. */
function tune(conn: DenoConn): void {
  try {
    // Unix sockets have neither. An upload is written piece by piece, and with
    // Nagle's algorithm the last piece would wait 40 ms for the peer's delayed
    // acknowledgment.
    conn.setNoDelay?.(true);
    // The interval is the system's: Deno has no option for it.
    conn.setKeepAlive?.(true);
  } catch {
    // It is closed, which the first read or write reports.
  }
}

function addressOf({ hostname, port, path }: DenoAddress): HttpAddress | null {
  if (hostname !== undefined && port !== undefined) return { hostname, port };
  return typeof path === "string" ? { unixPath: path } : null;
}

/** The classes of connections that Deno returns; it does not export them. */
const CLASSES: readonly string[] = ["TcpConn", "UnixConn", "TlsConn"];

/**
 * Returns whether a stream is a connection of Deno's, and not a `Proxy` of one
 * or an object that inherits from one: their streams may differ from it.
 */
export function isDenoConn<T extends object>(
  stream: T,
): stream is T & DenoConn {
  if (!("Deno" in globalThis)) return false;
  const prototype = Object.getPrototypeOf(stream);
  if (!CLASSES.includes(prototype?.constructor?.name)) return false;
  const base = Object.getPrototypeOf(prototype);
  const getter = base && Object.getOwnPropertyDescriptor(base, "remoteAddr")
    ?.get;
  try {
    // It reads a private member of `stream`, which only a real one has.
    return getter !== undefined && getter.call(stream) !== undefined;
  } catch {
    return false;
  }
}
