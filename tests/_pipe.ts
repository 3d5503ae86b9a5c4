// A connection in memory: a client gets a pair of streams, and the test holds the
// other end.
//
//   client.writable ──> server.read
//   client.readable <── server.write
//
// The two directions end one by one, as those of a socket do. A server that does
// nothing is silent; with a `capacity`, one that never reads is a peer whose
// window is full.

import { toBytes, toText } from "./_text.ts";
import type { ByteStream } from "@pimalaya/io-http/client";

type Bytes = Uint8Array<ArrayBuffer>;

/** How a pipe behaves. */
export interface PipeOptions {
  /** Whether the readable half is a byte stream, as it is by default. */
  readonly bytes?: boolean;
  /**
   * How many bytes a client's write may leave unread before it waits for the
   * server to read; any number by default.
   */
  readonly capacity?: number;
}

/** Makes a pipe. */
export function pipe(
  options?: PipeOptions,
): { client: ByteStream; server: PipeServer } {
  const server = new PipeServer(options);
  return { client: server.client, server };
}

/** One direction: the pieces on their way, and how it has ended. */
class Direction {
  readonly pieces: Bytes[] = [];
  readonly over = Promise.withResolvers<void>();
  isOver = false;

  get bytes(): number {
    return this.pieces.reduce((sum, { length }) => sum + length, 0);
  }

  end(): void {
    this.isOver = true;
    this.over.resolve();
  }
}

/** The end that the test holds. */
export class PipeServer {
  readonly client: ByteStream;
  /** Resolves when `isClosed` becomes true. */
  readonly closed: Promise<unknown>;
  /** From the client. */
  readonly #up = new Direction();
  /** To the client. */
  readonly #down = new Direction();
  readonly #capacity: number;
  #readable!:
    | ReadableByteStreamController
    | ReadableStreamDefaultController<Bytes>;
  #writable!: WritableStreamDefaultController;
  #failure: { readonly reason: unknown } | null = null;
  #hasEnded = false;
  #isWanted = false;
  #wakeReader: () => void = () => {};
  #wakeWriter: () => void = () => {};

  constructor({ bytes = true, capacity = Infinity }: PipeOptions = {}) {
    this.#capacity = capacity;
    this.closed = Promise.all([this.#up.over.promise, this.#down.over.promise]);
    const readable = new ReadableStream<Bytes>({
      // The other kind of stream has the same methods.
      type: (bytes ? "bytes" : undefined) as undefined,
      start: (controller) => {
        this.#readable = controller;
      },
      pull: () => {
        this.#isWanted = true;
        this.#deliver();
      },
      cancel: () => this.#dropUnread(),
    }, { highWaterMark: 0 });
    const writable = new WritableStream<Uint8Array>({
      start: (controller) => {
        this.#writable = controller;
        controller.signal.onabort = () => this.#endUp(controller.signal);
      },
      write: (bytes) => this.#receive(bytes),
      close: () => this.#endUp(null),
    });
    this.client = { readable, writable };
  }

  /** Whether the client has nothing left open: both its halves are over. */
  get isClosed(): boolean {
    return this.#down.isOver && this.#up.isOver;
  }

  /** Whether the server has ended the client's input. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** How many bytes that the client wrote were not read. */
  get received(): number {
    return this.#up.bytes;
  }

  /** How many bytes that were written the client did not ask for yet. */
  get unread(): number {
    return this.#down.bytes;
  }

  /**
   * Reads the next piece that the client wrote, `null` if it has closed its
   * writable half; rejects with the reason if it has aborted it.
   */
  async read(): Promise<Bytes | null> {
    while (true) {
      const piece = this.#up.pieces.shift();
      if (piece !== undefined) {
        this.#wakeWriter();
        return piece;
      }
      if (this.#failure !== null) throw this.#failure.reason;
      if (this.#up.isOver) return null;
      await new Promise<void>((resolve) => this.#wakeReader = resolve);
    }
  }

  /** Reads up to the end of a text, and returns everything up to there. */
  async readUntil(text: string): Promise<string> {
    let all = "";
    while (true) {
      const piece = await this.read();
      if (piece === null) {
        throw new Error(`The client ended before ${JSON.stringify(text)}`);
      }
      // The mark may have begun in the piece before.
      const from = Math.max(0, all.length - text.length);
      all += toText(piece);
      const at = all.indexOf(text, from);
      if (at < 0) continue;
      const end = at + text.length;
      if (end < all.length) this.#up.pieces.unshift(toBytes(all.slice(end)));
      return all.slice(0, end);
    }
  }

  /** Reads everything up to the client's end of file. */
  async readToEnd(): Promise<string> {
    let all = "";
    for (let piece = await this.read(); piece; piece = await this.read()) {
      all += toText(piece);
    }
    return all;
  }

  /** Reads the head of a request, writes a response, and returns the head. */
  async answer(response: string, pieceLength?: number): Promise<string> {
    const head = await this.readUntil("\r\n\r\n");
    this.write(response, pieceLength);
    return head;
  }

  /**
   * Puts bytes into the pipe, in pieces of a length, and does not wait for the
   * client to read them. An empty piece is for pipes that are no byte streams.
   */
  write(data: string | Uint8Array, pieceLength = Infinity): void {
    if (this.#hasEnded) throw new Error("The server has closed the pipe");
    const bytes = typeof data === "string" ? toBytes(data) : data.slice();
    let at = 0;
    do {
      if (this.#down.isOver) return;
      this.#down.pieces.push(bytes.slice(at, at + pieceLength));
      this.#deliver();
      at += pieceLength;
    } while (at < bytes.length);
  }

  /** Writes a text again and again as it is read, until the client has closed. */
  async flood(text: string): Promise<void> {
    while (!this.isClosed) {
      if (this.unread === 0) this.write(text);
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
  }

  /** Ends the client's input. Its writes still arrive. */
  close(): void {
    this.#hasEnded = true;
    this.#deliver();
  }

  /** Makes the client's reads and writes fail, those under way included. */
  abort(reason: unknown): void {
    this.failReadable(reason);
    this.failWritable(reason);
  }

  /** Makes the client's reads fail, and leaves its writes alone. */
  failReadable(reason: unknown): void {
    if (this.#down.isOver) return;
    this.#readable.error(reason);
    this.#dropUnread();
  }

  /** Makes the client's writes fail, and leaves its reads alone. */
  failWritable(reason: unknown): void {
    if (this.#up.isOver) return;
    this.#writable.error(reason);
    this.#endUp({ reason });
  }

  /** Passes the client a piece that it waits for, or the end. */
  #deliver(): void {
    const { pieces, isOver } = this.#down;
    if (isOver) return;
    if (this.#isWanted && pieces.length > 0) {
      this.#isWanted = false;
      this.#readable.enqueue(pieces.shift()!);
    } else if (this.#hasEnded && pieces.length === 0) {
      this.#readable.close();
      if ("byobRequest" in this.#readable) {
        this.#readable.byobRequest?.respond(0);
      }
      this.#down.end();
    }
  }

  #dropUnread(): void {
    this.#down.pieces.length = 0;
    this.#down.end();
  }

  async #receive(bytes: Uint8Array): Promise<void> {
    this.#up.pieces.push(bytes.slice());
    this.#wakeReader();
    while (this.#failure === null && this.received > this.#capacity) {
      await new Promise<void>((resolve) => this.#wakeWriter = resolve);
    }
    if (this.#failure !== null) throw this.#failure.reason;
  }

  #endUp(failure: { readonly reason: unknown } | null): void {
    this.#failure = failure;
    this.#wakeReader();
    this.#wakeWriter();
    this.#up.end();
  }
}
