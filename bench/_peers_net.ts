// Clients that send the same small request, one after the other on each
// connection, and take the body of the answer as text; and bare loops over a
// connection, which is the least that a client can do.

import { Agent, get } from "node:http";
import { Pool } from "undici";
import { HttpRequest } from "@pimalaya/io-http";
import { HttpClient } from "@pimalaya/io-http/client";

/** One connection, or a place in a pool of them. */
export interface Exchanger {
  /** Sends a request, and gives the length of the body. */
  exchange(): Promise<number>;
}

/** A kind of client. */
export interface Peer {
  readonly name: string;
  /** Opens that many connections to the origin of a URL. */
  open(url: string, connections: number): Promise<Exchanger[]>;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const READ_BYTES = 65536;

/** This package: one client a connection. */
export const OURS: Peer = {
  name: "io-http",
  open: (url, connections) =>
    openEach(connections, async () => {
      const client = await HttpClient.connect(url);
      return {
        async exchange() {
          const { response } = await client.send(HttpRequest.get(url));
          return response.text().length;
        },
      };
    }),
};

/** The platform's `fetch`, with its own pool. */
export const FETCH: Peer = {
  name: "fetch",
  open: (url, connections) =>
    openEach(connections, () =>
      Promise.resolve({
        async exchange() {
          const response = await fetch(url);
          return (await response.text()).length;
        },
      })),
};

/** undici's `Pool`, through `request`. */
export const UNDICI: Peer = {
  name: "undici",
  open(url, connections) {
    const { origin, pathname: path } = new URL(url);
    const pool = new Pool(origin, { connections });
    return openEach(connections, () =>
      Promise.resolve({
        async exchange() {
          const { body } = await pool.request({ path, method: "GET" });
          return (await body.text()).length;
        },
      }));
  },
};

/** `node:http` with a keep-alive agent. */
export const NODE_HTTP: Peer = {
  name: "node:http",
  open(url, connections) {
    const agent = new Agent({ keepAlive: true, maxSockets: connections });
    const exchange = () =>
      new Promise<number>((resolve, reject) => {
        get(url, { agent }, (response) => {
          let text = "";
          response.setEncoding("utf8");
          response.on("data", (piece: string) => text += piece);
          response.on("end", () => resolve(text.length));
          response.on("error", reject);
        }).on("error", reject);
      });
    return openEach(connections, () => Promise.resolve({ exchange }));
  },
};

/** A bare loop over `conn.read` and `conn.write`. */
export const BARE_CONN: Peer = {
  name: "bare conn loop",
  open: (url, connections) =>
    openEach(connections, async () => {
      const conn = await connect(url);
      const buffer = new Uint8Array(READ_BYTES);
      return makeLoop(
        url,
        async (bytes) => void await conn.write(bytes),
        async () => {
          const length = await conn.read(buffer);
          return buffer.subarray(0, length ?? 0);
        },
      );
    }),
};

/** A bare loop over a default reader and a writer. */
export const BARE_STREAMS: Peer = {
  name: "bare Web Streams loop",
  open: (url, connections) =>
    openEach(connections, async () => {
      const conn = await connect(url);
      const reader = conn.readable.getReader();
      const writer = conn.writable.getWriter();
      return makeLoop(
        url,
        (bytes) => writer.write(bytes),
        async () => (await reader.read()).value,
      );
    }),
};

/** A bare loop over a BYOB reader and a writer. */
export const BARE_BYOB: Peer = {
  name: "bare BYOB loop",
  open: (url, connections) =>
    openEach(connections, async () => {
      const conn = await connect(url);
      const reader = conn.readable.getReader({ mode: "byob" });
      const writer = conn.writable.getWriter();
      let buffer = new Uint8Array(READ_BYTES);
      return makeLoop(
        url,
        (bytes) => writer.write(bytes),
        async () => {
          const { value } = await reader.read(buffer);
          if (value === undefined) return undefined;
          buffer = new Uint8Array(value.buffer);
          return value;
        },
      );
    }),
};

/** Connects to the host and the port of a URL. */
export async function connect(url: string): Promise<Deno.TcpConn> {
  const { hostname, port } = new URL(url);
  const conn = await Deno.connect({ hostname, port: Number(port) });
  conn.setNoDelay(true);
  return conn;
}

/** The request that the bare loops write. */
export function encodeGet(url: string): Uint8Array {
  const { host, pathname } = new URL(url);
  return encoder.encode(`GET ${pathname} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
}

/** Writes the request, and reads as many bytes as the first answer had. */
function makeLoop(
  url: string,
  write: (bytes: Uint8Array) => Promise<void>,
  read: () => Promise<Uint8Array | undefined>,
): Exchanger {
  const request = encodeGet(url);
  let expected = Infinity;
  let bodyLength = 0;
  return {
    async exchange() {
      await write(request);
      let length = 0;
      while (length < expected) {
        const bytes = await read();
        if (bytes === undefined || bytes.length === 0) {
          throw new Error("The server has closed the connection");
        }
        length += bytes.length;
        if (expected !== Infinity) continue;
        // The first answer, which is small, comes in one read.
        expected = length;
        bodyLength = decoder.decode(bytes).split("\r\n\r\n")[1]!.length;
      }
      return bodyLength;
    },
  };
}

function openEach(
  connections: number,
  open: () => Promise<Exchanger>,
): Promise<Exchanger[]> {
  return Promise.all(Array.from({ length: connections }, open));
}
