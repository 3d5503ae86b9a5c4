// Bodies that are streamed, up and down.

import { type HttpExchange, readEvents } from "../../../client/mod.ts";
import { HttpRequest } from "../../../mod.ts";
import { LARGE_BYTES, largePieces } from "../../exchanges/_site.ts";
import { equal } from "../../_sweep.ts";
import { casesOf, type Env, getText, type Group } from "./_case.ts";
import { DOWNLOAD } from "./exchanges.ts";

/** Bodies that are streamed. */
export const STREAMS: Group = {
  title: "Streams: 100 MB up and down by digest, SSE",
  cases: casesOf(undefined, {
    "exchange streams 100 MB down": DOWNLOAD,

    async "exchange streams 100 MB of a known length up"(env) {
      async function* body() {
        yield* largePieces();
      }
      await upload(env, body(), { "Content-Length": String(LARGE_BYTES) });
    },

    async "exchange streams 100 MB of an unknown length up"(env) {
      const source = largePieces();
      const body = new ReadableStream<Uint8Array>({
        pull(controller) {
          const { value, done } = source.next();
          if (done) controller.close();
          else controller.enqueue(value);
        },
      });
      await upload(env, body, {});
    },

    async "toResponse streams the body"({ connect, url }) {
      const client = await connect();
      const request = HttpRequest.get(url("/large?length=4000000"));
      const exchange = await client.exchange(request);
      const response = exchange.toResponse();
      equal("status", response.status, 200);
      equal("length", (await response.arrayBuffer()).byteLength, 4_000_000);
      await checkKept(exchange);
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
  { connect, url, largeDigest }: Env,
  body: AsyncIterable<Uint8Array>,
  headers: Record<string, string>,
): Promise<void> {
  const client = await connect();
  const request = HttpRequest.put(url("/digest"), { headers });
  const exchange = await client.exchange(request, { body });
  equal("what arrived", await exchange.text(), largeDigest);
  await checkKept(exchange);
}

async function checkKept(exchange: HttpExchange): Promise<void> {
  equal("trailers", [...await exchange.trailers], []);
  const { keepAlive, closeReason } = await exchange.closed;
  equal("kept", [keepAlive, closeReason], [true, null]);
}
