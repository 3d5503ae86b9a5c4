// Bodies that are streamed, up and down.

import { type HttpExchange, readEvents } from "../../../client/mod.ts";
import { HttpRequest } from "../../../mod.ts";
import { equal } from "../../_sweep.ts";
import {
  type Env,
  fnv,
  FNV_START,
  getText,
  type Group,
  pattern,
} from "./_case.ts";

const LARGE = 100_000_000;

export const STREAMS: Group = {
  title: "Streams: 100 MB up and down by digest, SSE",
  cases: [
    { name: "exchange streams 100 MB down", run: download },
    { name: "exchange streams 100 MB of a known length up", run: upload },
    {
      name: "exchange streams 100 MB of an unknown length up",
      run: uploadChunked,
    },
    { name: "exchange yields every piece of a burst", run: pieces },
    { name: "exchange stops a body that is refused early", run: refused },
    { name: "toResponse streams the body", run: toResponse },
    { name: "readEvents yields the events of a body", run: events },
    {
      name: "readEvents ends an endless stream when its loop ends",
      run: ticks,
    },
  ],
};

async function download({ connect, url }: Env): Promise<void> {
  const client = await connect();
  const request = HttpRequest.get(url(`/large?length=${LARGE}`));
  const exchange = await client.exchange(request);
  let hash = FNV_START;
  let length = 0;
  for await (const bytes of piecesOf(exchange.body)) {
    hash = fnv(hash, bytes);
    length += bytes.length;
  }
  equal("length", length, LARGE);
  equal("hash", hash >>> 0, expectedHash());
  await checkLeftOpen(exchange);
  equal("next response", await getText(client, url("/hello")), "hello");
}

async function upload({ connect, url }: Env): Promise<void> {
  const client = await connect();
  async function* body() {
    yield* pattern(LARGE);
  }
  const request = HttpRequest.put(url("/digest"))
    .header("Content-Length", String(LARGE));
  const exchange = await client.exchange(request, { body: body() });
  const expected = { length: LARGE, hash: expectedHash() };
  equal("what arrived", await exchange.json(), expected);
  await checkLeftOpen(exchange);
}

async function uploadChunked({ connect, url }: Env): Promise<void> {
  const client = await connect();
  const source = pattern(LARGE);
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      const { value, done } = source.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
  });
  const exchange = await client.exchange(HttpRequest.put(url("/digest")), {
    body,
  });
  const expected = { length: LARGE, hash: expectedHash() };
  equal("what arrived", await exchange.json(), expected);
  await checkLeftOpen(exchange);
}

async function pieces({ connect, url }: Env): Promise<void> {
  const client = await connect();
  const exchange = await client.exchange(HttpRequest.get(url("/lines")));
  const lines = (await exchange.text()).split("\n");
  const expected = Array.from({ length: 2000 }, (_, i) => `line ${i}`);
  equal("lines", lines, [...expected, ""]);
  await checkLeftOpen(exchange);
}

/** RFC 9112 §9.5. */
async function refused({ connect, url }: Env): Promise<void> {
  const client = await connect();
  let isCancelled = false;
  const body = new ReadableStream<Uint8Array>({
    // One piece only.
    start: (controller) => controller.enqueue(new Uint8Array(1000)),
    cancel() {
      isCancelled = true;
    },
  });
  const request = HttpRequest.put(url("/early"));
  const exchange = await client.exchange(request, { body });
  equal("status", exchange.response.status, 413);
  equal("body", await exchange.text(), "enough");
  equal("closed", await exchange.closed, {
    keepAlive: false,
    closeReason: "RequestIncomplete",
  });
  equal("isCancelled", isCancelled, true);
}

async function toResponse({ connect, url }: Env): Promise<void> {
  const client = await connect();
  const request = HttpRequest.get(url("/large?length=4000000"));
  const exchange = await client.exchange(request);
  const response = exchange.toResponse();
  equal("status", response.status, 200);
  equal("length", (await response.arrayBuffer()).byteLength, 4_000_000);
  await checkLeftOpen(exchange);
}

async function events({ connect, url }: Env): Promise<void> {
  const client = await connect();
  const { body } = await client.exchange(HttpRequest.get(url("/events")));
  const seen: unknown[] = [];
  for await (const event of readEvents(body)) seen.push(event);
  equal("events", seen, [
    { event: "message", data: "one\nmore", id: "1" },
    { event: "two", data: "2 \u{1f980}", id: "1" },
  ]);
  equal("reusable", client.reusable, true);
}

async function ticks({ connect, url }: Env): Promise<void> {
  const client = await connect();
  const id = Math.random();
  const request = HttpRequest.get(url(`/ticks?${id}`));
  const { body } = await client.exchange(request);
  const seen: string[] = [];
  for await (const { data } of readEvents(body)) {
    if (seen.push(data) === 3) break;
  }
  equal("events", seen, ["0", "1", "2"]);
  const witness = await connect();
  equal("ended", await getText(witness, url(`/ended?${id}`)), "yes");
}

async function checkLeftOpen(exchange: HttpExchange): Promise<void> {
  equal("trailers", [...await exchange.trailers], []);
  equal("closed", await exchange.closed, {
    keepAlive: true,
    closeReason: null,
  });
}

/** Reads a body in a way that every browser knows too. */
async function* piecesOf(body: ReadableStream<Uint8Array>) {
  const reader = body.getReader();
  while (true) {
    const { value, done } = await reader.read();
    if (done) return;
    yield value;
  }
}

let cachedHash: number | null = null;

function expectedHash(): number {
  if (cachedHash === null) {
    let hash = FNV_START;
    for (const piece of pattern(LARGE)) hash = fnv(hash, piece);
    cachedHash = hash >>> 0;
  }
  return cachedHash;
}
