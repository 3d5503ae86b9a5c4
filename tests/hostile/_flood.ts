// A server that answers and then never stops writing, and a client whose reads
// are counted. What the system's buffers hold is nobody's memory: what counts is
// how much the client took out of them.

import { HttpClient, type HttpClientOptions } from "@pimalaya/io-http/client";
import { toBytes } from "../_text.ts";
import { CA, SERVER } from "../_tls.ts";
import type { Kind } from "./_peer.ts";

/** The most that a client reads at once, in bytes. */
export const READ_BYTES = 262_144;

// A write costs the same, whether it is one byte or some thousands.
const WRITE_BYTES = 65_536;
const REPEATS = 100;

/** What the server writes. */
export interface Flood {
  /** What comes first. */
  readonly first: string;
  /** What follows, again and again; nothing does where it is empty. */
  readonly again: string;
}

/** A client under a flood. */
export interface Flooded {
  readonly url: string;
  readonly client: HttpClient;
  /** How many bytes the client has read. */
  readonly read: () => number;
  /** How many bytes the client has written. */
  readonly written: () => number;
  /** Resolves when the server sees that the client has closed. */
  readonly closed: Promise<void>;
}

/** Opens a connection to a server that floods it when it is asked something. */
export async function openFlood(
  kind: Kind,
  flood: Flood,
  options?: HttpClientOptions,
): Promise<Flooded> {
  const where = { hostname: "127.0.0.1", port: 0 };
  using listener = kind === "TCP"
    ? Deno.listen(where)
    : Deno.listenTls({ ...where, ...SERVER });
  const { port } = listener.addr;
  const connecting = kind === "TCP"
    ? Deno.connect({ ...where, port })
    : Deno.connectTls({ ...where, port, caCerts: [CA] });
  const server = await listener.accept();
  if ("handshake" in server) await server.handshake();
  const conn = await connecting;
  const counts = count(conn);
  return {
    url: `${kind === "TCP" ? "http" : "https"}://127.0.0.1:${port}/`,
    client: new HttpClient(conn, options),
    ...counts,
    closed: writeUntilClosed(server, flood),
  };
}

/** Counts what is read from a connection, and written to it. */
function count(conn: Deno.Conn): Pick<Flooded, "read" | "written"> {
  const { read, write } = conn;
  let bytesRead = 0;
  let bytesWritten = 0;
  conn.read = async (into) => {
    const length = await read.call(conn, into);
    bytesRead += length ?? 0;
    return length;
  };
  conn.write = async (bytes) => {
    const length = await write.call(conn, bytes);
    bytesWritten += length;
    return length;
  };
  return { read: () => bytesRead, written: () => bytesWritten };
}

/** Writes for as long as there is somebody. */
async function writeUntilClosed(
  conn: Deno.Conn,
  { first, again }: Flood,
): Promise<void> {
  const buffer = new Uint8Array(65536);
  try {
    await conn.read(buffer);
    await writeAll(conn, toBytes(first), WRITE_BYTES);
    const bytes = toBytes(again.repeat(again === "" ? 0 : REPEATS));
    while (bytes.length > 0) await writeAll(conn, bytes, WRITE_BYTES);
    while (await conn.read(buffer) !== null);
  } catch (error) {
    if (!isGone(error)) throw error;
  } finally {
    conn.close();
  }
}

/** Writes all of the bytes, so many at once. */
async function writeAll(
  conn: Deno.Conn,
  bytes: Uint8Array,
  length: number,
): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    at += await conn.write(bytes.subarray(at, at + length));
  }
}

/** Tells whether an error says that the other end has closed. */
function isGone(error: unknown): boolean {
  const { BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof } =
    Deno.errors;
  return [BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof]
    .some((type) => error instanceof type);
}
