// A connection of Deno's as a transport, through `read` and `write` rather than
// its streams: those close both directions at end of file, and cost more.

import {
  giveBuffer,
  MAX_BUFFER_BYTES,
  ReadSize,
  takeBuffer,
} from "./_buffers.ts";
import { lend, type Transport } from "./_transport.ts";
import type { ByteStream } from "./stream.ts";

/** Tells whether a stream is one of Deno's connections. */
export function isConn(stream: ByteStream): stream is Deno.Conn {
  return "closeWrite" in stream && "read" in stream && "write" in stream &&
    "close" in stream;
}

/** Reads and writes over a connection of Deno's. */
export class ConnTransport implements Transport {
  readonly ownsBuffers = true;
  readonly isSocket = true;
  readonly #conn: Deno.Conn;
  readonly #readSize = new ReadSize();
  #writing: Promise<void> = Promise.resolve();

  constructor(conn: Deno.Conn) {
    this.#conn = conn;
    sendAtOnce(conn);
  }

  async read(into?: Uint8Array<ArrayBuffer>): Promise<Uint8Array | null> {
    const buffer = into ?? this.#readSize.takeBuffer();
    const length = await this.#conn.read(buffer);
    if (length !== null && length > 0) {
      if (into === undefined) this.#readSize.note(length);
      return buffer.subarray(0, length);
    }
    if (into === undefined) giveBuffer(buffer.buffer);
    return null;
  }

  recycle(bytes: Uint8Array): void {
    giveBuffer(bytes.buffer);
  }

  write(pieces: readonly Uint8Array[]): Promise<void> {
    const [only] = pieces;
    this.#writing = pieces.length === 1 && only !== undefined
      ? writeAll(this.#conn, only)
      : writePieces(this.#conn, pieces);
    return this.#writing;
  }

  close(): Promise<void> {
    closeConn(this.#conn);
    return Promise.resolve();
  }

  abort(_reason: unknown): void {
    closeConn(this.#conn);
  }

  detach(unread: Uint8Array): ByteStream {
    return new ConnStream(this, this.#conn, unread);
  }

  /** Resolves when the last write, which may be under way, is through. */
  written(): Promise<void> {
    return this.#writing;
  }
}

/**
 * A connection as streams whose directions end one by one: end of file leaves
 * the writable half open, closing that half leaves the readable one open, and
 * the connection is closed with the second of them. A half that fails has ended
 * as well: its stream takes no `close` or `cancel` any more.
 */
class ConnStream implements ByteStream {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
  readonly #conn: Deno.Conn;
  #openHalves = 2;

  constructor(transport: ConnTransport, conn: Deno.Conn, unread: Uint8Array) {
    this.#conn = conn;
    this.readable = this.#makeReadable(transport, unread);
    this.writable = this.#makeWritable(transport);
  }

  #makeReadable(
    transport: ConnTransport,
    unread: Uint8Array,
  ): ReadableStream<Uint8Array> {
    let first: Uint8Array<ArrayBuffer> | null = unread.slice();
    return new ReadableStream({
      type: "bytes",
      pull: async (controller) => {
        if (first !== null && first.length > 0) {
          controller.enqueue(first);
          first = null;
          return;
        }
        const bytes = await this.#orCloseHalf(transport.read());
        if (bytes !== null) {
          lend(controller, bytes, transport);
          return;
        }
        this.#closeHalf();
        // Last, for it throws where the end comes inside an element of a view.
        controller.close();
        controller.byobRequest?.respond(0);
      },
      cancel: () => closeConn(this.#conn),
    }, { highWaterMark: 0 });
  }

  #makeWritable(transport: ConnTransport): WritableStream<Uint8Array> {
    return new WritableStream({
      // Not `abort`, which waits for a write that may wait for the peer.
      start: ({ signal }) => {
        signal.addEventListener("abort", () => closeConn(this.#conn));
        // The answer, a 101, may come before the request is out. What follows
        // the request must not come in between (RFC 9110 §7.8).
        return this.#orCloseHalf(transport.written());
      },
      write: (bytes) => this.#orCloseHalf(transport.write([bytes])),
      close: async () => {
        await this.#orCloseHalf(this.#conn.closeWrite());
        this.#closeHalf();
      },
    });
  }

  /** Waits for a step of one half, which ends that half if it fails. */
  async #orCloseHalf<T>(step: Promise<T>): Promise<T> {
    try {
      return await step;
    } catch (error) {
      this.#closeHalf();
      throw error;
    }
  }

  #closeHalf(): void {
    this.#openHalves--;
    if (this.#openHalves === 0) closeConn(this.#conn);
  }
}

/**
 * Writes pieces in one write where they fit into a buffer. What was written is
 * in the system's hands, so the buffer may be used again.
 */
async function writePieces(
  conn: Deno.Conn,
  pieces: readonly Uint8Array[],
): Promise<void> {
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  if (length > MAX_BUFFER_BYTES) {
    for (const piece of pieces) await writeAll(conn, piece);
    return;
  }
  const joined = takeBuffer(length);
  let at = 0;
  for (const piece of pieces) {
    joined.set(piece, at);
    at += piece.length;
  }
  await writeAll(conn, joined.subarray(0, length));
  giveBuffer(joined.buffer);
}

/** Writes all of the bytes; one write may be partial. */
async function writeAll(conn: Deno.Conn, bytes: Uint8Array): Promise<void> {
  let written = await conn.write(bytes);
  while (written < bytes.length) {
    written += await conn.write(bytes.subarray(written));
  }
}

/**
 * Turns Nagle's algorithm off where it is a TCP connection. An upload is written
 * piece by piece, and the last one would wait for the peer's delayed
 * acknowledgement of the one before: 40 ms a request.
 */
export function sendAtOnce(conn: Deno.Conn): void {
  if (!("setNoDelay" in conn)) return;
  try {
    (conn as Deno.TcpConn).setNoDelay(true);
  } catch {
    // It is closed already, as the first call over it will tell.
  }
}

/** Closes a connection, which may be closed already. */
export function closeConn(conn: Deno.Conn): void {
  try {
    conn.close();
  } catch (error) {
    if (!(error instanceof Deno.errors.BadResource)) throw error;
  }
}
