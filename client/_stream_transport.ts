// A pair of Web Streams as a transport.

import { concat } from "@std/bytes";
import { giveBuffer, ReadSize } from "./_buffers.ts";
import { prepend, type Transport } from "./_transport.ts";
import type { ByteStream } from "./stream.ts";

const MAX_JOINED_BYTES = 65536 + 64;

type Reader =
  | { readonly byob: true; readonly reader: ReadableStreamBYOBReader }
  | {
    readonly byob: false;
    readonly reader: ReadableStreamDefaultReader<Uint8Array>;
  };

/** A socket of the WinterTC draft, as `connect` of `cloudflare:sockets` has it. */
interface Socket extends ByteStream {
  readonly opened: unknown;
  close(): Promise<void>;
}

/** Reads and writes over Web Streams, which it locks. */
export class StreamTransport implements Transport {
  readonly isSocket = false;
  readonly #stream: ByteStream;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #reader: Reader;
  readonly #readSize = new ReadSize();
  #writing = false;

  /**
   * Locks the streams.
   *
   * @throws {TypeError} If one of them is locked already.
   */
  constructor(stream: ByteStream) {
    this.#stream = stream;
    this.#writer = stream.writable.getWriter();
    try {
      this.#reader = lockReadable(stream.readable);
    } catch (error) {
      this.#writer.releaseLock();
      throw error;
    }
    // Writes tell of their failures themselves.
    this.#writer.closed.catch(() => {});
  }

  get ownsBuffers(): boolean {
    return this.#reader.byob;
  }

  async read(): Promise<Uint8Array | null> {
    while (true) {
      const { value, done } = this.#reader.byob
        ? await this.#reader.reader.read(this.#readSize.takeBuffer())
        : await this.#reader.reader.read();
      if (done || value === undefined) return null;
      if (!(value instanceof Uint8Array)) {
        throw new TypeError("Cannot read: the stream gave no Uint8Array");
      }
      // An empty piece is legal in a stream, and says nothing.
      if (value.length === 0) continue;
      this.#readSize.note(value.length);
      return value;
    }
  }

  recycle(bytes: Uint8Array): void {
    if (this.#reader.byob) giveBuffer(bytes.buffer);
  }

  async write(pieces: readonly Uint8Array[]): Promise<void> {
    this.#writing = true;
    for (const piece of joinSmall(pieces)) await this.#writer.write(piece);
    this.#writing = false;
  }

  async close(): Promise<void> {
    if (this.#writing) {
      return this.abort(new Error("The connection was closed"));
    }
    // Not one after the other: on some streams closing one half closes both.
    const closing = isSocket(this.#stream)
      ? this.#stream.close()
      : this.#writer.close();
    const cancelling = this.#reader.reader.cancel();
    await Promise.allSettled([closing, cancelling]);
  }

  abort(reason: unknown): void {
    // Aborting a socket of workerd's leaves the connection open, until garbage is
    // collected or the worker is through, and its own `close` without effect.
    const ending = isSocket(this.#stream)
      ? this.#stream.close()
      : this.#writer.abort(reason);
    ending.catch(() => {});
    this.#reader.reader.cancel(reason).catch(() => {});
  }

  detach(unread: Uint8Array): ByteStream {
    this.#reader.reader.releaseLock();
    this.#writer.releaseLock();
    const { readable, writable } = this.#stream;
    return { readable: prepend(unread, readable), writable };
  }
}

function isSocket(stream: ByteStream): stream is Socket {
  return "opened" in stream && "close" in stream;
}

function lockReadable(readable: ReadableStream<Uint8Array>): Reader {
  try {
    return { byob: true, reader: readable.getReader({ mode: "byob" }) };
  } catch {
    // Not a byte stream; or locked, which throws here again.
    return { byob: false, reader: readable.getReader() };
  }
}

/**
 * Joins pieces where the copy costs less than the writes that it saves. It is a
 * new array each time: who reads the other end of a pipe may keep it.
 */
function joinSmall(pieces: readonly Uint8Array[]): readonly Uint8Array[] {
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  return pieces.length > 1 && length <= MAX_JOINED_BYTES
    ? [concat(pieces as Uint8Array[])]
    : pieces;
}
