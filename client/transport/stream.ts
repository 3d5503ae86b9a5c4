// A pair of Web Streams as a transport: a pipe in memory, a Cloudflare socket,
// or a connection that wraps one of ours.

import { concat } from "@std/bytes/concat";
import { isBytes } from "../../core/bytes.ts";
import { encodeByteString } from "../../rfc9110/byte_string.ts";
import { abortable } from "./abortable.ts";
import { ReadSize } from "./buffers.ts";
import { beforeTls, LeftReads } from "./detached.ts";
import type {
  ByteStream,
  HttpConnection,
  HttpConnectionInfo,
} from "./http_connection.ts";
import { isNode, isWorkers } from "./node_socket.ts";
import { readableFrom } from "./byte_stream.ts";
import type { StartTlsOptions } from "./socket_connection.ts";
import {
  type Handover,
  lengthOf,
  NotBytesError,
  type Outgoing,
  type Pending,
  readFrom,
  settleLike,
  type Transport,
} from "./transport.ts";
import { nextTurn, type Start, startAfterReads, startNow } from "./turn.ts";

/** Pieces up to this size in total are joined, and larger ones are split. */
const MAX_WRITE_BYTES = 65536;

/** How many empty pieces in a row are skipped before other code gets a turn. */
const MAX_EMPTY_PIECES = 64;

const UNKNOWN: HttpConnectionInfo = Object.freeze({
  remote: null,
  local: null,
  tls: null,
});

type Reader =
  | { readonly byob: true; readonly reader: ReadableStreamBYOBReader }
  | {
    readonly byob: false;
    readonly reader: ReadableStreamDefaultReader<Uint8Array>;
  };

/** A stream, and the further methods that it may have. */
type Stream = ByteStream & Partial<Omit<HttpConnection, keyof ByteStream>>;

/** Reads and writes over Web Streams, which it locks. */
export class StreamTransport implements Transport {
  readonly info: HttpConnectionInfo | null;
  mayHaveMore = false;
  readonly #stream: Stream;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #reader: Reader;
  readonly #readSize = new ReadSize();
  /** A buffer to read into. It never leaves this connection. */
  #buffer: ArrayBuffer | null = null;
  /** Whether a write is pending, or has failed. */
  #isWriting = false;

  /** @throws {TypeError} If one of the streams is locked, or is none. */
  constructor(stream: ByteStream) {
    checkStreams(stream);
    this.#stream = stream;
    this.info = this.#stream.info ?? null;
    this.#writer = stream.writable.getWriter();
    try {
      this.#reader = lockReadable(stream.readable);
    } catch (error) {
      this.#writer.releaseLock();
      throw error;
    }
    // Reads and writes report failures themselves.
    this.#writer.closed.catch(() => {});
    this.#reader.reader.closed.catch(() => {});
  }

  startRead(pending: Pending<Uint8Array<ArrayBuffer> | null>): void {
    settleLike(pending, this.#read());
  }

  async #read(): Promise<Uint8Array<ArrayBuffer> | null> {
    for (let empty = 1;; empty++) {
      const { value, done } = this.#reader.byob
        ? await this.#reader.reader.read(this.#takeBuffer())
        : await this.#reader.reader.read();
      if (done) return null;
      if (!isBytes(value)) throw new NotBytesError();
      if (value.length > 0) {
        this.#readSize.adapt(value.length);
        this.mayHaveMore = this.#reader.byob &&
          value.length === value.buffer.byteLength;
        return value as Uint8Array<ArrayBuffer>;
      }
      if (empty % MAX_EMPTY_PIECES === 0) await nextTurn();
    }
  }

  recycle(bytes: Uint8Array<ArrayBuffer>): void {
    if (this.#reader.byob) this.#buffer = bytes.buffer;
  }

  startWrite(data: Outgoing, pending: Pending<void>): void {
    const pieces = typeof data === "string" ? [encodeByteString(data)] : data;
    settleLike(pending, this.#write(pieces));
  }

  async #write(pieces: readonly Uint8Array[]): Promise<void> {
    this.#isWriting = true;
    for (const piece of copyPieces(pieces)) await this.#writer.write(piece);
    this.#isWriting = false;
  }

  async close(): Promise<void> {
    if (this.#isWriting) {
      return this.abort(new Error("The connection is closed"));
    }
    // Both at once: closing one half of some streams closes the other.
    await Promise.allSettled([
      isSocket(this.#stream) ? this.#stream.close() : this.#writer.close(),
      this.#reader.reader.cancel(),
    ]);
  }

  abort(reason: unknown): void {
    const end = endOf(this.#stream);
    if (end !== null) attempt(() => end(reason));
    else this.#writer.abort(reason).catch(() => {});
    this.#reader.reader.cancel(reason).catch(() => {});
  }

  // As many microtasks as a piece needs from the stream to its reader. A piece that
  // is enqueued before this call arrives before its promise settles; one that is
  // enqueued after it does not.
  async settle(now: number, ready: Start): Promise<void> {
    await null;
    await null;
    // Node's byte streams take one more, as all of Workers' do.
    if (isWorkers() || (this.#reader.byob && isNode())) await null;
    // There may be TLS under a wrapper of a connection.
    if (this.info === null) startNow(now, ready);
    else startAfterReads(now, ready);
  }

  ref(): void {
    attempt(() => this.#stream.ref?.());
  }

  unref(): void {
    attempt(() => this.#stream.unref?.());
  }

  detach(handover: Handover): HttpConnection {
    const stream = this.#stream;
    const end = endOf(stream);
    // A runtime may not settle a write that is aborted.
    const ending = new AbortController();
    const write = handover.write && abortable(handover.write, ending.signal);
    write?.catch(() => {});
    const reads = new LeftReads(handover);
    return {
      readable: this.#readAfter(reads),
      writable: write === null
        ? this.#releaseWritable()
        : this.#writeAfter(write, ending),
      info: this.info ?? UNKNOWN,
      ...(stream.startTls && {
        startTls: (options) => this.#startTls(reads, write, options),
      }),
      ref: () => this.ref(),
      unref: () => this.unref(),
      ...(end && {
        abort(reason) {
          ending.abort(reason);
          end(reason);
        },
      }),
    };
  }

  /** Returns the reads that a client left, and all that follow. */
  #readAfter(left: LeftReads): ReadableStream<Uint8Array> {
    if (left.isEmpty) {
      this.#reader.reader.releaseLock();
      return this.#stream.readable;
    }
    return readableFrom({
      read: () => left.take() ?? readFrom(this),
      recycle: (bytes) => this.recycle(bytes),
      cancel: (reason) => this.#reader.reader.cancel(reason),
    });
  }

  #releaseWritable(): WritableStream<Uint8Array> {
    this.#writer.releaseLock();
    return this.#stream.writable;
  }

  /**
   * Returns a stream that writes after the writes that a client left.
   *
   * @param left The writes that the client left.
   * @param ending Ends the wait for them.
   */
  #writeAfter(
    left: Promise<void>,
    ending: AbortController,
  ): WritableStream<Uint8Array> {
    const writer = this.#writer;
    return new WritableStream({
      start(controller) {
        const { signal } = controller;
        // Not `abort`, which is only called after a write that may be blocked.
        signal.addEventListener("abort", () => {
          ending.abort(signal.reason);
          writer.abort(signal.reason).catch(() => {});
        });
        writer.closed.catch((error) => controller.error(error));
      },
      async write(bytes) {
        await left;
        await writer.write(bytes);
      },
      async close() {
        await left;
        await writer.close();
      },
    });
  }

  async #startTls(
    reads: LeftReads,
    write: Promise<void> | null,
    options: StartTlsOptions,
  ): Promise<HttpConnection> {
    const left = {
      info: this.info,
      unreadBytes: reads.bytes,
      abort: (reason: unknown) => this.abort(reason),
    };
    await beforeTls(left, write, options);
    if (write !== null) this.#writer.releaseLock();
    return await this.#stream.startTls!(options);
  }

  #takeBuffer(): Uint8Array<ArrayBuffer> {
    const buffer = this.#buffer;
    this.#buffer = null;
    const { bytes } = this.#readSize;
    return buffer?.byteLength === bytes
      ? new Uint8Array(buffer)
      : new Uint8Array(bytes);
  }
}

/** Calls a method of a connection that may be the caller's own, and may throw. */
function attempt(call: () => void): void {
  try {
    call();
  } catch {
    // It only decides whether the process stays alive, or says that it is over.
  }
}

/** Returns a function that ends a stream at once, if its halves cannot. */
function endOf(stream: Stream): ((reason: unknown) => void) | null {
  if (stream.abort !== undefined) return (reason) => stream.abort!(reason);
  // Aborting a stream of a workerd socket leaves the socket open, and then its
  // `close` does nothing.
  if (isSocket(stream)) return () => stream.close().catch(() => {});
  return null;
}

/** Returns whether a stream is a raw Cloudflare socket. */
function isSocket(
  stream: ByteStream,
): stream is ByteStream & { close(): Promise<void> } {
  return "opened" in stream && "close" in stream;
}

/** @throws {TypeError} If these are not Web Streams, as those of a `net.Socket`. */
function checkStreams({ readable, writable }: Partial<ByteStream>): void {
  const isPair = typeof readable?.getReader === "function" &&
    typeof writable?.getWriter === "function";
  if (isPair) return;
  throw new TypeError(
    "Cannot take the connection: its `readable` and `writable` are not Web " +
      "Streams (a socket of Node's has them through `Duplex.toWeb`)",
  );
}

function lockReadable(readable: ReadableStream<Uint8Array>): Reader {
  try {
    return { byob: true, reader: readable.getReader({ mode: "byob" }) };
  } catch {
    // Not a byte stream. If it is locked, this throws again.
    return { byob: false, reader: readable.getReader() };
  }
}

/**
 * Copies pieces for a stream, which may keep or transfer its input: small ones into
 * one array, large ones part by part.
 */
function* copyPieces(
  pieces: readonly Uint8Array[],
): Generator<Uint8Array<ArrayBuffer>> {
  if (lengthOf(pieces) <= MAX_WRITE_BYTES) {
    yield concat(pieces as Uint8Array[]);
    return;
  }
  for (const piece of pieces) {
    for (let at = 0; at < piece.length; at += MAX_WRITE_BYTES) {
      yield new Uint8Array(piece.subarray(at, at + MAX_WRITE_BYTES));
    }
  }
}
