// A server that the test plays itself, over real sockets: it says what it wants
// when it wants, ends one direction, or cuts the connection off.

import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { HttpClient } from "@pimalaya/io-http/client";
import { toBytes, toText } from "../_text.ts";
import { CA, SERVER } from "../_tls.ts";

/** What a connection runs over. */
export type Kind = "TCP" | "TLS";

// What hangs is ended by this, with a name to it. Nothing that passes waits.
const HANG_MILLISECONDS = 60_000;

/** Makes a test fail where it would hang. */
export function bounded(fn: () => Promise<void>): () => Promise<void> {
  return async () => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const hung = new Promise<never>((_, reject) => {
      const error = new Error("The test hangs");
      timer = setTimeout(() => reject(error), HANG_MILLISECONDS);
    });
    try {
      await Promise.race([fn(), hung]);
    } finally {
      clearTimeout(timer);
    }
  };
}

/** Opens a connection, and gives both its ends. */
export async function openPeer(
  kind: Kind,
): Promise<{ url: string; client: HttpClient; peer: Peer }> {
  const options = { allowHalfOpen: true, noDelay: true };
  const server = kind === "TCP"
    ? createServer(options)
    : createTlsServer({ ...options, ...SERVER });
  const accepting = once(server, "connection");
  const securing = kind === "TCP"
    ? accepting
    : once(server, "secureConnection");
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  const url = `${kind === "TCP" ? "http" : "https"}://127.0.0.1:${port}/`;
  const client = await HttpClient.connect(url, {
    origin: null,
    ...(kind === "TLS" && { tls: { caCerts: [CA] } }),
  });
  const [raw] = await accepting as [Socket];
  const [socket] = await securing as [Socket];
  return { url, client, peer: new Peer(server, raw, socket) };
}

/** The server's end of a connection. It reads nothing before it is told to. */
export class Peer implements AsyncDisposable {
  readonly #server: Server;
  /** The socket under TLS; without TLS, the same as the other. */
  readonly #raw: Socket;
  readonly #socket: Socket;
  readonly #closed: Promise<void>;
  /** Resolves when the client has nothing more to say. */
  readonly #over: Promise<void>;

  constructor(server: Server, raw: Socket, socket: Socket) {
    this.#server = server;
    this.#raw = raw;
    this.#socket = socket;
    const over = Promise.withResolvers<void>();
    const closed = Promise.withResolvers<void>();
    this.#over = over.promise;
    this.#closed = closed.promise;
    for (const side of [raw, socket]) side.on("error", () => over.resolve());
    socket.on("end", () => over.resolve());
    socket.on("close", () => {
      over.resolve();
      closed.resolve();
    });
  }

  /** Reads until a text has come, and then reads no more. */
  async readUntil(text: string): Promise<void> {
    let all = "";
    await this.#listen((bytes) => {
      all += toText(bytes);
      return !all.includes(text);
    });
    if (all.includes(text)) return;
    throw new Error(`The client ended before ${JSON.stringify(text)}`);
  }

  /** Writes a text, all of it at once, and waits until the system has it. */
  write(text: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#socket.write(toBytes(text), (error) => {
        if (error) reject(error);
        else resolve();
      });
    });
  }

  /** Writes a text below TLS, where it is no record. */
  writeRaw(text: string): void {
    this.#raw.write(toBytes(text));
  }

  /** Ends what the client reads; it may still write. */
  halfClose(): void {
    this.#socket.end();
  }

  /** Cuts the connection off. */
  async reset(): Promise<void> {
    this.#raw.resetAndDestroy();
    this.#socket.destroy();
    await this.#closed;
  }

  /** Reads out what the client wrote; resolves when it has closed. */
  async gone(): Promise<void> {
    await this.#listen(() => true);
  }

  /** Closes what is left, and waits until it is. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.destroy();
    this.#raw.destroy();
    await this.#closed;
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** Lets what comes in through to a listener, for as long as it wants. */
  async #listen(wants: (bytes: Uint8Array) => boolean): Promise<void> {
    const done = Promise.withResolvers<void>();
    const onData = (bytes: Uint8Array) => {
      if (!wants(bytes)) done.resolve();
    };
    this.#socket.on("data", onData);
    this.#socket.resume();
    await Promise.race([done.promise, this.#over]);
    this.#socket.off("data", onData);
    this.#socket.pause();
  }
}
