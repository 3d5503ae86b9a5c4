// The response while the request is still on its way: early answers, writes that
// fail, and servers that answer as they read.

import { assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { HttpError, HttpRequest } from "@pimalaya/io-http";
import {
  type ByteStream,
  HttpClient,
  type HttpExchangeOptions,
} from "@pimalaya/io-http/client";
import { toBytes, toText } from "../_text.ts";
import {
  drain,
  endless,
  generatorOf,
  get,
  HeldTimers,
  openPipe,
  post,
  rejection,
  settle,
  SITE,
  streamOf,
} from "./_exchange.ts";
import { narrowPipe } from "./_narrow.ts";

const INCOMPLETE = {
  keepAlive: false,
  closeReason: "RequestIncomplete",
} as const;

for (const source of [streamOf, generatorOf]) {
  const kind = source === streamOf ? "a stream" : "an async iterable";

  Deno.test(`exchange stops ${kind} that never ends at the final response, which it gives whole`, async () => {
    const { client, server } = openPipe({ capacity: 0 });
    const { body, taken, stopped } = source(endless(100));
    const exchanging = client.exchange(post(), { body });
    await server.readUntil("\r\n\r\n");
    await server.read();
    await server.read();
    server.write("HTTP/1.1 413 Content Too Large\r\nContent-Length: 7\r\n\r\n");
    const exchange = await exchanging;
    assertEquals(exchange.response.status, 413);
    await stopped;
    const before = taken();

    const text = exchange.text();
    for (const piece of ["too", " ", "big"]) server.write(piece);
    assertEquals(await text, "too big");
    assertEquals(await exchange.closed, INCOMPLETE);
    assertEquals([...await exchange.trailers], []);
    assertEquals(taken(), before);
    assertEquals(client.reusable, false);
    await server.closed;
  });
}

Deno.test("exchange keeps the connection where the answer comes before it knows that the last write is done", async () => {
  const { client, server } = openPipe({ capacity: 0 });
  const { body } = generatorOf(["a"]);
  const exchanging = client.exchange(post(), { body });
  await server.readUntil("1\r\na\r\n");
  await settle();
  // The last chunk is in the pipe, and the client does not know that it is read.
  server.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  assertEquals(await server.readUntil("0\r\n\r\n"), "0\r\n\r\n");
  const exchange = await exchanging;
  assertEquals(await exchange.text(), "ok");
  assertEquals(await exchange.closed, { keepAlive: true, closeReason: null });
  await client.close();
});

/** An iterable whose next piece is given, or refused, when the test says so. */
function held(): {
  body: AsyncIterable<Uint8Array>;
  asked: Promise<void>;
  give: (piece: Uint8Array) => void;
  refuse: (error: unknown) => void;
  returns: () => number;
} {
  const piece = Promise.withResolvers<Uint8Array>();
  const asked = Promise.withResolvers<void>();
  let returns = 0;
  const iterator = {
    next: async () => {
      asked.resolve();
      return { done: false as const, value: await piece.promise };
    },
    return: () => {
      returns++;
      return Promise.resolve({ done: true as const, value: undefined });
    },
  };
  return {
    body: { [Symbol.asyncIterator]: () => iterator },
    asked: asked.promise,
    give: piece.resolve,
    refuse: piece.reject,
    returns: () => returns,
  };
}

for (const outcome of ["gives a piece", "throws", "says nothing"] as const) {
  Deno.test(`exchange gives an early answer whole where the source then ${outcome}`, async () => {
    const { client, server } = openPipe();
    const { body, asked, give, refuse, returns } = held();
    const exchanging = client.exchange(post(), { body });
    await asked;
    await server.readUntil("\r\n\r\n");
    server.write("HTTP/1.1 400 Bad\r\nContent-Length: 3\r\n\r\n");
    const exchange = await exchanging;
    assertEquals(returns(), 1);

    if (outcome === "gives a piece") give(toBytes("late"));
    if (outcome === "throws") refuse(new Error("Late"));
    await settle();
    assertEquals(server.received, 0);
    server.write("bad");
    assertEquals(await exchange.text(), "bad");
    assertEquals(await exchange.closed, INCOMPLETE);
    assertEquals(returns(), 1);
    await server.closed;
  });
}

Deno.test("exchange gives the answer that follows a write which failed", async () => {
  using timers = new HeldTimers();
  const { client, server } = openPipe({ capacity: 0 });
  const { body, stopped } = streamOf(endless(100));
  const exchanging = client.exchange(post(), { body });
  await server.readUntil("\r\n\r\n");
  const fault = new Error("Broken pipe");
  server.failWritable(fault);
  assertEquals(await stopped, fault);

  server.write("HTTP/1.1 413 Too Large\r\nContent-Length: 7\r\n\r\n");
  const exchange = await exchanging;
  assertEquals(exchange.response.status, 413);
  // It may take as long as it likes to read what has been answered.
  assertEquals(timers.delays, []);
  const reader = exchange.body.getReader();
  server.write("too ");
  assertEquals(toText((await reader.read()).value!), "too ");
  assertEquals(timers.delays, []);
  const next = reader.read();
  server.write("big");
  assertEquals(toText((await next).value!), "big");
  assertEquals((await reader.read()).done, true);
  assertEquals(await exchange.closed, INCOMPLETE);
  assertEquals(timers.delays, []);
  await server.closed;
});

Deno.test("exchange rejects with the write's error where no answer follows it", async () => {
  using timers = new HeldTimers();
  for (const request of [get(), post()]) {
    const { client, server } = openPipe({ capacity: 0 });
    const { body, stopped } = streamOf(endless(100));
    const isUpload = request.method === "POST";
    const exchanging = client.exchange(request, isUpload ? { body } : {});
    if (isUpload) {
      await server.readUntil("\r\n\r\n");
      await server.read();
    }
    const fault = new Error("Broken pipe");
    server.failWritable(fault);
    await timers.fire(1000);
    assertEquals(await rejection(exchanging), fault);
    if (isUpload) assertEquals(await stopped, fault);
    assertEquals(timers.delays, []);
    assertEquals(client.reusable, false);
    await server.closed;
  }
});

Deno.test("exchange ends the body with the write's error where the rest does not come", async () => {
  using timers = new HeldTimers();
  const { client, server } = openPipe({ capacity: 0 });
  const exchanging = client.exchange(HttpRequest.post(SITE, { body: "own" }));
  server.write("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nhalf".slice(0, -2));
  const exchange = await exchanging;
  const reader = exchange.body.getReader();
  assertEquals(toText((await reader.read()).value!), "ha");
  const fault = new Error("Broken pipe");
  server.failWritable(fault);
  await settle();
  assertEquals(timers.delays, []);
  const next = reader.read();
  await timers.fire(1000);
  assertEquals(await rejection(next), fault);
  assertEquals(await rejection(exchange.closed), fault);
  await server.closed;
});

Deno.test("exchange names the write's error as the cause of an early end of file", async () => {
  using timers = new HeldTimers();
  const { client, server } = openPipe();
  const fault = new Error("Broken pipe");
  server.failWritable(fault);
  const exchanging = client.exchange(get());
  await settle();
  server.close();
  const error = await assertRejects(() => exchanging, HttpError);
  assertEquals([error.code, error.cause], ["UnexpectedEof", fault]);
  assertEquals(timers.delays, []);
});

Deno.test("exchange names the write's error as the cause of an early end of the body", async () => {
  using timers = new HeldTimers();
  const { client, server } = openPipe({ capacity: 0 });
  const exchanging = client.exchange(HttpRequest.post(SITE, { body: "own" }));
  server.write("HTTP/1.1 400 Bad\r\nContent-Length: 4\r\n\r\nba");
  const exchange = await exchanging;
  const fault = new Error("Broken pipe");
  server.failWritable(fault);
  await settle();
  server.close();
  const error = await assertRejects(() => exchange.text(), HttpError);
  assertEquals([error.code, error.cause], ["UnexpectedEof", fault]);
  assertEquals(await rejection(exchange.closed), error);
  assertEquals(timers.delays, []);
});

Deno.test("exchange rejects with the read's error where both directions fail", async () => {
  using timers = new HeldTimers();
  const { client, server } = openPipe({ capacity: 0 });
  const { body, stopped } = streamOf(endless(100));
  const exchanging = client.exchange(post(), { body });
  server.failWritable(new Error("Broken pipe"));
  await stopped;
  const reset = new Error("Connection reset");
  server.failReadable(reset);
  assertEquals(await rejection(exchanging), reset);
  assertEquals(timers.delays, []);
});

/** Answers requests of a known length with their bodies, as it reads them. */
async function echo({ readable, writable }: ByteStream): Promise<void> {
  const writer = writable.getWriter();
  let head = "";
  let left = 0;
  for await (const piece of readable) {
    if (left > 0) {
      left -= piece.length;
      await writer.write(piece);
      continue;
    }
    head += toText(piece);
    const [fields, body] = head.split("\r\n\r\n");
    if (body === undefined) continue;
    const length = Number(/Content-Length: (\d+)/.exec(fields!)![1]);
    left = length - body.length;
    head = "";
    await writer.write(
      toBytes(`HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\n\r\n${body}`),
    );
  }
  await writer.close();
}

for (const width of [1, 64, 1000]) {
  Deno.test(`exchange gives the echo of a body through a pipe that holds ${width} bytes`, async () => {
    const { client: stream, server } = narrowPipe(width);
    const client = new HttpClient(stream);
    const serving = echo(server);
    const body = "0123456789".repeat(width * 200);
    for (let i = 0; i < 2; i++) {
      const exchange = await client.exchange(HttpRequest.post(SITE, { body }));
      assertEquals(await exchange.text(), body);
      assertEquals((await exchange.closed).closeReason, null);
    }
    await client.close();
    await serving;
  });
}

/** Serves with a handler, and connects to it. */
async function serve(
  handler: Deno.ServeHandler,
  run: (client: HttpClient, url: URL) => Promise<void>,
): Promise<void> {
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    handler,
  );
  const url = new URL(`http://127.0.0.1:${server.addr.port}/`);
  await using client = await HttpClient.connect(url);
  await run(client, url);
}

Deno.test("exchange uploads over a socket again and again, and keeps it", async () => {
  await serve(
    async (request) => Response.json((await request.bytes()).length),
    async (client, url) => {
      for (let i = 1; i <= 20; i++) {
        const lengths: HttpExchangeOptions[] = [
          { body: streamOf(Array(i).fill("x".repeat(10_000))).body },
          { body: generatorOf(Array(i).fill("x".repeat(10_000))).body },
        ];
        for (const options of lengths) {
          const exchange = await client.exchange(
            HttpRequest.post(url),
            options,
          );
          assertEquals(await exchange.json(), i * 10_000);
          assertEquals((await exchange.closed).closeReason, null);
        }
      }
    },
  );
});

/** Reads a little of a request, answers, and closes with the rest unread. */
async function refuse(listener: Deno.Listener, body: string): Promise<void> {
  const conn = await listener.accept();
  await conn.read(new Uint8Array(1000));
  const answer = toBytes(
    `HTTP/1.1 413 Content Too Large\r\nContent-Length: ${body.length}\r\n` +
      `Connection: close\r\n\r\n${body}`,
  );
  for (let at = 0; at < answer.length;) {
    at += await conn.write(answer.subarray(at));
  }
  conn.close();
}

for (const kind of ["a stream", "an array"]) {
  Deno.test(`exchange gives the answer of a server that reads a little of ${kind}, answers and closes`, async () => {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const url = `http://127.0.0.1:${(listener.addr as Deno.NetAddr).port}/`;
    const reason = "too big ".repeat(2000);
    for (let i = 0; i < 10; i++) {
      const serving = refuse(listener, reason);
      await using client = await HttpClient.connect(url);
      const { body, stopped } = streamOf(endless(50_000));
      const exchange = kind === "a stream"
        ? await client.exchange(HttpRequest.post(url), { body })
        : await client.exchange(
          HttpRequest.post(url, { body: new Uint8Array(2 ** 24) }),
        );
      assertEquals(exchange.response.status, 413);
      assertEquals(await drain(exchange.body), reason);
      assertEquals(await exchange.closed, INCOMPLETE);
      if (kind === "a stream") await stopped;
      await serving;
    }
  });
}

Deno.test("exchange rejects where the server reads a little and closes without an answer", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const url = `http://127.0.0.1:${(listener.addr as Deno.NetAddr).port}/`;
  await using client = await HttpClient.connect(url);
  const { body, stopped } = streamOf(endless(50_000));
  const exchanging = client.exchange(HttpRequest.post(url), { body });
  const conn = await listener.accept();
  await conn.read(new Uint8Array(1000));
  conn.close();
  const error = await rejection(exchanging);
  assertInstanceOf(error, Error);
  assertInstanceOf(await stopped, Error);
  assertEquals(client.reusable, false);
});
