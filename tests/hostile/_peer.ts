// A server that the test plays itself, over a pipe in memory or a real socket: it
// writes anything at any time, ends one direction, or cuts the connection.

import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import {
  HttpClient,
  type HttpClientOptions,
  type HttpConnectOptions,
} from "@pimalaya/io-http/client";
import { PIPES, SITE } from "../client/_client.ts";
import { pipe } from "../_pipe.ts";
import { toBytes, toText } from "../_text.ts";
import { CA, SERVER } from "../_tls.ts";

/** The layer under a connection. */
export type Kind = "a byte stream" | "a plain stream" | "TCP" | "TLS";

// A hanging test is ended by this, with a name to it. No passing test waits.
const HANG_MILLISECONDS = 60_000;

/** Makes a test fail instead of hanging. */
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

/** The server's end of a connection. It reads nothing before it is told to. */
export interface Peer {
  /** Reads until a text has come, and then reads no more. */
  readUntil(text: string): Promise<unknown>;
  /** Writes a text, all of it at once. */
  write(text: string): unknown;
  /** Writes a text again and again, until the client has closed. */
  flood(text: string): Promise<void>;
  /** Ends the client's input; it may still write. */
  close(): void;
  /** Cuts the connection off; a client in memory is told the reason. */
  abort(reason: unknown): unknown;
  /** Resolves when the client has closed. */
  readonly closed: Promise<unknown>;
}

/** Both ends of a connection. Disposing them closes the connection. */
export interface Ends extends AsyncDisposable {
  readonly url: string;
  readonly client: HttpClient;
  readonly peer: Peer;
}

/** Opens a connection. */
export async function openPeer(
  kind: Kind,
  options: HttpClientOptions = {},
): Promise<Ends> {
  if (kind === "TCP" || kind === "TLS") return await openSocket(kind, options);
  const [, { bytes }] = PIPES.find(([name]) => name === kind)!;
  const { client: stream, server } = pipe({ bytes, capacity: 65536 });
  const client = new HttpClient(stream, options);
  const close = () => client.close();
  return { url: SITE, client, peer: server, [Symbol.asyncDispose]: close };
}

/** Opens a connection over a socket. */
export async function openSocket(
  kind: "TCP" | "TLS",
  clientOptions: HttpConnectOptions = {},
): Promise<Ends & { peer: SocketPeer }> {
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
    ...clientOptions,
    ...(kind === "TLS" && { tls: { caCerts: [CA] } }),
  });
  const [raw] = await accepting as [Socket];
  const [socket] = await securing as [Socket];
  const peer = new SocketPeer(raw, socket);
  const close = async () => {
    await client.close();
    await peer.end();
    await new Promise((resolve) => server.close(resolve));
  };
  return { url, client, peer, [Symbol.asyncDispose]: close };
}

/** A peer over a socket. */
export class SocketPeer implements Peer {
  /** How many bytes the system has taken. */
  written = 0;
  /** The socket under TLS; without TLS, the same as the other. */
  readonly #raw: Socket;
  readonly #socket: Socket;
  readonly #closed = Promise.withResolvers<void>();
  /** Resolves when the client has nothing more to say. */
  readonly #over = Promise.withResolvers<void>();

  constructor(raw: Socket, socket: Socket) {
    this.#raw = raw;
    this.#socket = socket;
    for (const side of [raw, socket]) {
      side.on("error", () => this.#over.resolve());
    }
    socket.on("end", () => this.#over.resolve());
    socket.on("close", () => {
      this.#over.resolve();
      this.#closed.resolve();
    });
  }

  async readUntil(text: string): Promise<void> {
    let all = "";
    await this.#listen((bytes) => {
      all += toText(bytes);
      return !all.includes(text);
    });
    if (all.includes(text)) return;
    throw new Error(`The client ended before ${JSON.stringify(text)}`);
  }

  write(text: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#socket.write(toBytes(text), (error) => {
        if (error) return reject(error);
        this.written += text.length;
        resolve();
      });
    });
  }

  /** Ends the client's input below TLS, without a close_notify. */
  cut(): void {
    this.#raw.end();
  }

  /** Writes a text below TLS, which is not a valid record there. */
  writeRaw(text: string): void {
    this.#raw.write(toBytes(text));
  }

  async flood(text: string): Promise<void> {
    try {
      while (true) await this.write(text);
    } catch {
      // The client has closed.
    }
  }

  close(): void {
    this.#socket.end();
  }

  async abort(): Promise<void> {
    this.#raw.resetAndDestroy();
    await this.end();
  }

  /** Returns the client's output so far. */
  get closed(): Promise<void> {
    return this.#listen(() => true);
  }

  /** Closes the rest, and waits until it is closed. */
  async end(): Promise<void> {
    this.#socket.destroy();
    this.#raw.destroy();
    await this.#closed.promise;
  }

  /** Passes input to a listener for as long as that wants it. */
  async #listen(wants: (bytes: Uint8Array) => boolean): Promise<void> {
    const done = Promise.withResolvers<void>();
    const onData = (bytes: Uint8Array) => {
      if (!wants(bytes)) done.resolve();
    };
    this.#socket.on("data", onData);
    this.#socket.resume();
    this.#handle?.readStart();
    await Promise.race([done.promise, this.#over.promise]);
    this.#socket.off("data", onData);
    this.#handle?.readStop();
    this.#socket.pause();
  }

  /** The handle under TLS, which reads on while the socket is paused. */
  get #handle(): { readStart(): void; readStop(): void } | null | undefined {
    if (this.#raw === this.#socket) return null;
    return (this.#raw as { _handle?: null })._handle;
  }
}
