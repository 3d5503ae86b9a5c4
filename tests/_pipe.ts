// A connection in memory: what a client gets is a pair of streams, and the test
// holds the other end.
//
//   client.writable ──> Uplink ──> server.read
//   client.readable <── Downlink <── server.write
//
// The two directions end one by one, as those of a socket do. A server that does
// nothing is silent; one that never reads is, with a `capacity`, a peer whose
// window is full.

import { toBytes, toText } from "./_text.ts";
import type { ByteStream } from "@pimalaya/io-http/client";

/** How a pipe behaves. */
export interface PipeOptions {
  /** Whether the readable half is a byte stream; true unless it is said. */
  readonly bytes?: boolean;
  /**
   * How many bytes a client's write may leave unread before it waits for the
   * server to read; any number unless it is said.
   */
  readonly capacity?: number;
}

/** The end that the test holds. */
export interface PipeServer {
  /**
   * Reads the next piece that the client wrote, `null` where it has closed its
   * writable half; rejects with the reason where it has aborted it.
   */
  read(): Promise<Uint8Array<ArrayBuffer> | null>;
  /** Reads up to the end of a text, and gives all up to there, as Latin-1. */
  readUntil(text: string): Promise<string>;
  /** Reads all up to the client's end of file, as Latin-1. */
  readToEnd(): Promise<string>;
  /** How many bytes that the client wrote were not read. */
  readonly received: number;
  /**
   * Puts bytes (or a text, as Latin-1) into the pipe, in pieces of a length, and
   * does not wait for the client to read them. An empty piece is for pipes that
   * are no byte streams.
   */
  write(data: string | Uint8Array, pieceLength?: number): Promise<void>;
  /** How many bytes that were written the client did not ask for yet. */
  readonly unread: number;
  /** Ends what the client reads. What it writes still comes in. */
  close(): Promise<void>;
  /** Makes the client's reads and writes fail, those under way included. */
  abort(reason: unknown): void;
  /** Makes the client's reads fail, and leaves its writes alone. */
  failReadable(reason: unknown): void;
  /** Makes the client's writes fail, and leaves its reads alone. */
  failWritable(reason: unknown): void;
  /** Whether the client has nothing left open: both its halves are over. */
  readonly isClosed: boolean;
  /** Resolves when `isClosed` becomes true. */
  readonly closed: Promise<void>;
}

/** Makes a pipe. */
export function pipe(
  { bytes = true, capacity = Infinity }: PipeOptions = {},
): { client: ByteStream; server: PipeServer } {
  const server = new Server(bytes, capacity);
  const { readable } = server.downlink;
  const { writable } = server.uplink;
  return { client: { readable, writable }, server };
}

class Server implements PipeServer {
  readonly downlink: Downlink;
  readonly uplink: Uplink;
  readonly closed: Promise<void>;
  #onClosed!: () => void;

  constructor(bytes: boolean, capacity: number) {
    this.closed = new Promise((resolve) => this.#onClosed = resolve);
    const check = () => {
      if (this.isClosed) this.#onClosed();
    };
    this.downlink = new Downlink(bytes, check);
    this.uplink = new Uplink(capacity, check);
  }

  get isClosed(): boolean {
    return this.downlink.isOver && this.uplink.isOver;
  }

  get received(): number {
    return this.uplink.received;
  }

  get unread(): number {
    return this.downlink.unread;
  }

  read(): Promise<Uint8Array<ArrayBuffer> | null> {
    return this.uplink.read();
  }

  async readUntil(text: string): Promise<string> {
    let all = "";
    while (true) {
      const piece = await this.read();
      if (piece === null) {
        throw new Error(`The client ended before ${JSON.stringify(text)}`);
      }
      // The mark may have begun in what came before.
      const from = Math.max(0, all.length - text.length);
      all += toText(piece);
      const at = all.indexOf(text, from);
      if (at < 0) continue;
      const end = at + text.length;
      this.uplink.putBack(toBytes(all.slice(end)));
      return all.slice(0, end);
    }
  }

  async readToEnd(): Promise<string> {
    let all = "";
    for (let piece = await this.read(); piece; piece = await this.read()) {
      all += toText(piece);
    }
    return all;
  }

  write(data: string | Uint8Array, pieceLength = Infinity): Promise<void> {
    const bytes = typeof data === "string" ? toBytes(data) : data.slice();
    if (bytes.length <= pieceLength) {
      this.downlink.push(bytes);
    } else {
      for (let at = 0; at < bytes.length; at += pieceLength) {
        this.downlink.push(bytes.slice(at, at + pieceLength));
      }
    }
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.downlink.end();
    return Promise.resolve();
  }

  abort(reason: unknown): void {
    this.failReadable(reason);
    this.failWritable(reason);
  }

  failReadable(reason: unknown): void {
    this.downlink.fail(reason);
  }

  failWritable(reason: unknown): void {
    this.uplink.fail(reason);
  }
}

type DownlinkController =
  | ReadableByteStreamController
  | ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>;

/** What the server writes and the client reads. */
class Downlink {
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
  isOver = false;
  readonly #onOver: () => void;
  readonly #pieces: Uint8Array<ArrayBuffer>[] = [];
  #controller!: DownlinkController;
  #isEnded = false;
  #isWanted = false;

  constructor(bytes: boolean, onOver: () => void) {
    this.#onOver = onOver;
    const source = {
      start: (controller: DownlinkController) => {
        this.#controller = controller;
      },
      pull: () => {
        this.#isWanted = true;
        this.#deliver();
      },
      cancel: () => this.#finish(),
    };
    this.readable = bytes
      ? new ReadableStream({ ...source, type: "bytes" }, { highWaterMark: 0 })
      : new ReadableStream(source, { highWaterMark: 0 });
  }

  get unread(): number {
    return this.#pieces.reduce((sum, { length }) => sum + length, 0);
  }

  push(piece: Uint8Array<ArrayBuffer>): void {
    if (this.#isEnded) throw new Error("The server has closed the pipe");
    if (this.isOver) return;
    this.#pieces.push(piece);
    this.#deliver();
  }

  end(): void {
    this.#isEnded = true;
    this.#deliver();
  }

  fail(reason: unknown): void {
    if (this.isOver) return;
    this.#controller.error(reason);
    this.#finish();
  }

  #deliver(): void {
    if (this.isOver) return;
    if (this.#isWanted && this.#pieces.length > 0) {
      this.#isWanted = false;
      this.#controller.enqueue(this.#pieces.shift()!);
    } else if (this.#isEnded && this.#pieces.length === 0) {
      this.#controller.close();
      if ("byobRequest" in this.#controller) {
        this.#controller.byobRequest?.respond(0);
      }
      this.#finish();
    }
  }

  #finish(): void {
    this.isOver = true;
    this.#pieces.length = 0;
    this.#onOver();
  }
}

/** What the client writes and the server reads. */
class Uplink {
  readonly writable: WritableStream<Uint8Array>;
  isOver = false;
  readonly #onOver: () => void;
  readonly #capacity: number;
  readonly #pieces: Uint8Array<ArrayBuffer>[] = [];
  #controller!: WritableStreamDefaultController;
  #failure: { readonly reason: unknown } | null = null;
  #wakeReader: () => void = () => {};
  #wakeWriter: () => void = () => {};

  constructor(capacity: number, onOver: () => void) {
    this.#capacity = capacity;
    this.#onOver = onOver;
    this.writable = new WritableStream({
      start: (controller) => {
        this.#controller = controller;
        controller.signal.onabort = () => this.#fail(controller.signal.reason);
      },
      write: (bytes) => this.#write(bytes),
      close: () => this.#finish(),
    });
  }

  get received(): number {
    return this.#pieces.reduce((sum, { length }) => sum + length, 0);
  }

  async read(): Promise<Uint8Array<ArrayBuffer> | null> {
    while (true) {
      const piece = this.#pieces.shift();
      if (piece !== undefined) {
        this.#wakeWriter();
        return piece;
      }
      if (this.#failure !== null) throw this.#failure.reason;
      if (this.isOver) return null;
      await new Promise<void>((resolve) => this.#wakeReader = resolve);
    }
  }

  putBack(piece: Uint8Array<ArrayBuffer>): void {
    if (piece.length > 0) this.#pieces.unshift(piece);
  }

  fail(reason: unknown): void {
    if (this.isOver) return;
    this.#controller.error(reason);
    this.#fail(reason);
  }

  async #write(bytes: Uint8Array): Promise<void> {
    this.#pieces.push(bytes.slice());
    this.#wakeReader();
    while (this.#failure === null && this.received > this.#capacity) {
      await new Promise<void>((resolve) => this.#wakeWriter = resolve);
    }
    if (this.#failure !== null) throw this.#failure.reason;
  }

  #fail(reason: unknown): void {
    this.#failure = { reason };
    this.#wakeWriter();
    this.#finish();
  }

  #finish(): void {
    this.isOver = true;
    this.#wakeReader();
    this.#onOver();
  }
}
