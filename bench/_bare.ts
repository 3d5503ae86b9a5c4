// Bare loops over a socket: the minimum for any client on that runtime.
// They write a prepared request, and read as many bytes as its response has. They
// do not parse HTTP.

import { connect as connectNet, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { Client } from "./_clients.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** The bytes of a connection, both ways. */
export interface Bare {
  /** Writes, at once unless it returns a promise. */
  write(bytes: Bytes): Promise<unknown> | void;
  /**
   * Returns the number of bytes that it reads: one piece or, if the runtime calls back
   * with each piece, all that are left.
   */
  read(left: number): Promise<number>;
}

/** A way to read and write on some runtime. */
export interface BareLoop {
  readonly name: string;
  connect(url: URL, ca: string): Promise<Bare>;
}

/** The part of Bun that a loop of it uses. */
interface BunRuntime {
  connect(options: {
    hostname: string;
    port: number;
    socket: { data(socket: unknown, bytes: Bytes): void; close(): void };
  }): Promise<{ write(bytes: Bytes): number }>;
}

/** The size of one read of a bare loop, in bytes. */
export const READ_BYTES = 65536;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** By `Deno.Conn`, as our client on Deno. */
export const BARE_CONN: BareLoop = {
  name: "bare conn loop",
  connect: async (url) => readConn(await connectDeno(url)),
};

/** The same over `Deno.connectTls`. */
export const BARE_CONN_TLS: BareLoop = {
  name: "bare Deno.connectTls loop",
  async connect(url, ca) {
    const caCerts = [ca];
    return readConn(await Deno.connectTls({ ...addressOf(url), caCerts }));
  },
};

/** By the streams of a `Deno.Conn`, with a BYOB reader. */
export const BARE_BYOB: BareLoop = {
  name: "bare BYOB loop",
  async connect(url) {
    const { readable, writable } = await connectDeno(url);
    const writer = writable.getWriter();
    return { write: (bytes) => writer.write(bytes), read: byobRead(readable) };
  },
};

/** By the streams of a `Deno.Conn`, with a default reader. */
export const BARE_STREAMS: BareLoop = {
  name: "bare Web Streams loop",
  async connect(url) {
    const { readable, writable } = await connectDeno(url);
    const [reader, writer] = [readable.getReader(), writable.getWriter()];
    return {
      write: (bytes) => writer.write(bytes),
      read: async () => (await reader.read()).value?.length ?? 0,
    };
  },
};

/** By the events of `node:net`. */
export const BARE_NET: BareLoop = {
  name: "bare node:net loop",
  connect: async (url) => readEvents(await connectNode(url)),
};

/** By `node:net` into one buffer, without an event for each read. */
export const BARE_ONREAD: BareLoop = {
  name: "bare node:net loop with onread",
  async connect(url) {
    const arrivals = new Arrivals();
    const onread = {
      buffer: new Uint8Array(READ_BYTES),
      callback(length: number) {
        arrivals.push(length);
        return true;
      },
    };
    const socket = await opened(
      connectNet({ ...addressOf(url), noDelay: true, onread }),
      "connect",
    );
    socket.on("close", arrivals.end);
    return { write: (bytes) => void socket.write(bytes), read: arrivals.read };
  },
};

/** By the events of `node:net`, into a byte stream with a BYOB reader. */
export const BARE_NET_BYOB: BareLoop = {
  name: "bare node:net loop into a byte stream",
  async connect(url) {
    const socket = await connectNode(url);
    const readable = new ReadableStream<Bytes>({
      type: "bytes",
      start(controller) {
        socket.on("data", (bytes: Bytes) => {
          controller.enqueue(bytes);
          if (controller.desiredSize! <= 0) socket.pause();
        });
        socket.on("close", () => controller.error(new Error("It closed")));
      },
      pull: () => void socket.resume(),
    });
    return {
      write: (bytes) => void socket.write(bytes),
      read: byobRead(readable),
    };
  },
};

/** By the events of `node:tls`. */
export const BARE_TLS: BareLoop = {
  name: "bare node:tls loop",
  async connect(url, ca) {
    const socket = connectTls({ ...addressOf(url), ca });
    return readEvents(await opened(socket, "secureConnect"));
  },
};

/** By the callbacks of `Bun.connect`. */
export const BARE_BUN: BareLoop = {
  name: "bare Bun.connect loop",
  async connect(url) {
    const { Bun } = globalThis as unknown as { Bun: BunRuntime };
    const arrivals = new Arrivals();
    const data = (_socket: unknown, { length }: Bytes) => arrivals.push(length);
    const socket = await Bun.connect({
      ...addressOf(url),
      socket: { data, close: arrivals.end },
    });
    return { write: (bytes) => void socket.write(bytes), read: arrivals.read };
  },
};

/** A bare loop that sends small requests. */
export function bareClient({ name, connect }: BareLoop): Client {
  return {
    name,
    async open({ ca }, url, places) {
      const { request, headLength, bodyLength } = await probe(url, ca);
      return await Promise.all(Array.from({ length: places }, async () => {
        const bare = await connect(new URL(url), ca);
        return async () => {
          await exchangeBare(bare, request, headLength + bodyLength);
          return bodyLength;
        };
      }));
    },
  };
}

/** A bare loop that creates a `Response` of a size, and takes its text. */
export function bareFetch(loop: BareLoop): Client {
  const { open } = bareClient(loop);
  return {
    name: `${loop.name} and a Response`,
    async open(site, url, places) {
      const sends = await open(site, url, places);
      return sends.map((send) => async () => {
        const body = new Uint8Array(await send());
        return (await new Response(body).text()).length;
      });
    },
  };
}

/** Sends a request, and reads a response of the given number of bytes. */
export async function exchangeBare(
  { write, read }: Bare,
  request: Bytes,
  length: number,
): Promise<void> {
  const writing = write(request);
  if (writing !== undefined) await writing;
  let left = length;
  while (left > 0) {
    const count = await read(left);
    if (count === 0) throw new Error("The server closed the connection");
    left -= count;
  }
}

/** Sends a request once, and returns it with the length of its response. */
export async function probe(url: string, ca: string): Promise<{
  readonly request: Bytes;
  readonly headLength: number;
  readonly bodyLength: number;
}> {
  const { host, pathname, protocol } = new URL(url);
  const request = encoder.encode(
    `GET ${pathname} HTTP/1.1\r\nHost: ${host}\r\n\r\n`,
  );
  const socket = protocol === "https:"
    ? await opened(connectTls({ ...addressOf(url), ca }), "secureConnect")
    : await connectNode(url);
  socket.write(request);
  // The head comes in one read.
  const first = await new Promise<Bytes>((resolve) => {
    socket.once("data", resolve);
  });
  socket.destroy();
  const text = decoder.decode(first);
  const [, bodyLength] = /\r\nContent-Length: (\d+)\r\n/.exec(text) ?? [];
  const headLength = text.indexOf("\r\n\r\n") + 4;
  return { request, headLength, bodyLength: Number(bodyLength) };
}

/** Counts the bytes that callbacks bring. */
class Arrivals {
  #count = 0;
  #left = 0;
  #resolve: (count: number) => void = () => {};

  push(length: number): void {
    this.#count += length;
    if (this.#count >= this.#left) this.#resolve(this.#count);
  }

  readonly end = (): void => this.#resolve(0);

  /** Reads the rest. */
  readonly read = (left: number): Promise<number> => {
    this.#count = 0;
    this.#left = left;
    return new Promise((resolve) => this.#resolve = resolve);
  };
}

function readConn(conn: Deno.Conn): Bare {
  const buffer = new Uint8Array(READ_BYTES);
  return {
    write: (bytes) => conn.write(bytes),
    read: async () => await conn.read(buffer) ?? 0,
  };
}

function readEvents(socket: Socket): Bare {
  const arrivals = new Arrivals();
  socket.on("data", ({ length }: Bytes) => arrivals.push(length));
  socket.on("close", arrivals.end);
  return { write: (bytes) => void socket.write(bytes), read: arrivals.read };
}

/** Reads pieces with one buffer, which is reused. */
function byobRead(readable: ReadableStream<Bytes>): () => Promise<number> {
  const reader = readable.getReader({ mode: "byob" });
  let buffer = new Uint8Array(READ_BYTES);
  return async () => {
    const { value } = await reader.read(buffer);
    buffer = new Uint8Array(value?.buffer ?? new ArrayBuffer(READ_BYTES));
    return value?.length ?? 0;
  };
}

async function connectDeno(url: URL): Promise<Deno.TcpConn> {
  const conn = await Deno.connect(addressOf(url));
  conn.setNoDelay(true);
  return conn;
}

async function connectNode(url: string | URL): Promise<Socket> {
  const socket = connectNet({ ...addressOf(url), noDelay: true });
  return await opened(socket, "connect");
}

/** Waits until a socket is open. */
async function opened(socket: Socket, event: string): Promise<Socket> {
  await new Promise((resolve, reject) => {
    socket.once(event, resolve);
    socket.once("error", reject);
  });
  return socket;
}

/** Returns the address of a URL, with the host under the names of Node and Deno. */
function addressOf(url: string | URL): {
  readonly host: string;
  readonly hostname: string;
  readonly port: number;
} {
  const { hostname, port } = new URL(url);
  return { host: hostname, hostname, port: Number(port) };
}
