// Clients that move a body of 100 MB over one connection, and bare loops that do
// the same without HTTP.

import { Pool } from "undici";
import { HttpRequest } from "@pimalaya/io-http";
import { createFetch } from "@pimalaya/io-http/agent";
import { HttpClient } from "@pimalaya/io-http/client";
import { type BareLoop, exchangeBare, probe, READ_BYTES } from "./_bare.ts";
import type { Contender } from "./_measure.ts";

const PIECE = new Uint8Array(READ_BYTES).fill(0x78);

/** Moves a body once, and returns its length. */
type Move = () => Promise<number>;

/** Makes a {@linkcode Move} for a URL and a length in bytes. */
export type Transfer = (url: string, length: number) => Promise<Move> | Move;

/** Streams to a BYOB reader whose buffer is reused. */
export const byobDownload: Transfer = async (url) => {
  const client = await HttpClient.connect(url);
  let buffer = new Uint8Array(READ_BYTES);
  return async () => {
    const { body } = await client.exchange(HttpRequest.get(url));
    const reader = body.getReader({ mode: "byob" });
    let count = 0;
    while (true) {
      const { value, done } = await reader.read(buffer);
      // At its end, the stream returns the buffer with nothing in it.
      buffer = new Uint8Array(value?.buffer ?? new ArrayBuffer(READ_BYTES));
      if (done) return count;
      count += value.length;
    }
  };
};

/** Streams to a default reader. */
export const download: Transfer = async (url) => {
  const client = await HttpClient.connect(url);
  return async () =>
    await countBytes((await client.exchange(HttpRequest.get(url))).body);
};

/** Holds the body in memory. */
export const heldDownload: Transfer = async (url) => {
  const client = await HttpClient.connect(url);
  return async () => {
    const { response } = await client.send(HttpRequest.get(url));
    return response.body.length;
  };
};

/** Streams through the agent's `fetch`. */
export const agentFetchDownload: Transfer = (url) => {
  const fetch = createFetch();
  return async () => await countBytes((await fetch(url)).body!);
};

/** Streams through the runtime's `fetch`. */
export const fetchDownload: Transfer = (url) => async () =>
  await countBytes((await fetch(url)).body!);

/** Holds the body of the runtime's `fetch` in memory. */
export const fetchHeldDownload: Transfer = (url) => async () =>
  (await (await fetch(url)).arrayBuffer()).byteLength;

/** Streams undici's body. */
export const undiciDownload: Transfer = (url) => {
  const { origin, pathname: path } = new URL(url);
  const pool = new Pool(origin, { connections: 1 });
  return async () => {
    const { body } = await pool.request({ path, method: "GET" });
    let count = 0;
    for await (const piece of body) count += piece.length;
    return count;
  };
};

/** A bare loop. */
export function bareDownload({ connect }: BareLoop): Transfer {
  return async (url) => {
    const { request, headLength, bodyLength } = await probe(url, "");
    const bare = await connect(new URL(url), "");
    return async () => {
      await exchangeBare(bare, request, headLength + bodyLength);
      return bodyLength;
    };
  };
}

/** Uploads a stream. */
export const upload: Transfer = async (url, length) => {
  const client = await HttpClient.connect(url);
  return async () => {
    const { body, sent } = makeSource(length);
    await (await client.exchange(HttpRequest.post(url), { body })).text();
    return sent();
  };
};

/** Uploads a stream through the runtime's `fetch`. */
export const fetchUpload: Transfer = (url, length) => async () => {
  const { body, sent } = makeSource(length);
  const init = { method: "POST", body, duplex: "half" };
  await (await fetch(url, init)).text();
  return sent();
};

/** Creates a contender, which fails if it moves another number of bytes. */
export async function transfer(
  name: string,
  make: Transfer,
  url: string,
  length: number,
): Promise<Contender> {
  const move = await make(url, length);
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

async function countBytes(body: ReadableStream<Uint8Array>): Promise<number> {
  const reader = body.getReader();
  let count = 0;
  while (true) {
    const { value, done } = await reader.read();
    if (done) return count;
    count += value.length;
  }
}

/** Creates a stream of the given number of bytes, in pieces of 64 KiB. */
function makeSource(length: number) {
  let left = length;
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(controller) {
      const piece = PIECE.subarray(0, left);
      left -= piece.length;
      controller.enqueue(piece);
      if (left === 0) controller.close();
    },
  });
  return { body, sent: () => length - left };
}
