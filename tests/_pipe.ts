// A connection in memory: a client gets a pair of streams, and the test holds the
// other end.
//
//   client.writable ──> Uplink ──> server.read
//   client.readable <── Downlink <── server.write
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
  { bytes = true, capacity = Infinity }: PipeOptions = {},
): { client: ByteStream; server: PipeServer } {
  const downlink = new Downlink(bytes);
  const uplink = new Uplink(capacity);
  const client = { readable: downlink.readable, writable: uplink.writable };
  return { client, server: new PipeServer(downlink, uplink) };
}

/** The end that the test holds. */
export class PipeServer {
  readonly #downlink: Downlink;
  readonly #uplink: Uplink;
  /** Resolves when `isClosed` becomes true. */
  readonly closed: Promise<unknown>;

  constructor(downlink: Downlink, uplink: Uplink) {
    this.#downlink = downlink;
    this.#uplink = uplink;
    this.closed = Promise.all([downlink.over, uplink.over]);
  }

  /** Whether the client has nothing left open: both its halves are over. */
  get isClosed(): boolean {
    return this.#downlink.isOver && this.#uplink.isOver;
  }

  /** How many bytes that the client wrote were not read. */
  get received(): number {
    return this.#uplink.bytes;
  }

  /** How many bytes that were written the client did not ask for yet. */
  get unread(): number {
    return this.#downlink.bytes;
  }

  /**
   * Reads the next piece that the client wrote, `null` if it has closed its
   * writable half; rejects with the reason if it has aborted it.
   */
  read(): Promise<Bytes | null> {
    return this.#uplink.read();
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
      this.#uplink.putBack(toBytes(all.slice(end)));
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
    const bytes = typeof data === "string" ? toBytes(data) : data.slice();
    if (bytes.length <= pieceLength) return this.#downlink.push(bytes);
    for (let at = 0; at < bytes.length; at += pieceLength) {
      this.#downlink.push(bytes.slice(at, at + pieceLength));
    }
  }

  /** Writes a text again and again as it is read, until the client has closed. */
  async flood(text: string): Promise<void> {
    while (!this.isClosed) {
      if (this.unread === 0) this.write(text);
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
  }

  /** Ends what the client reads. Its writes still arrive. */
  close(): void {
    this.#downlink.end();
  }

  /** Makes the client's reads and writes fail, those under way included. */
  abort(reason: unknown): void {
    this.failReadable(reason);
    this.failWritable(reason);
  }

  /** Makes the client's reads fail, and leaves its writes alone. */
  failReadable(reason: unknown): void {
    this.#downlink.fail(reason);
  }

  /** Makes the client's writes fail, and leaves its reads alone. */
  failWritable(reason: unknown): void {
    this.#uplink.fail(reason);
  }
}

/** One direction. */
class Half {
  isOver = false;
  readonly over: Promise<void>;
  protected readonly pieces: Bytes[] = [];
  readonly #onOver: () => void;

  constructor() {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.over = promise;
    this.#onOver = resolve;
  }

  get bytes(): number {
    return this.pieces.reduce((sum, { length }) => sum + length, 0);
  }

  protected finish(): void {
    this.isOver = true;
    this.#onOver();
  }
}

type DownlinkController =
  | ReadableByteStreamController
  | ReadableStreamDefaultController<Bytes>;

/** What the server writes and the client reads. */
class Downlink extends Half {
  readonly readable: ReadableStream<Bytes>;
  #controller!: DownlinkController;
  #isEnded = false;
  #isWanted = false;

  constructor(bytes: boolean) {
    super();
    const source = {
      start: (controller: DownlinkController) => {
        this.#controller = controller;
      },
      pull: () => {
        this.#isWanted = true;
        this.#deliver();
      },
      cancel: () => this.#drop(),
    };
    this.readable = bytes
      ? new ReadableStream({ ...source, type: "bytes" }, { highWaterMark: 0 })
      : new ReadableStream(source, { highWaterMark: 0 });
  }

  push(piece: Bytes): void {
    if (this.#isEnded) throw new Error("The server has closed the pipe");
    if (this.isOver) return;
    this.pieces.push(piece);
    this.#deliver();
  }

  end(): void {
    this.#isEnded = true;
    this.#deliver();
  }

  fail(reason: unknown): void {
    if (this.isOver) return;
    this.#controller.error(reason);
    this.#drop();
  }

  #deliver(): void {
    if (this.isOver) return;
    if (this.#isWanted && this.pieces.length > 0) {
      this.#isWanted = false;
      this.#controller.enqueue(this.pieces.shift()!);
    } else if (this.#isEnded && this.pieces.length === 0) {
      this.#controller.close();
      if ("byobRequest" in this.#controller) {
        this.#controller.byobRequest?.respond(0);
      }
      this.finish();
    }
  }

  #drop(): void {
    this.pieces.length = 0;
    this.finish();
  }
}

/** What the client writes and the server reads. */
class Uplink extends Half {
  readonly writable: WritableStream<Uint8Array>;
  readonly #capacity: number;
  #controller!: WritableStreamDefaultController;
  #failure: { readonly reason: unknown } | null = null;
  #wakeReader: () => void = () => {};
  #wakeWriter: () => void = () => {};

  constructor(capacity: number) {
    super();
    this.#capacity = capacity;
    this.writable = new WritableStream({
      start: (controller) => {
        this.#controller = controller;
        controller.signal.onabort = () => this.#end(controller.signal);
      },
      write: (bytes) => this.#write(bytes),
      close: () => this.#end(null),
    });
  }

  async read(): Promise<Bytes | null> {
    while (true) {
      const piece = this.pieces.shift();
      if (piece !== undefined) {
        this.#wakeWriter();
        return piece;
      }
      if (this.#failure !== null) throw this.#failure.reason;
      if (this.isOver) return null;
      await new Promise<void>((resolve) => this.#wakeReader = resolve);
    }
  }

  putBack(piece: Bytes): void {
    if (piece.length > 0) this.pieces.unshift(piece);
  }

  fail(reason: unknown): void {
    if (this.isOver) return;
    this.#controller.error(reason);
    this.#end({ reason });
  }

  async #write(bytes: Uint8Array): Promise<void> {
    this.pieces.push(bytes.slice());
    this.#wakeReader();
    while (this.#failure === null && this.bytes > this.#capacity) {
      await new Promise<void>((resolve) => this.#wakeWriter = resolve);
    }
    if (this.#failure !== null) throw this.#failure.reason;
  }

  #end(failure: { readonly reason: unknown } | null): void {
    this.#failure = failure;
    this.#wakeReader();
    this.#wakeWriter();
    this.finish();
  }
}
