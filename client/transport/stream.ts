// A pair of Web Streams as a transport: a pipe in memory, a Cloudflare socket,
// or a connection that wraps one of ours.

import { concat } from "@std/bytes/concat";
import { ReadSize } from "./buffers.ts";
import type {
  ByteStream,
  HttpConnection,
  HttpConnectionInfo,
} from "./http_connection.ts";
import { NotBytesError, type Transport } from "./transport.ts";
import { nextTurn } from "./turn.ts";

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
  readonly #stream: Stream;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #reader: Reader;
  readonly #readSize = new ReadSize();
  /** A buffer to read into. It never leaves this connection. */
  #buffer: ArrayBuffer | null = null;
  #writing = false;

  /** @throws {TypeError} If one of the streams is locked. */
  constructor(stream: ByteStream) {
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

  async read(): Promise<Uint8Array<ArrayBuffer> | null> {
    for (let empty = 1;; empty++) {
      const { value, done } = this.#reader.byob
        ? await this.#reader.reader.read(this.#takeBuffer())
        : await this.#reader.reader.read();
      if (done || value === undefined) return null;
      if (!(value instanceof Uint8Array)) throw new NotBytesError();
      if (value.length > 0) {
        this.#readSize.adapt(value.length);
        return value as Uint8Array<ArrayBuffer>;
      }
      if (empty % MAX_EMPTY_PIECES === 0) await nextTurn();
    }
  }

  recycle(bytes: Uint8Array<ArrayBuffer>): void {
    if (this.#reader.byob) this.#buffer = bytes.buffer;
  }

  async write(pieces: readonly Uint8Array[]): Promise<void> {
    this.#writing = true;
    for (const piece of copyPieces(pieces)) await this.#writer.write(piece);
    this.#writing = false;
  }

  async close(): Promise<void> {
    if (this.#writing) return this.abort(new Error("The connection is closed"));
    // Both at once: closing one half of some streams closes the other.
    await Promise.allSettled([
      isSocket(this.#stream) ? this.#stream.close() : this.#writer.close(),
      this.#reader.reader.cancel(),
    ]);
  }

  abort(reason: unknown): void {
    if (this.#stream.abort !== undefined) {
      this.#stream.abort(reason);
    } else if (isSocket(this.#stream)) {
      // Aborting a stream of a workerd socket leaves the socket open, and then its
      // `close` does nothing.
      this.#stream.close().catch(() => {});
    } else {
      this.#writer.abort(reason).catch(() => {});
    }
    this.#reader.reader.cancel(reason).catch(() => {});
  }

  turn(): Promise<void> {
    return nextTurn();
  }

  // As many microtasks as a piece needs from the stream to its reader. A piece that
  // is enqueued before this call arrives before its promise settles; one that is
  // enqueued after it does not.
  async settle(ready: () => void): Promise<void> {
    await null;
    await null;
    ready();
  }

  ref(): void {
    attempt(() => this.#stream.ref?.());
  }

  unref(): void {
    attempt(() => this.#stream.unref?.());
  }

  detach(
    unread: Uint8Array<ArrayBuffer>,
    pending: Promise<Uint8Array<ArrayBuffer> | null> | null,
  ): HttpConnection {
    const stream = this.#stream;
    this.#writer.releaseLock();
    let { readable } = stream;
    if (unread.length === 0 && pending === null) {
      this.#reader.reader.releaseLock();
    } else {
      readable = this.#prepend(unread, pending);
    }
    const { ref, unref, abort } = stream;
    return {
      readable,
      writable: stream.writable,
      info: this.info ?? UNKNOWN,
      ...(stream.startTls && {
        startTls: (options) => stream.startTls!(options),
      }),
      ...(ref && { ref: () => stream.ref!() }),
      ...(unref && { unref: () => stream.unref!() }),
      ...(abort && { abort: (reason) => stream.abort!(reason) }),
    };
  }

  /** A stream of the unread bytes, a pending read's, and all that follow. */
  #prepend(
    unread: Uint8Array<ArrayBuffer>,
    pending: Promise<Uint8Array<ArrayBuffer> | null> | null,
  ): ReadableStream<Uint8Array> {
    const first: (Promise<Uint8Array<ArrayBuffer> | null>)[] = [];
    if (unread.length > 0) first.push(Promise.resolve(unread));
    if (pending !== null) first.push(pending);
    return new ReadableStream({
      type: "bytes",
      pull: async (controller) => {
        const bytes = await (first.shift() ?? this.read());
        if (bytes !== null) {
          // A copy, because the stream transfers the buffer.
          controller.enqueue(new Uint8Array(bytes));
          this.recycle(bytes);
          return;
        }
        controller.close();
        controller.byobRequest?.respond(0);
      },
      cancel: (reason) => this.#reader.reader.cancel(reason),
    }, { highWaterMark: 0 });
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

/** Calls a method that may throw because it is inherited from a connection. */
function attempt(call: () => void): void {
  try {
    call();
  } catch {
    // It only decides whether the process stays alive.
  }
}

/** Returns whether a stream is a raw Cloudflare socket. */
function isSocket(
  stream: ByteStream,
): stream is ByteStream & { close(): Promise<void> } {
  return "opened" in stream && "close" in stream;
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
  let length = 0;
  for (const piece of pieces) length += piece.length;
  if (length <= MAX_WRITE_BYTES) {
    yield concat(pieces as Uint8Array[]);
    return;
  }
  for (const piece of pieces) {
    for (let at = 0; at < piece.length; at += MAX_WRITE_BYTES) {
      yield new Uint8Array(piece.subarray(at, at + MAX_WRITE_BYTES));
    }
  }
}
