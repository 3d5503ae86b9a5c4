// Bare loops over a connection of Deno's: the least that a client can do. They
// write a request and read as many bytes as the first response had.

import type { Client, Send } from "./_clients.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** How much a bare loop reads at once, in bytes. */
export const READ_BYTES = 65536;

/** The bytes of a connection, both ways. */
export interface Bare {
  write(bytes: Uint8Array): Promise<unknown>;
  /** Reads, or returns an empty array at the end. */
  read(): Promise<Uint8Array>;
}

/** Ways to read and write over a connection. */
export const BARE: Readonly<
  Record<"conn" | "byob" | "streams", (conn: Deno.TcpConn) => Bare>
> = {
  conn(conn) {
    const buffer = new Uint8Array(READ_BYTES);
    return {
      write: (bytes) => conn.write(bytes),
      read: async () => buffer.subarray(0, await conn.read(buffer) ?? 0),
    };
  },
  byob(conn) {
    const reader = conn.readable.getReader({ mode: "byob" });
    const writer = conn.writable.getWriter();
    let buffer = new Uint8Array(READ_BYTES);
    return {
      write: (bytes) => writer.write(bytes),
      async read() {
        const { value } = await reader.read(buffer);
        buffer = new Uint8Array(value?.buffer ?? new ArrayBuffer(READ_BYTES));
        return value ?? new Uint8Array(0);
      },
    };
  },
  streams(conn) {
    const reader = conn.readable.getReader();
    const writer = conn.writable.getWriter();
    return {
      write: (bytes) => writer.write(bytes),
      read: async () => (await reader.read()).value ?? new Uint8Array(0),
    };
  },
};

/** A bare loop that sends small requests. */
export function bareClient(
  name: string,
  make: (conn: Deno.TcpConn) => Bare,
): Client {
  return {
    name,
    open: (_site, url, places) =>
      Promise.all(Array.from({ length: places }, async () => {
        return makeLoop(url, make(await connect(url)));
      })),
  };
}

/** Connects to the host and port of a URL. */
export async function connect(url: string): Promise<Deno.TcpConn> {
  const { hostname, port } = new URL(url);
  const conn = await Deno.connect({ hostname, port: Number(port) });
  conn.setNoDelay(true);
  return conn;
}

/** Encodes the request that the bare loops write. */
export function encodeGet(url: string): Uint8Array {
  const { host, pathname } = new URL(url);
  return encoder.encode(`GET ${pathname} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
}

/** Returns the length of a head that came whole in the first read. */
export function headLength(first: Uint8Array): number {
  return decoder.decode(first).indexOf("\r\n\r\n") + 4;
}

function makeLoop(url: string, { write, read }: Bare): Send {
  const request = encodeGet(url);
  let expected: number | null = null;
  let bodyLength = 0;
  return async () => {
    await write(request);
    let length = 0;
    do {
      const bytes = await read();
      if (bytes.length === 0) {
        throw new Error("The server closed the connection");
      }
      length += bytes.length;
      if (expected === null) {
        // The first response is small and comes in one read.
        expected = length;
        bodyLength = length - headLength(bytes);
      }
    } while (length < expected);
    return bodyLength;
  };
}
