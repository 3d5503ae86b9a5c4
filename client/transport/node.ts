// A transport over the events of a socket of `node:net` or `node:tls`, on Node, Bun,
// and Deno.
//
//   reading ── end ──> ended          `null` for every further read
//       └───── error, abort, close ──> failed     the error for every further read

import { returnBuffer } from "./buffers.ts";
import { DetachedTransport } from "./detached.ts";
import type { HttpConnection, HttpConnectionInfo } from "./http_connection.ts";
import { makeDuplex } from "./node_duplex.ts";
import type { NodeSocket } from "./node_socket.ts";
import { keepOpen, NodeWrites, type PooledReads } from "./node_io.ts";
import {
  handshake,
  type Under,
  type Valve,
  valvesOf,
  watchCut,
} from "./node_tls.ts";
import { Wire } from "./node_wire.ts";
import {
  makeConnection,
  type SocketTransport,
  type StartTlsOptions,
} from "./socket_connection.ts";
import { earlyBytes } from "./open_failure.ts";
import {
  type Handover,
  lengthOf,
  MissingCloseNotifyError,
  type Outgoing,
  type Pending,
  settleLike,
} from "./transport.ts";
import {
  nextTurn,
  type Start,
  startAfterReads,
  startTogether,
} from "./turn.ts";

type Bytes = Uint8Array<ArrayBuffer>;

type Input =
  | { readonly kind: "reading" }
  | { readonly kind: "ended" }
  | { readonly kind: "failed"; readonly error: unknown };

// Above this, the socket is paused until someone reads: one read of Node's.
const MAX_QUEUED_BYTES = 65536;

// The smallest buffer that a runtime reads into for data events.
const MIN_FULL_READ = 65536;

// The same as above for the number of reads. Each may hold a buffer of a kilobyte, however
// few bytes the peer sends at a time.
const MAX_QUEUED_READS = 64;

// An orderly close of an idle connection does not have to wait for the peer. It
// can only take this long if the peer's window is full.
const CLOSE_MILLISECONDS = 1000;

// The same limit if bytes must leave the process first.
const UNSENT_CLOSE_MILLISECONDS = 10_000;

// The system takes as many unsent bytes at least.
const MIN_SYSTEM_BUFFER = 4096;

const isBun = "Bun" in globalThis;
const isDeno = "Deno" in globalThis;

const CLOSED = "The connection is closed";

/** How a transport reads its socket, and the layers under that. */
export interface NodeTransportOptions {
  /** Reads the socket, unless the socket emits its data. */
  readonly reads?: PooledReads | null;
  /** The layers under the socket, for TLS. */
  readonly under?: Under;
}

/** Reads and writes a connected socket of `node:net` or `node:tls`. */
export class NodeTransport implements SocketTransport {
  readonly info: HttpConnectionInfo;
  readonly #socket: NodeSocket;
  readonly #under: Under | undefined;
  readonly #valves: readonly Valve[];
  /** The socket and those under it. */
  readonly #layers: readonly NodeSocket[];
  readonly #reads: PooledReads | null;
  #input: Input = { kind: "reading" };
  #queue: Bytes[] = [];
  #queuedBytes = 0;
  #isPaused = false;
  /** Whether the last data event may have been a full buffer of the runtime's. */
  #isLastLarge = false;
  /** The number of bytes written since the last read. */
  #unanswered = 0;
  #reader: Pending<Bytes | null> | null = null;
  readonly #writes: NodeWrites;
  /** Why nothing more can be written, although there may be something to read. */
  #writeError: Error | null = null;
  readonly #closed: Promise<void>;

  /**
   * Takes over a socket.
   *
   * @param socket The socket.
   * @param info Facts of the connection.
   * @param options How to read it, and the layers under it.
   */
  constructor(
    socket: NodeSocket,
    info: HttpConnectionInfo,
    { reads = null, under }: NodeTransportOptions = {},
  ) {
    this.#socket = socket;
    this.#reads = reads;
    this.#under = under;
    this.#valves = valvesOf(socket, under);
    this.#layers = [socket, ...under?.layers ?? []];
    this.#writes = new NodeWrites(socket, under, this.#onWriteError);
    this.info = info;
    if (reads === null) socket.on("data", this.#onData);
    else reads.onBytes = this.#onBytes;
    socket.on("end", this.#onEnd);
    socket.on("error", this.#onError);
    if (isDeno) under?.layers[0]?.on("error", this.#onError);
    if (under !== undefined) watchCut(socket, under, this.#onCut);
    this.#closed = new Promise((resolve) => {
      socket.on("close", () => {
        this.#fail(new Error(CLOSED));
        resolve();
      });
    });
  }

  readonly #onData = (chunk: Uint8Array): void => {
    // Not Node's `Buffer`, whose `slice` is a view.
    const { buffer, byteOffset, length } = chunk as Uint8Array<ArrayBuffer>;
    this.#isLastLarge = length >= MIN_FULL_READ;
    this.#onBytes(new Uint8Array(buffer, byteOffset, length));
  };

  /** Passes bytes on, or keeps them. Returns whether to keep reading. */
  readonly #onBytes = (bytes: Bytes): boolean => {
    this.#unanswered = 0;
    const reader = this.#reader;
    if (reader !== null) {
      this.#reader = null;
      reader.resolve(bytes);
      return true;
    }
    this.#queue.push(bytes);
    this.#queuedBytes += bytes.length;
    if (this.#isFull && !this.#isPaused) {
      this.#isPaused = true;
      for (const valve of this.#valves) valve.pause();
    }
    return !this.#isPaused;
  };

  readonly #onEnd = (): void => {
    if (this.#input.kind !== "reading") return;
    this.#input = { kind: "ended" };
    this.#reader?.resolve(null);
    this.#reader = null;
    if (this.#writeError !== null) this.#destroy();
  };

  readonly #onCut = (): void => this.#fail(new MissingCloseNotifyError());

  readonly #onError = (error: Error): void => this.#fail(error);

  readonly #onWriteError = (error: Error): void => {
    // Other runtimes, and TLS, lose what has arrived.
    const mayArrive = this.#reads !== null && this.#input.kind === "reading";
    if (!mayArrive) return this.#fail(error);
    keepOpen(this.#socket);
    this.#writeError = error;
    this.#writes.fail(error);
  };

  /** Settles the pending read and write. Later reads get the first error. */
  #fail(error: unknown): void {
    if (this.#input.kind === "reading") this.#input = { kind: "failed", error };
    const reason = this.#input.kind === "failed" ? this.#input.error : error;
    this.#reader?.reject(reason);
    this.#reader = null;
    this.#writes.fail(reason);
  }

  get unreadBytes(): number {
    return this.#queuedBytes;
  }

  get mayHaveMore(): boolean {
    const { carrier, wire } = this.#under ?? {};
    return carrier?.mayHaveMore() ?? wire?.isLastFull ?? this.#reads?.isFull ??
      this.#isLastLarge;
  }

  startRead(pending: Pending<Bytes | null>): void {
    const queued = this.#takeQueued();
    if (queued === null) this.#reader = pending;
    else settleLike(pending, queued);
  }

  /** Whether enough is queued. */
  get #isFull(): boolean {
    return this.#queuedBytes >= MAX_QUEUED_BYTES ||
      this.#queue.length >= MAX_QUEUED_READS;
  }

  /** Takes the bytes that have arrived, or returns `null` if there are none. */
  #takeQueued(): Promise<Bytes | null> | null {
    const bytes = this.#queue.shift();
    if (bytes !== undefined) {
      this.#queuedBytes -= bytes.length;
      if (this.#isPaused && !this.#isFull) {
        this.#isPaused = false;
        for (const valve of this.#valves) valve.resume();
      }
      return Promise.resolve(bytes);
    }
    const input = this.#input;
    if (input.kind === "ended") return Promise.resolve(null);
    if (input.kind === "failed") return Promise.reject(input.error);
    return null;
  }

  recycle(bytes: Bytes): void {
    // Otherwise each read has its own buffer.
    if (this.#reads !== null) returnBuffer(bytes.buffer);
  }

  startWrite(data: Outgoing, pending: Pending<void>): void {
    const length = lengthOf(data);
    if (this.#isOver) {
      queueMicrotask(() => pending.reject(this.#reason));
    } else if (length === 0) {
      queueMicrotask(() => pending.resolve());
    } else {
      this.#unanswered += length;
      this.#writes.start(data, pending);
    }
  }

  closeWrite(): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#isOver) reject(this.#reason);
      else this.#writes.end({ resolve, reject });
    });
  }

  /** Whether nothing more can be written. */
  get #isOver(): boolean {
    return this.#input.kind === "failed" || this.#writeError !== null ||
      this.#socket.destroyed;
  }

  /** The error of a read or write that comes too late. */
  get #reason(): unknown {
    const input = this.#input;
    if (input.kind === "failed") return input.error;
    return this.#writeError ?? new Error(CLOSED);
  }

  async close(): Promise<void> {
    const isBroken = this.#input.kind === "failed" || this.#writeError !== null;
    if (isBroken || this.#writes.isPending) {
      this.#destroy();
      return await this.#closed;
    }
    this.ref();
    const limit = this.#mayHaveUnsent && isBun
      ? UNSENT_CLOSE_MILLISECONDS
      : CLOSE_MILLISECONDS;
    const timer = setTimeout(() => this.#destroy(), limit);
    const { carrier, wire } = this.#under ?? {};
    this.#socket.end(() => {
      if (this.#mayHaveUnsent) return this.#destroyOnceEnded();
      if (wire !== undefined) return this.#destroyRead();
      if (carrier === undefined) return this.#destroy();
      // The TLS layer passes its close_notify on in a microtask.
      queueMicrotask(() => carrier.end(() => this.#destroyRead()));
    });
    await this.#closed;
    clearTimeout(timer);
  }

  /**
   * Destroys the socket after a turn in which all bytes that have arrived are read.
   * If a socket is closed with unread bytes, the system resets the connection and
   * drops the bytes that it has not sent. After a large upload, TLS session tickets
   * may still be unread.
   */
  #destroyRead(): void {
    nextTurn().then(() => this.#destroy());
  }

  /** Destroys the socket once the peer has ended its half as well. */
  #destroyOnceEnded(): void {
    if (this.#input.kind !== "reading") return this.#destroy();
    this.#socket.on("end", () => this.#destroy());
  }

  abort(reason: unknown): void {
    this.#fail(reason);
    this.#destroy();
  }

  /**
   * Whether bytes that count as written may still be in the process, where `destroy`
   * drops them. Bun may keep some MB of TLS records (3 times out of 150, with 20 MB on a
   * busy machine), and Deno the close_notify if the system's buffer is full. They have
   * left if the peer has answered or ended.
   */
  get #mayHaveUnsent(): boolean {
    if (this.#under === undefined) return false;
    return isBun
      ? this.#unanswered > 0
      : this.#under.wire !== undefined && this.#unanswered > MIN_SYSTEM_BUFFER;
  }

  #destroy(): void {
    // In Bun, destroying a socket of TLS leaves the one under it open.
    for (const layer of this.#layers) layer.destroy();
  }

  settle(now: number, ready: Start): void {
    // Others deliver the TLS records of one read one by one, with microtasks in between.
    if (this.#under && !this.#under.wire) startAfterReads(now, ready);
    else startTogether(now, ready);
  }

  ref(): void {
    if (this.#reads !== null) this.#reads.size.isIdle = false;
    for (const layer of this.#layers) layer.ref?.();
  }

  unref(): void {
    if (this.#reads !== null) this.#reads.size.isIdle = true;
    for (const layer of this.#layers) layer.unref?.();
  }

  detach(handover: Handover): HttpConnection {
    return makeConnection(new DetachedTransport(this, handover));
  }

  startTls(
    options: StartTlsOptions,
    outer: SocketTransport = this,
  ): Promise<HttpConnection> {
    const wire = isDeno && this.#under === undefined
      ? Wire.of(this.#socket)
      : null;
    if (isDeno && wire === null) return startTlsOver(outer, options);
    this.#socket.off("data", this.#onData);
    this.#socket.off("end", this.#onEnd);
    this.#socket.pause();
    // Nobody may be waiting for the pending read anymore.
    this.#reader?.resolve(null);
    this.#reader = null;
    const under = { layers: this.#layers, ...(wire && { wire }) };
    return startTls(under, outer, options);
  }
}

/**
 * Starts TLS over a transport that is not in use.
 *
 * @param transport The transport.
 * @param options The options of `HttpConnection.startTls`.
 */
export function startTlsOver(
  transport: SocketTransport,
  options: StartTlsOptions,
): Promise<HttpConnection> {
  const carrier = makeDuplex(transport);
  return startTls({ layers: [carrier], carrier }, transport, options);
}

async function startTls(
  under: Under,
  { info, unreadBytes }: SocketTransport,
  options: StartTlsOptions,
): Promise<HttpConnection> {
  const { signal, serverName } = options;
  try {
    if ((options.cert === undefined) !== (options.key === undefined)) {
      throw new TypeError("Cannot start TLS: `cert` and `key` go together");
    }
    signal?.throwIfAborted();
    if (unreadBytes > 0) {
      throw earlyBytes(serverName, info.remote, unreadBytes);
    }
    return await handshake(
      under,
      info.remote,
      options,
      (socket) => {
        const tls = { alpnProtocol: socket.alpnProtocol || null };
        const transport = new NodeTransport(socket, { ...info, tls }, {
          under,
        });
        return makeConnection(transport);
      },
    );
  } catch (error) {
    for (const layer of under.layers) layer.destroy();
    throw error;
  }
}
