// Bodies that are streamed, up and down.

import { type HttpExchange, readEvents } from "../../../client/mod.ts";
import { HttpRequest } from "../../../mod.ts";
import { equal } from "../../_sweep.ts";
import { type Case, getText, readText, type Run } from "./_case.ts";

const PIECE_BYTES = 50_000;
const PIECES = 40;

/** The cases. */
export const STREAMS: Readonly<Record<string, Case>> = {
  "exchange streams a large body down": download,
  "exchange gives every piece of those that come at once": pieces,
  "exchange streams a body of a known length up": upload,
  "exchange streams a body of an unknown length up": uploadChunked,
  "exchange stops a body that is answered early": answerEarly,
  "toResponse streams the body": toResponse,
  "readEvents yields the events of a body": events,
};

async function download({ connect, url }: Run): Promise<void> {
  const client = await connect();
  const exchange = await client.exchange(HttpRequest.get(url("/large")));
  const reader = exchange.body.getReader();
  let length = 0;
  while (true) {
    const { value, done } = await reader.read();
    if (done) break;
    // Byte N of the body is N modulo 251.
    const bad = value.findIndex((byte, i) => byte !== (length + i) % 251);
    equal("first byte that is wrong", bad, -1);
    length += value.length;
  }
  equal("length", length, 4_000_000);
  await checkLeftOpen(exchange);
  equal("next response", await getText(client, url("/hello")), "hello");
}

async function pieces({ connect, url }: Run): Promise<void> {
  const client = await connect();
  const exchange = await client.exchange(HttpRequest.get(url("/lines")));
  const lines = (await readText(exchange.body)).split("\n");
  const expected = Array.from({ length: 2000 }, (_, i) => `line ${i}`);
  equal("lines", lines, [...expected, ""]);
  await checkLeftOpen(exchange);
}

async function upload({ connect, url }: Run): Promise<void> {
  const client = await connect();
  const length = PIECE_BYTES * PIECES;
  async function* body() {
    for (let i = 0; i < PIECES; i++) {
      yield new Uint8Array(PIECE_BYTES).fill(i);
    }
  }
  const request = HttpRequest.put(url("/sum"))
    .header("Content-Length", String(length));
  const exchange = await client.exchange(request, { body: body() });
  const sum = PIECE_BYTES * PIECES * (PIECES - 1) / 2;
  equal("what came in", await exchange.json(), { length, sum });
  await checkLeftOpen(exchange);
}

async function uploadChunked({ connect, url }: Run): Promise<void> {
  const client = await connect();
  let left = PIECES;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (left === 0) controller.close();
      else controller.enqueue(new Uint8Array(PIECE_BYTES).fill(left--));
    },
  });
  const request = HttpRequest.put(url("/sum"));
  const exchange = await client.exchange(request, { body });
  const length = PIECE_BYTES * PIECES;
  const sum = length * (PIECES + 1) / 2;
  equal("what came in", await exchange.json(), { length, sum });
  await checkLeftOpen(exchange);
}

/** A response that comes first ends the upload (RFC 9112 §9.5). */
async function answerEarly({ connect, url }: Run): Promise<void> {
  const client = await connect();
  let isCancelled = false;
  const body = new ReadableStream<Uint8Array>({
    // One piece, and no other.
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

async function toResponse({ connect, url }: Run): Promise<void> {
  const client = await connect();
  const exchange = await client.exchange(HttpRequest.get(url("/large")));
  const response = exchange.toResponse();
  equal("status", response.status, 200);
  equal("length", (await response.arrayBuffer()).byteLength, 4_000_000);
  await checkLeftOpen(exchange);
}

async function events({ connect, url }: Run): Promise<void> {
  const client = await connect();
  const { body } = await client.exchange(HttpRequest.get(url("/events")));
  const seen: unknown[] = [];
  const onRetry = (milliseconds: number) => seen.push(milliseconds);
  for await (const event of readEvents(body, { onRetry })) seen.push(event);
  equal("events", seen, [
    250,
    { event: "message", data: "one\nmore", id: "1" },
    { event: "two", data: "2 \u{1f980}", id: "1" },
  ]);
  equal("reusable", client.reusable, true);
}

async function checkLeftOpen(exchange: HttpExchange): Promise<void> {
  equal("trailers", [...await exchange.trailers], []);
  equal("closed", await exchange.closed, {
    keepAlive: true,
    closeReason: null,
  });
}
