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
import { startTlsOver } from "./node.ts";
import {
  makeConnection,
  ReadAhead,
  type SocketTransport,
  type StartTlsOptions,
} from "./socket_connection.ts";
import { lengthOf, type Outgoing, type Pending } from "./transport.ts";
import { nextTurn, startTogether } from "./turn.ts";

type Bytes = Uint8Array<ArrayBuffer>;

const NOTHING: Bytes = new Uint8Array(0);
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
}

/** Reads and writes a `Deno.Conn` without TLS. */
export class DenoTransport implements SocketTransport {
  readonly info: HttpConnectionInfo;
  readonly readsAreCostly = true;
  readonly #conn: DenoConn;
  readonly #readSize = new ReadSize();
  #ahead: ReadAhead | null = null;
  /** The pending or last read, and its buffer. */
  #pendingRead: Pending<Bytes | null> = NOBODY;
  #buffer: Bytes = NOTHING;
  #isPooled = false;
  /** A buffer for the next read. */
  #spare: Bytes | null = null;
  #pendingWrite: Pending<void> = NOBODY;
  #writing: Uint8Array = NOTHING;
  /** Whether it keeps the process alive, as far as is known. */
  #isRef = false;
  /** The buffer that the write took from the pool. */
  #written: Bytes | null = null;

  /** Takes over a connection. */
  constructor(conn: DenoConn) {
    this.#conn = conn;
    this.info = {
      remote: addressOf(conn.remoteAddr),
      local: addressOf(conn.localAddr),
      tls: null,
    };
    // Unix sockets have neither. An upload is written piece by piece, and with
    // Nagle's algorithm the last piece would wait 40 ms for the peer's delayed
    // acknowledgment.
    conn.setNoDelay?.(true);
    // The interval is the system's: Deno has no option for it.
    conn.setKeepAlive?.(true);
  }

  read(into?: Bytes): Promise<Bytes | null> {
    return new Promise((resolve, reject) => {
      this.startRead({ resolve, reject }, into);
    });
  }

  startRead(pending: Pending<Bytes | null>, into?: Bytes): void {
    const ahead = this.#ahead?.take() ?? null;
    if (ahead !== null) {
      ahead.then(
        (bytes) => pending.resolve(bytes),
        (error) => pending.reject(error),
      );
      return;
    }
    this.#pendingRead = pending;
    this.#isPooled = into === undefined;
    const buffer = this.#buffer = into ?? this.#takeBuffer();
    this.#conn.read(buffer).then(this.#onRead, this.#onReadError);
  }

  readonly #onRead = (length: number | null): void => {
    const buffer = this.#buffer;
    if (length !== null && length > 0) {
      if (this.#isPooled) this.#readSize.adapt(length);
      this.#pendingRead.resolve(buffer.subarray(0, length));
    } else {
      // Not the caller's own buffer, which would be lent to other connections.
      if (this.#isPooled) this.recycle(buffer);
      this.#pendingRead.resolve(null);
    }
  };

  readonly #onReadError = (error: unknown): void => {
    this.#pendingRead.reject(error);
  };

  /** Takes the buffer of the last read, if it was given back, or another. */
  #takeBuffer(): Bytes {
    const spare = this.#spare;
    this.#spare = null;
    const { bytes } = this.#readSize;
    return spare?.length === bytes ? spare : takeBuffer(bytes);
  }

  recycle({ buffer }: Bytes): void {
    // The next read usually starts soon.
    if (buffer === this.#buffer.buffer && this.#isPooled) {
      this.#spare = this.#buffer;
    } else {
      returnBuffer(buffer);
    }
  }

  write(pieces: readonly Uint8Array[]): Promise<void> {
    return new Promise((resolve, reject) => {
      this.startWrite(pieces, { resolve, reject });
    });
  }

  startWrite(data: Outgoing, pending: Pending<void>): void {
    if (this.#pendingWrite !== NOBODY) return this.#queueWrite(data, pending);
    this.#pendingWrite = pending;
    if (typeof data === "string") return this.#writeText(data);
    const [only] = data;
    if (data.length === 1 && only !== undefined) return this.#write(only);
    this.#writePieces(data).then(this.#onAllWritten, this.#onWriteError);
  }

  /** Starts a write after a pending one that a client left behind. */
  #queueWrite(data: Outgoing, pending: Pending<void>): void {
    const left = this.#pendingWrite;
    this.#pendingWrite = {
      resolve: () => {
        left.resolve();
        this.startWrite(data, pending);
      },
      reject: (error) => {
        left.reject(error);
        pending.reject(error);
      },
    };
  }

  /** Writes from a buffer of the pool, which costs less than a new one. */
  #writeText(text: string): void {
    if (text.length > MAX_BUFFER_BYTES) {
      return this.#write(encodeByteString(text));
    }
    const bytes = this.#written = takeBuffer(text.length);
    encodeByteStringInto(text, bytes);
    this.#write(bytes);
  }

  #write(bytes: Uint8Array): void {
    this.#writing = bytes;
    this.#conn.write(bytes).then(this.#onWritten, this.#onWriteError);
  }

  readonly #onWritten = (written: number): void => {
    const bytes = this.#writing;
    if (written < bytes.length) return this.#write(bytes.subarray(written));
    this.#writing = NOTHING;
    if (this.#written !== null) returnBuffer(this.#written.buffer);
    this.#written = null;
    this.#onAllWritten();
  };

  readonly #onAllWritten = (): void => {
    const pending = this.#pendingWrite;
    this.#pendingWrite = NOBODY;
    pending.resolve();
  };

  readonly #onWriteError = (error: unknown): void => {
    const pending = this.#pendingWrite;
    this.#pendingWrite = NOBODY;
    // The runtime may still refer to it.
    this.#written = null;
    pending.reject(error);
  };

  async #writePieces(pieces: readonly Uint8Array[]): Promise<void> {
    const length = lengthOf(pieces);
    if (length > MAX_BUFFER_BYTES) {
      for (const piece of pieces) await this.#writeAll(piece);
      return;
    }
    const joined = takeBuffer(length);
    let at = 0;
    for (const piece of pieces) {
      joined.set(piece, at);
      at += piece.length;
    }
    await this.#writeAll(joined);
    returnBuffer(joined.buffer);
  }

  async #writeAll(bytes: Uint8Array): Promise<void> {
    let written = await this.#conn.write(bytes);
    while (written < bytes.length) {
      written += await this.#conn.write(bytes.subarray(written));
    }
  }

  closeWrite(): Promise<void> {
    return this.#conn.closeWrite();
  }

  close(): Promise<void> {
    this.#close();
    return Promise.resolve();
  }

  abort(_reason: unknown): void {
    this.#close();
  }

  #close(): void {
    // A test's sanitizer would report a pending read that is unref'd.
    this.#conn.ref();
    try {
      this.#conn.close();
    } catch {
      // Already closed.
    }
  }

  turn(): Promise<void> {
    return nextTurn();
  }

  settle(ready: () => void): void {
    startTogether(ready);
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

  detach(
    unread: Bytes,
    pending: Promise<Bytes | null> | null,
  ): HttpConnection {
    this.#ahead = new ReadAhead(unread, pending);
    return makeConnection(this);
  }

  // Not `Deno.startTls`: closing its connection during the handshake, or while a
  // write is blocked, leaks the socket until the peer closes it (Deno 2.9). It also
  // takes neither a client certificate nor a connection with a pending read.
  startTls(options: StartTlsOptions): Promise<HttpConnection> {
    return startTlsOver(this, this.#ahead?.unreadBytes ?? 0, options);
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
