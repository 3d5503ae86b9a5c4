// A server that answers without parsing, so that it is faster than any client
// it serves. It runs in its own process, and ends with its standard input: at the
// latest with the process that started it. It prints two ports: without TLS, and with
// it.
//
//   GET /small       11 bytes of text
//   GET /bytes/N     N bytes
//   GET /json        1 MB of JSON, coded with gzip
//   POST /           the same as /small, once the body has ended
//
// It relies on its clients: a request's head comes in one read, and nothing is
// sent before a response.

import { gzipSync } from "node:zlib";
import cert from "../tests/certs/server.pem" with { type: "text" };
import key from "../tests/certs/server.key" with { type: "text" };

const READ_BYTES = 4096;
const BLOCK_BYTES = 262144;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

const SMALL = encoder.encode(
  "HTTP/1.1 200 OK\r\n" +
    "Server: canned\r\n" +
    "Date: Mon, 06 Jan 2025 10:00:00 GMT\r\n" +
    "Content-Type: text/plain\r\n" +
    "Content-Length: 11\r\n" +
    "Connection: keep-alive\r\n\r\nhello world",
);
const JSON_BODY = gzipSync(encoder.encode(makeJson(1_000_000)));
const JSON_HEAD = encoder.encode(
  "HTTP/1.1 200 OK\r\n" +
    "Content-Type: application/json\r\n" +
    "Content-Encoding: gzip\r\n" +
    `Content-Length: ${JSON_BODY.length}\r\n\r\n`,
);
const BLOCK = new Uint8Array(BLOCK_BYTES).fill(0x78);
const LAST_CHUNK = encoder.encode("0\r\n\r\n");

if (import.meta.main) {
  const address = { hostname: "127.0.0.1", port: 0 };
  const listener = Deno.listen(address);
  const tlsListener = Deno.listenTls({ ...address, cert, key });
  console.log(listener.addr.port, tlsListener.addr.port);
  exitWithStdin();
  await Promise.all([serveAll(listener), serveAll(tlsListener)]);
}

async function serveAll(listener: AsyncIterable<Deno.Conn>): Promise<void> {
  for await (const conn of listener) serve(conn);
}

async function exitWithStdin(): Promise<void> {
  await Deno.stdin.readable.pipeTo(new WritableStream());
  Deno.exit();
}

async function serve(conn: Deno.Conn): Promise<void> {
  if ("setNoDelay" in conn) (conn as Deno.TcpConn).setNoDelay(true);
  const buffer = new Uint8Array(READ_BYTES);
  try {
    let length = await conn.read(buffer);
    while (length !== null) {
      await answer(conn, buffer.subarray(0, length));
      length = await conn.read(buffer);
    }
    conn.close();
  } catch {
    // The client has gone, as it may at any time.
  }
}

async function answer(conn: Deno.Conn, request: Uint8Array): Promise<void> {
  const [isPost, isSmall] = [request[0] === 0x50, request[5] === 0x73];
  if (isPost) await skipBody(conn, request);
  if (isPost || isSmall) return await writeAll(conn, SMALL);
  if (request[5] === 0x6a) {
    await writeAll(conn, JSON_HEAD);
    return await writeAll(conn, JSON_BODY);
  }
  const [, length] = /^GET \/bytes\/(\d+)/.exec(decoder.decode(request)) ?? [];
  if (length === undefined) throw new Error("Unexpected request");
  await writeBytes(conn, Number(length));
}

function isLastChunk(tail: Uint8Array): boolean {
  return LAST_CHUNK.every((byte, i) => byte === tail[i]);
}

/** Creates a JSON array of a length, which gzip shrinks to a quarter. */
function makeJson(length: number): string {
  let text = "[";
  for (let i = 0; text.length < length; i++) {
    text += `{"id":${i},"name":"item ${(i * 7919) % 65536}"},`;
  }
  return `${text.slice(0, length - 1)}]`;
}

async function writeBytes(conn: Deno.Conn, length: number): Promise<void> {
  const head = `HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\n\r\n`;
  await writeAll(conn, encoder.encode(head));
  for (let left = length; left > 0; left -= BLOCK_BYTES) {
    await writeAll(conn, BLOCK.subarray(0, left));
  }
}

/**
 * Reads up to the last chunk, which nothing else in the body looks like. The
 * only other body is that of the five bytes `hello`.
 */
async function skipBody(conn: Deno.Conn, read: Uint8Array): Promise<void> {
  if (decoder.decode(read).endsWith("\r\n\r\nhello")) return;
  let tail = read.slice(-LAST_CHUNK.length);
  if (isLastChunk(tail)) return;
  const buffer = new Uint8Array(BLOCK_BYTES);
  while (!isLastChunk(tail)) {
    const length = await conn.read(buffer);
    if (length === null) throw new Error("The body did not end");
    const end = buffer.subarray(
      Math.max(0, length - LAST_CHUNK.length),
      length,
    );
    tail = new Uint8Array([...tail, ...end]).slice(-LAST_CHUNK.length);
  }
}

async function writeAll(conn: Deno.Conn, bytes: Uint8Array): Promise<void> {
  let written = 0;
  while (written < bytes.length) {
    written += await conn.write(bytes.subarray(written));
  }
}
