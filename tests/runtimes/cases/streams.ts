// Bodies that are streamed, up and down.

import { type HttpExchange, readEvents } from "../../../client/mod.ts";
import { HttpRequest } from "../../../mod.ts";
import { pattern } from "../../matrix/pattern.ts";
import { equal } from "../../_sweep.ts";
import { casesOf, type Env, getText, type Group } from "./_case.ts";

const LARGE = 100_000_000;

/** Bodies that are streamed. */
export const STREAMS: Group = {
  title: "Streams: 100 MB up and down by digest, SSE",
  cases: casesOf(undefined, {
    async "exchange streams 100 MB down"({ connect, url }) {
      const client = await connect();
      const request = HttpRequest.get(url(`/large?length=${LARGE}`));
      const exchange = await client.exchange(request);
      equal(
        "digest",
        await digest(piecesOf(exchange.body)),
        await largeDigest(),
      );
      await checkLeft(exchange, null);
      equal("next response", await getText(client, url("/hello")), "hello");
    },

    async "exchange streams 100 MB of a known length up"(env) {
      async function* body() {
        yield* pattern(LARGE);
      }
      await upload(env, body(), { "Content-Length": String(LARGE) });
    },

    async "exchange streams 100 MB of an unknown length up"(env) {
      const source = pattern(LARGE);
      const body = new ReadableStream<Uint8Array>({
        pull(controller) {
          const { value, done } = source.next();
          if (done) controller.close();
          else controller.enqueue(value);
        },
      });
      await upload(env, body, {});
    },

    async "exchange yields every piece of a burst"({ connect, url }) {
      const client = await connect();
      const exchange = await client.exchange(HttpRequest.get(url("/lines")));
      const lines = (await exchange.text()).split("\n");
      const expected = Array.from({ length: 2000 }, (_, i) => `line ${i}`);
      equal("lines", lines, [...expected, ""]);
      await checkLeft(exchange, null);
    },

    /** RFC 9112 §9.5. */
    async "exchange stops a body that is refused early"({ connect, url }) {
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
      await checkLeft(exchange, "RequestIncomplete");
      equal("isCancelled", isCancelled, true);
    },

    async "toResponse streams the body"({ connect, url }) {
      const client = await connect();
      const request = HttpRequest.get(url("/large?length=4000000"));
      const exchange = await client.exchange(request);
      const response = exchange.toResponse();
      equal("status", response.status, 200);
      equal("length", (await response.arrayBuffer()).byteLength, 4_000_000);
      await checkLeft(exchange, null);
    },

    async "readEvents yields the events of a body"({ connect, url }) {
      const client = await connect();
      const { body } = await client.exchange(HttpRequest.get(url("/events")));
      const seen: unknown[] = [];
      for await (const event of readEvents(body)) seen.push(event);
      equal("events", seen, [
        { event: "message", data: "one\nmore", id: "1" },
        { event: "two", data: "2 \u{1f980}", id: "1" },
      ]);
      equal("reusable", client.reusable, true);
    },

    async "readEvents ends an endless stream when its loop ends"(env) {
      const client = await env.connect();
      const id = Math.random();
      const request = HttpRequest.get(env.url(`/ticks?${id}`));
      const { body } = await client.exchange(request);
      const seen: string[] = [];
      for await (const { data } of readEvents(body)) {
        if (seen.push(data) === 3) break;
      }
      equal("events", seen, ["0", "1", "2"]);
      const witness = await env.connect();
      equal("ended", await getText(witness, env.url(`/ended?${id}`)), "yes");
    },
  }),
};

async function upload(
  { connect, url }: Env,
  body: AsyncIterable<Uint8Array>,
  headers: Record<string, string>,
): Promise<void> {
  const client = await connect();
  const request = HttpRequest.put(url("/digest"), { headers });
  const exchange = await client.exchange(request, { body });
  equal("what arrived", await exchange.json(), await largeDigest());
  await checkLeft(exchange, null);
}

async function checkLeft(
  exchange: HttpExchange,
  closeReason: string | null,
): Promise<void> {
  equal("trailers", [...await exchange.trailers], []);
  const keepAlive = closeReason === null;
  equal("closed", await exchange.closed, { keepAlive, closeReason });
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

/** Returns the length and the FNV-1a hash, as the origin does. */
async function digest(
  pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<{ length: number; hash: number }> {
  let length = 0;
  let hash = 0x811c9dc5;
  for await (const bytes of pieces) {
    length += bytes.length;
    for (let i = 0; i < bytes.length; i++) {
      hash = Math.imul(hash ^ bytes[i]!, 0x01000193);
    }
  }
  return { length, hash: hash >>> 0 };
}

let cached: ReturnType<typeof digest> | undefined;

function largeDigest(): ReturnType<typeof digest> {
  return cached ??= digest(pattern(LARGE));
}
