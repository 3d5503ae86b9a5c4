// `readEvents`: server-sent events (WHATWG HTML §9.2) out of the body of an
// exchange, and of any other stream.

import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { HttpError } from "@pimalaya/io-http";
import {
  type HttpClient,
  type HttpExchange,
  readEvents,
  type ReadEventsOptions,
} from "@pimalaya/io-http/client";
import { toBytes } from "../_text.ts";
import type { PipeServer } from "../_pipe.ts";
import { endings, get, openPipe, rejection, settle } from "./_exchange.ts";

const HEAD = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n";

/** An exchange whose body is an event stream up to the connection's end. */
async function open(
  options: { signal?: AbortSignal } = {},
  fields = "",
): Promise<{ client: HttpClient; server: PipeServer; exchange: HttpExchange }> {
  const { client, server } = openPipe();
  server.write(`${HEAD}${fields}\r\n`);
  return { client, server, exchange: await client.exchange(get(), options) };
}

/** A stream of pieces, empty ones too. */
function streamOfPieces(...pieces: string[]): ReadableStream<Uint8Array> {
  return ReadableStream.from(pieces.map(toBytes));
}

async function collect(
  body: ReadableStream<Uint8Array>,
  options: ReadEventsOptions = {},
): Promise<string[]> {
  const seen: string[] = [];
  for await (const { event, data, id } of readEvents(body, options)) {
    seen.push(`${event}|${data}|${id}`);
  }
  return seen;
}

Deno.test("readEvents yields each event of an exchange as it comes in", async () => {
  const { server, exchange } = await open();
  const events = readEvents(exchange.body)[Symbol.asyncIterator]();
  let next = events.next();
  server.write(": hello\n\nevent: price\ndata: 1");
  server.write("2\ndata: 3\nid: 7\n\n");
  assertEquals((await next).value, { event: "price", data: "12\n3", id: "7" });

  server.write("data: a\n\ndata: b\r\n\r\n");
  assertEquals((await events.next()).value, {
    event: "message",
    data: "a",
    id: "7",
  });
  assertEquals((await events.next()).value.data, "b");

  next = events.next();
  server.write("data: cut off");
  server.close();
  assertEquals(await next, { value: undefined, done: true });
  assertEquals((await exchange.closed).closeReason, "ReadToClose");
  assertEquals(exchange.body.locked, false);
});

for (const pieceLength of [1, 3, Infinity]) {
  Deno.test(`readEvents yields the events of chunks cut by ${pieceLength}, and leaves the connection`, async () => {
    const { client, server, exchange } = await open(
      {},
      "Transfer-Encoding: chunked\r\n",
    );
    server.write(
      "8\r\ndata: 1\n\r\n9\r\n\ndata: 2\n\r\n1\r\n\n\r\n0\r\n\r\n",
      pieceLength,
    );
    assertEquals(await collect(exchange.body), ["message|1|", "message|2|"]);
    assertEquals((await exchange.closed).keepAlive, true);
    assertEquals(client.reusable, true);
    await client.close();
  });
}

Deno.test("readEvents yields the events of a Response", async () => {
  const { client, server, exchange } = await open({}, "Content-Length: 9\r\n");
  server.write("data: 1\n\n");
  assertEquals(await collect(exchange.toResponse().body!), ["message|1|"]);
  assertEquals(client.reusable, true);
  await client.close();
});

Deno.test("readEvents takes an empty piece for no end", async () => {
  const body = streamOfPieces("", "data: 1\n", "", "", "\n", "", "data: 2\n\n");
  assertEquals(await collect(body), ["message|1|", "message|2|"]);
});

Deno.test("readEvents yields nothing from an empty body", async () => {
  assertEquals(await collect(streamOfPieces()), []);
});

Deno.test("readEvents cancels the body when the loop is left", async () => {
  for (const how of ["break", "throw"]) {
    const { client, server, exchange } = await open();
    server.write("data: 1\n\ndata: 2\n\n");
    const reason = new Error("No more");
    const leaving = (async () => {
      for await (const { data } of readEvents(exchange.body)) {
        assertEquals(data, "1");
        if (how === "break") break;
        throw reason;
      }
    })();
    if (how === "break") await leaving;
    else assertEquals(await rejection(leaving), reason);
    await server.closed;
    for (
      const end of await Promise.all([
        rejection(exchange.closed),
        rejection(exchange.trailers),
      ])
    ) assertEquals((end as DOMException).name, "AbortError");
    assertEquals(client.reusable, false);
    assertEquals(exchange.body.locked, false);
  }
});

Deno.test("readEvents leaves a body alone that nobody iterates", async () => {
  const { client, exchange } = await open();
  readEvents(exchange.body);
  assertEquals(exchange.body.locked, false);
  await client.close();
  const ends = await endings(exchange);
  assertEquals(ends.length, 3);
});

Deno.test("readEvents tells onRetry of the time to wait, in its place", async () => {
  const seen: unknown[] = [];
  const body = streamOfPieces(
    "retry: 10\ndata: 1\n\nretry: x\nretry: 20\n\ndata: 2\n\n",
  );
  const onRetry = (milliseconds: number) => seen.push(milliseconds);
  for await (const { data } of readEvents(body, { onRetry })) seen.push(data);
  assertEquals(seen, [10, "1", 20, "2"]);
});

Deno.test("readEvents skips a retry that nobody asks for", async () => {
  const body = streamOfPieces("retry: 10\n\ndata: 1\n\n");
  assertEquals(await collect(body), ["message|1|"]);
});

Deno.test("readEvents rejects with what onRetry throws, and cancels the body with it", async () => {
  const { server, exchange } = await open();
  server.write("data: 1\n\nretry: 5\n\n");
  const fault = new RangeError("No retries");
  const seen: string[] = [];
  const reading = (async () => {
    const onRetry = () => {
      throw fault;
    };
    for await (const { data } of readEvents(exchange.body, { onRetry })) {
      seen.push(data);
    }
  })();
  assertEquals(await rejection(reading), fault);
  assertEquals(seen, ["1"]);
  assertEquals(await rejection(exchange.closed), fault);
  await server.closed;
});

Deno.test("readEvents rejects an event above the limit, and cancels the body with it", async () => {
  const { server, exchange } = await open();
  server.write("data: 1\n\ndata: 0123456789");
  const seen: string[] = [];
  const error = await assertRejects(
    async () => {
      const options = { maxEventBytes: 10 };
      for await (const { data } of readEvents(exchange.body, options)) {
        seen.push(data);
      }
    },
    HttpError,
  );
  assertEquals([error.code, seen], ["EventTooLarge", ["1"]]);
  assertEquals(await rejection(exchange.closed), error);
  await server.closed;
  assertEquals(exchange.body.locked, false);
});

Deno.test("readEvents rejects its own error where the body cannot be cancelled", async () => {
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(toBytes("data: 0123456789\n\n")),
    cancel: () => Promise.reject(new Error("Cannot cancel")),
  });
  const reading = collect(body, { maxEventBytes: 10 });
  const error = await assertRejects(() => reading, HttpError);
  assertEquals(error.code, "EventTooLarge");
  assertEquals(body.locked, false);
});

Deno.test("readEvents rejects with what ends the body, after the events before it", async () => {
  const reason = new Error("Enough");
  const ways: [(server: PipeServer, abort: AbortController) => void, string][] =
    [
      [(server) => server.close(), "UnexpectedEof"],
      [(server) => server.abort(reason), "Enough"],
      [(_, controller) => controller.abort(reason), "Enough"],
    ];
  for (const [end, what] of ways) {
    const controller = new AbortController();
    const { server, exchange } = await open(
      { signal: controller.signal },
      "Content-Length: 99\r\n",
    );
    server.write("data: 1\n\ndata: 2");
    const seen: string[] = [];
    const reading = (async () => {
      for await (const { data } of readEvents(exchange.body)) seen.push(data);
    })();
    await settle();
    end(server, controller);
    const error = await rejection(reading);
    assertEquals(
      error === reason ? "Enough" : (error as HttpError).code,
      what,
    );
    assertEquals(seen, ["1"]);
    assertEquals(await rejection(exchange.closed), error);
    await server.closed;
    assertEquals(exchange.body.locked, false);
  }
});

Deno.test("readEvents starts with the last event ID that it is given", async () => {
  const body = streamOfPieces("data: 1\n\nid: 8\ndata: 2\n\nid\ndata: 3\n\n");
  assertEquals(await collect(body, { lastEventId: "7" }), [
    "message|1|7",
    "message|2|8",
    "message|3|",
  ]);
});

Deno.test("readEvents throws for invalid options at once, and leaves the body", () => {
  const body = streamOfPieces("data: 1\n\n");
  assertThrows(() => readEvents(body, { lastEventId: "a\nb" }), TypeError);
  assertThrows(() => readEvents(body, { maxEventBytes: -1 }), RangeError);
  assertEquals(body.locked, false);
});

Deno.test("readEvents rejects a body that is locked", async () => {
  const body = streamOfPieces("data: 1\n\n");
  const reader = body.getReader();
  await assertRejects(() => collect(body), TypeError);
  reader.releaseLock();
  assertEquals(await collect(body), ["message|1|"]);
});

Deno.test("readEvents yields the events that Deno.serve streams", async () => {
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    () => {
      const text = Array.from({ length: 100 }, (_, at) => `data: ${at}\n\n`);
      return new Response(streamOfPieces(...text), {
        headers: { "Content-Type": "text/event-stream" },
      });
    },
  );
  const { HttpClient } = await import("@pimalaya/io-http/client");
  const url = `http://127.0.0.1:${server.addr.port}/`;
  await using client = await HttpClient.connect(url);
  const exchange = await client.exchange(get());
  const events = await collect(exchange.body);
  assertEquals(events.length, 100);
  assertEquals(events[99], "message|99|");
  assertEquals((await exchange.closed).keepAlive, true);
});
