// A connection of Deno's as a transport, through `read` and `write` rather than
// its streams: those close both directions at end of file, and cost more.

import { giveBuffer, takeBuffer, type Transport } from "./_transport.ts";
import type { ByteStream } from "./stream.ts";

/** Tells whether a stream is one of Deno's connections. */
export function isConn(stream: ByteStream): stream is Deno.Conn {
  return "closeWrite" in stream && "read" in stream && "write" in stream &&
    "close" in stream;
}

/** Reads and writes over a connection of Deno's. */
export class ConnTransport implements Transport {
  readonly ownsBuffers = true;
  readonly #conn: Deno.Conn;

  constructor(conn: Deno.Conn) {
    this.#conn = conn;
    sendAtOnce(conn);
  }

  async read(): Promise<Uint8Array | null> {
    const buffer = takeBuffer();
    const length = await this.#conn.read(buffer);
    if (length !== null && length > 0) return buffer.subarray(0, length);
    giveBuffer(buffer.buffer);
    return null;
  }

  recycle(bytes: Uint8Array): void {
    giveBuffer(bytes.buffer);
  }

  async write(bytes: Uint8Array): Promise<void> {
    let written = await this.#conn.write(bytes);
    while (written < bytes.length) {
      written += await this.#conn.write(bytes.subarray(written));
    }
  }

  close(): Promise<void> {
    closeConn(this.#conn);
    return Promise.resolve();
  }

  abort(_reason: unknown): void {
    closeConn(this.#conn);
  }

  detach(unread: Uint8Array): ByteStream {
    return new ConnStream(this.#conn, unread);
  }
}

/**
 * A connection as streams whose directions end one by one: end of file leaves
 * the writable half open, closing that half leaves the readable one open, and
 * the connection is closed with the second of them.
 */
class ConnStream implements ByteStream {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
  readonly #conn: Deno.Conn;
  #openHalves = 2;

  constructor(conn: Deno.Conn, unread: Uint8Array) {
    this.#conn = conn;
    this.readable = this.#makeReadable(unread);
    this.writable = this.#makeWritable();
  }

  #makeReadable(unread: Uint8Array): ReadableStream<Uint8Array> {
    let first: Uint8Array<ArrayBuffer> | null = unread.slice();
    return new ReadableStream({
      type: "bytes",
      pull: async (controller) => {
        if (first !== null && first.length > 0) {
          controller.enqueue(first);
          first = null;
          return;
        }
        const buffer = takeBuffer();
        const length = await this.#conn.read(buffer);
        if (length !== null && length > 0) {
          controller.enqueue(buffer.subarray(0, length));
          return;
        }
        controller.close();
        controller.byobRequest?.respond(0);
        this.#closeHalf();
      },
      cancel: () => closeConn(this.#conn),
    }, { highWaterMark: 0 });
  }

  #makeWritable(): WritableStream<Uint8Array> {
    const transport = new ConnTransport(this.#conn);
    return new WritableStream({
      write: (bytes) => transport.write(bytes),
      close: async () => {
        await this.#conn.closeWrite();
        this.#closeHalf();
      },
      abort: () => closeConn(this.#conn),
    });
  }

  #closeHalf(): void {
    this.#openHalves--;
    if (this.#openHalves === 0) closeConn(this.#conn);
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
