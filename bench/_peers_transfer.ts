// Clients that move a large body over one connection, and bare loops that do
// the same without HTTP.

import { Pool } from "undici";
import { HttpRequest } from "@pimalaya/io-http";
import { HttpClient } from "@pimalaya/io-http/client";
import type { Contender } from "./_measure.ts";
import { connect, encodeGet } from "./_peers_net.ts";

const READ_BYTES = 65536;
const PIECE = new Uint8Array(READ_BYTES).fill(0x78);

/** Where the body is, and how long it is. */
export interface Download {
  readonly url: string;
  readonly length: number;
}

/** This package, streaming to a default reader. */
export async function ourDownload(
  { url, length }: Download,
): Promise<Contender> {
  const client = await HttpClient.connect(url);
  return makeContender("io-http", length, async () => {
    const { body } = await client.exchange(HttpRequest.get(url));
    return await countBytes(body);
  });
}

/** This package, streaming to a BYOB reader whose buffer goes round. */
export async function ourByobDownload(
  { url, length }: Download,
): Promise<Contender> {
  const client = await HttpClient.connect(url);
  let buffer = new Uint8Array(READ_BYTES);
  return makeContender("io-http", length, async () => {
    const { body } = await client.exchange(HttpRequest.get(url));
    const reader = body.getReader({ mode: "byob" });
    let count = 0;
    while (true) {
      const { value, done } = await reader.read(buffer);
      // At its end, the stream gives the buffer back with nothing in it.
      buffer = new Uint8Array(value?.buffer ?? new ArrayBuffer(READ_BYTES));
      if (done) return count;
      count += value.length;
    }
  });
}

/** `fetch`, streaming. */
export function fetchDownload({ url, length }: Download): Contender {
  return makeContender("fetch", length, async () => {
    const { body } = await fetch(url);
    return await countBytes(body!);
  });
}

/** undici's `request`, streaming. */
export function undiciDownload({ url, length }: Download): Contender {
  const { origin, pathname: path } = new URL(url);
  const pool = new Pool(origin, { connections: 1 });
  return makeContender("undici", length, async () => {
    const { body } = await pool.request({ path, method: "GET" });
    let count = 0;
    for await (const piece of body) count += piece.length;
    return count;
  });
}

/** A bare loop over a BYOB reader. */
export async function byobDownload(download: Download): Promise<Contender> {
  const conn = await connect(download.url);
  const reader = conn.readable.getReader({ mode: "byob" });
  const writer = conn.writable.getWriter();
  let buffer = new Uint8Array(READ_BYTES);
  return makeBareDownload("bare BYOB loop", download, {
    write: (bytes) => writer.write(bytes),
    async read() {
      const { value } = await reader.read(buffer);
      buffer = new Uint8Array(value!.buffer);
      return value!;
    },
  });
}

/** A bare loop over a default reader. */
export async function streamDownload(download: Download): Promise<Contender> {
  const conn = await connect(download.url);
  const reader = conn.readable.getReader();
  const writer = conn.writable.getWriter();
  return makeBareDownload("bare default reader", download, {
    write: (bytes) => writer.write(bytes),
    read: async () => (await reader.read()).value!,
  });
}

/** A bare loop over `conn.read`. */
export async function connDownload(download: Download): Promise<Contender> {
  const conn = await connect(download.url);
  const buffer = new Uint8Array(READ_BYTES);
  return makeBareDownload("bare conn loop", download, {
    write: async (bytes) => void await conn.write(bytes),
    read: async () => buffer.subarray(0, await conn.read(buffer) ?? 0),
  });
}

/** This package, with the body in memory. */
export async function ourBufferedDownload(
  { url, length }: Download,
): Promise<Contender> {
  const client = await HttpClient.connect(url);
  return makeContender("io-http", length, async () => {
    const { response } = await client.send(HttpRequest.get(url));
    return response.body.length;
  });
}

/** A bare loop over `conn.read` that fills memory of just the right length. */
export async function connBufferedDownload(
  { url, length }: Download,
): Promise<Contender> {
  const conn = await connect(url);
  const request = encodeGet(url);
  return makeContender("bare loop into one buffer", length, async () => {
    await conn.write(request);
    const first = new Uint8Array(READ_BYTES);
    const firstLength = await conn.read(first) ?? 0;
    const piece = first.subarray(headLength(first), firstLength);
    const body = new Uint8Array(length);
    body.set(piece);
    let count = piece.length;
    while (count < length) {
      count += await conn.read(body.subarray(count, count + READ_BYTES)) ??
        Infinity;
    }
    return count;
  });
}

/** `fetch`, with the body in memory. */
export function fetchBufferedDownload({ url, length }: Download): Contender {
  return makeContender("fetch().arrayBuffer()", length, async () => {
    const response = await fetch(url);
    return (await response.arrayBuffer()).byteLength;
  });
}

/** This package, uploading a stream. */
export async function ourUpload(
  { url, length }: Download,
): Promise<Contender> {
  const client = await HttpClient.connect(url);
  return makeContender("io-http", length, async () => {
    const source = makeSource(length);
    const exchange = await client.exchange(HttpRequest.post(url), {
      body: source.stream,
    });
    await exchange.text();
    return source.sent();
  });
}

/** `fetch`, uploading a stream. */
export function fetchUpload({ url, length }: Download): Contender {
  return makeContender("fetch with a stream", length, async () => {
    const source = makeSource(length);
    const response = await fetch(url, { method: "POST", body: source.stream });
    await response.text();
    return source.sent();
  });
}

/** A bare loop over `conn.write`, which frames the chunks and nothing more. */
export async function connUpload(
  { url, length }: Download,
): Promise<Contender> {
  const conn = await connect(url);
  const encoder = new TextEncoder();
  const buffer = new Uint8Array(READ_BYTES);
  const head = encoder.encode("POST / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
  const size = encoder.encode(`${READ_BYTES.toString(16)}\r\n`);
  const end = encoder.encode("\r\n");
  const last = encoder.encode("0\r\n\r\n");
  const chunk = new Uint8Array([...size, ...PIECE, ...end]);
  const writeAll = async (bytes: Uint8Array) => {
    for (let at = 0; at < bytes.length;) {
      at += await conn.write(bytes.subarray(at));
    }
  };
  return makeContender("bare conn loop", length, async () => {
    await writeAll(head);
    let sent = 0;
    for (; sent + READ_BYTES <= length; sent += READ_BYTES) {
      await writeAll(chunk);
    }
    const rest = length - sent;
    await writeAll(encoder.encode(`${rest.toString(16)}\r\n`));
    await writeAll(PIECE.subarray(0, rest));
    await writeAll(end);
    await writeAll(last);
    await conn.read(buffer);
    return length;
  });
}

function makeContender(
  name: string,
  length: number,
  move: () => Promise<number>,
): Contender {
  return {
    name,
    async run(times) {
      for (let i = 0; i < times; i++) {
        const count = await move();
        if (count !== length) throw new Error(`${name} moved ${count} bytes`);
      }
    },
  };
}

function makeBareDownload(
  name: string,
  { url, length }: Download,
  conn: {
    write(bytes: Uint8Array): Promise<void>;
    read(): Promise<Uint8Array>;
  },
): Contender {
  const request = encodeGet(url);
  return makeContender(name, length, async () => {
    await conn.write(request);
    const first = await conn.read();
    let count = first.length - headLength(first);
    while (count < length) {
      const { length } = await conn.read();
      if (length === 0) break;
      count += length;
    }
    return count;
  });
}

/** The length of a head that came whole in the first read. */
function headLength(first: Uint8Array): number {
  const text = new TextDecoder("latin1").decode(first);
  return text.indexOf("\r\n\r\n") + 4;
}

async function countBytes(body: ReadableStream<Uint8Array>): Promise<number> {
  const reader = body.getReader();
  let count = 0;
  while (true) {
    const { value, done } = await reader.read();
    if (done) return count;
    count += value.length;
  }
}

/** A stream of that many bytes, in pieces of 64 KiB. */
function makeSource(length: number) {
  let left = length;
  const stream = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(controller) {
      const piece = PIECE.subarray(0, left);
      left -= piece.length;
      controller.enqueue(piece);
      if (left === 0) controller.close();
    },
  });
  return { stream, sent: () => length - left };
}
