// `readEvents`: server-sent events (WHATWG HTML §9.2) of the body of an exchange,
// and of any other stream.

import {
  assertEquals,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import type { HttpErrorCode } from "@pimalaya/io-http";
import { readEvents, type ReadEventsOptions } from "@pimalaya/io-http/client";
import type { PipeServer } from "../_pipe.ts";
import { toBytes } from "../_text.ts";
import {
  assertClosed,
  carryOne,
  checkOver,
  fails,
  rejection,
  respond,
  settle,
  watchedSignal,
} from "./_client.ts";

/** An exchange whose body is an event stream. */
function open(fields = "", signal?: AbortSignal) {
  return respond(
    `HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n${fields}\r\n`,
    { signal },
  );
}

/** A stream of pieces, some of them perhaps empty. */
function piecesOf(...pieces: string[]): ReadableStream<Uint8Array> {
  return ReadableStream.from(pieces.map(toBytes));
}

/** Collects the data of all events. */
async function collect(
  body: ReadableStream<Uint8Array>,
  options: ReadEventsOptions = {},
  seen: string[] = [],
): Promise<string[]> {
  for await (const { data } of readEvents(body, options)) seen.push(data);
  return seen;
}

Deno.test("readEvents yields each event as it arrives, and the state for reconnecting", async () => {
  const { server, exchange } = await open();
  const events = readEvents(exchange.body, { lastEventId: "6" });
  const facts = () => [events.lastEventId, events.retry, events.incomplete];
  assertEquals(facts(), ["6", null, false]);
  const iterator = events[Symbol.asyncIterator]();
  const first = iterator.next();
  server.write(": hello\n\nevent: price\ndata: 1");
  server.write("2\ndata: 3\nid: 7\n\n");
  assertEquals((await first).value, { event: "price", data: "12\n3", id: "7" });
  // Several may be asked for at once, and come in one piece.
  const next = [iterator.next(), iterator.next(), iterator.next()] as const;
  server.write("data: a\n\nretry: 10\ndata: b\r\n\r\nid: 8\n\n");
  assertEquals((await next[0]).value?.data, "a");
  assertEquals((await next[1]).value?.data, "b");
  server.write("data: cut off");
  server.close();
  assertEquals((await next[2]).done, true);
  assertEquals(facts(), ["8", 10, true]);
  assertEquals((await iterator.next()).done, true);
  assertEquals((await exchange.closed).closeReason, "ReadToClose");
  assertEquals(exchange.body.locked, false);
});

Deno.test("readEvents reads to the end of the body, and keeps the connection", async () => {
  for (const pieceLength of [1, 3, Infinity]) {
    const { client, server, exchange } = await open(
      "Transfer-Encoding: chunked\r\n",
    );
    server.write(
      "8\r\ndata: 1\n\r\n9\r\n\ndata: 2\n\r\n1\r\n\n\r\n0\r\n\r\n",
      pieceLength,
    );
    const events = readEvents(exchange.body);
    const seen: string[] = [];
    for await (const { data } of events) seen.push(data);
    assertEquals([seen, events.incomplete], [["1", "2"], false]);
    await carryOne(client, server);
  }
});

Deno.test("readEvents reads any stream, and skips its empty pieces", async () => {
  const pieces = ["", "data: 1\n", "", "", "\n", "", "data: 2\n\n"];
  assertEquals(await collect(piecesOf(...pieces)), ["1", "2"]);
  assertEquals(await collect(piecesOf()), []);
  assertEquals(await collect(new Response("data: 1\n\n").body!), ["1"]);
});

Deno.test("readEvents rejects what is no Uint8Array, and cancels the body with that", async () => {
  for (const piece of [toBytes("data: a\n\n").buffer, "data: a\n\n", 5]) {
    let canceled: unknown;
    const body = new ReadableStream({
      start: (controller) => controller.enqueue(piece),
      cancel: (reason) => void (canceled = reason),
    });
    const error = await assertRejects(() => collect(body), TypeError);
    assertStrictEquals(canceled, error);
  }
});

Deno.test("readEvents calls onRetry in its place, and fails with its error", async () => {
  const seen: unknown[] = [];
  const text = "retry: 10\ndata: 1\n\nretry: x\nretry: 20\n\ndata: 2\n\n";
  const onRetry = (milliseconds: number) => seen.push(milliseconds);
  await collect(piecesOf(text), { onRetry }, seen as string[]);
  assertEquals(seen, [10, "1", 20, "2"]);
  const fault = new RangeError("No retries");
  const { server, exchange } = await open();
  server.write("retry: 5\n\n");
  const reading = collect(exchange.body, {
    onRetry: () => {
      throw fault;
    },
  });
  assertStrictEquals(await rejection(reading), fault);
  assertStrictEquals(await rejection(exchange.closed), fault);
  await server.closed;
});

Deno.test("leaving the loop cancels the body", async () => {
  const reason = new Error("No more");
  for (const how of ["break", "throw"]) {
    const { client, server, exchange } = await open();
    server.write("data: 1\n\ndata: 2\n\n");
    const leaving = (async () => {
      for await (const { data } of readEvents(exchange.body)) {
        assertEquals(data, "1");
        if (how === "break") break;
        throw reason;
      }
    })();
    if (how === "break") await leaving;
    else assertStrictEquals(await rejection(leaving), reason);
    assertClosed(await rejection(exchange.closed));
    await checkOver(client, server);
    assertEquals(exchange.body.locked, false);
  }
});

Deno.test("return settles while next waits, which then ends", async () => {
  const { server, exchange } = await open();
  server.write("data: 1\n\n");
  const iterator = readEvents(exchange.body)[Symbol.asyncIterator]();
  await iterator.next();
  const pending = [iterator.next(), iterator.next()];
  await settle();
  assertEquals(await iterator.return!(), { done: true, value: undefined });
  for (const next of pending) assertEquals((await next).done, true);
  assertEquals((await iterator.next()).done, true);
  assertEquals(exchange.body.locked, false);
  await server.closed;
  // Before the first event, too.
  const other = await open();
  await readEvents(other.exchange.body)[Symbol.asyncIterator]().return!();
  await other.server.closed;
});

Deno.test("readEvents leaves a body alone that nobody iterates", async () => {
  const { exchange } = await open();
  readEvents(exchange.body);
  assertEquals(exchange.body.locked, false);
});

Deno.test("readEvents fails above maxEventBytes, and cancels the body with that", async () => {
  const { server, exchange } = await open();
  server.write("data: 1\n\ndata: 0123456789");
  const options = { maxEventBytes: 10 };
  const error = await fails(collect(exchange.body, options), "EventTooLarge");
  assertStrictEquals(await rejection(exchange.closed), error);
  await server.closed;
  assertEquals(exchange.body.locked, false);
  const stubborn = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(toBytes("data: 0123456789\n\n")),
    cancel: () => Promise.reject(new Error("Cannot cancel")),
  });
  await fails(collect(stubborn, options), "EventTooLarge");
  assertEquals(stubborn.locked, false);
});

const REASON = new Error("Enough");

for (
  const [what, end] of [
    ["UnexpectedEof", (server) => server.close()],
    ["ConnectionLost", (server) => server.abort(REASON)],
    [null, (_, abort) => abort(REASON)],
  ] as [
    HttpErrorCode | null,
    (server: PipeServer, abort: (reason: unknown) => void) => unknown,
  ][]
) {
  Deno.test(`readEvents fails with ${what ?? "the signal's reason"} after the events before it`, async () => {
    const { signal, abort } = watchedSignal();
    const { server, exchange } = await open("Content-Length: 99\r\n", signal);
    server.write("data: 1\n\ndata: 2");
    const seen: string[] = [];
    const reading = collect(exchange.body, {}, seen);
    await settle();
    end(server, abort);
    if (what === null) assertStrictEquals(await rejection(reading), REASON);
    else await fails(reading, what);
    assertEquals(seen, ["1"]);
    assertEquals(exchange.body.locked, false);
  });
}

Deno.test("readEvents throws for invalid options at once, and rejects a locked body", async () => {
  const body = piecesOf("data: 1\n\n");
  assertThrows(() => readEvents(body, { lastEventId: "a\nb" }), TypeError);
  assertThrows(() => readEvents(body, { maxEventBytes: -1 }), RangeError);
  const reader = body.getReader();
  await assertRejects(() => collect(body), TypeError);
  reader.releaseLock();
  assertEquals(await collect(body), ["1"]);
});
