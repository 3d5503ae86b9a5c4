// How streaming exchanges over sockets end before their time: both ends of the
// connection are closed, and nothing of them is left.

import { type AddressInfo, createServer } from "node:net";
import { assertEquals, assertInstanceOf } from "@std/assert";
import { HttpError, HttpRequest } from "@pimalaya/io-http";
import { HttpClient, type HttpExchange } from "@pimalaya/io-http/client";
import { toBytes, toText } from "../_text.ts";
import { endings, endless, rejection, streamOf } from "./_exchange.ts";

const LENGTH = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n";
const CHUNKED = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

/** A client and the server's end of its connection. */
async function open(): Promise<{ client: HttpClient; conn: Deno.Conn }> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  const connecting = HttpClient.connect(`http://127.0.0.1:${port}/`);
  const conn = await listener.accept();
  return { client: await connecting, conn };
}

const cert = (name: string) =>
  Deno.readTextFileSync(new URL(`../certs/${name}`, import.meta.url));

const request = (fields: Record<string, string> = {}) =>
  HttpRequest.get("http://127.0.0.1/", { headers: fields });

/** Reads until the client has closed, by end of file or reset. */
async function readOut(conn: Deno.Conn): Promise<void> {
  const buffer = new Uint8Array(65536);
  try {
    while (await conn.read(buffer) !== null);
  } catch (error) {
    // Over TLS, a close without a farewell is an end of file that is too early.
    const { ConnectionReset, UnexpectedEof } = Deno.errors;
    assertEquals(
      error instanceof ConnectionReset || error instanceof UnexpectedEof,
      true,
    );
  }
  conn.close();
}

const REASON = new Error("Enough");

interface Ways {
  abort: () => void;
  close: () => Promise<void>;
}

const WAYS: [keyof Ways, (error: unknown) => boolean][] = [
  ["abort", (error) => error === REASON],
  ["close", (error) => (error as DOMException).name === "AbortError"],
];

for (const [way, isRight] of WAYS) {
  const word = way === "abort" ? "is aborted" : "is closed with its client";

  Deno.test(`exchange over a socket ends where it ${word} before the head`, async () => {
    const { client, conn } = await open();
    const controller = new AbortController();
    const { signal } = controller;
    const exchanging = client.exchange(request(), { signal });
    await conn.read(new Uint8Array(1000));
    if (way === "abort") controller.abort(REASON);
    else await client.close();
    assertEquals(isRight(await rejection(exchanging)), true);
    assertEquals(client.reusable, false);
    await readOut(conn);
  });

  Deno.test(`exchange over a socket ends where it ${word} inside the body`, async () => {
    const { client, conn } = await open();
    const controller = new AbortController();
    const { signal } = controller;
    await conn.write(toBytes(`${CHUNKED}9\r\nhalf`));
    const exchange = await client.exchange(request(), { signal });
    const reader = exchange.body.getReader();
    let text = "";
    while (text !== "half") text += toText((await reader.read()).value!);
    const reading = reader.read();
    if (way === "abort") controller.abort(REASON);
    else await client.close();
    assertEquals(isRight(await rejection(reading)), true);
    for (const error of await endings(exchange)) {
      assertEquals(isRight(error), true);
    }
    await readOut(conn);
  });

  Deno.test(`exchange over a socket ends where it ${word} with an unread body`, async () => {
    const { client, conn } = await open();
    const controller = new AbortController();
    const { signal } = controller;
    await conn.write(toBytes(`${LENGTH}half`));
    const exchange = await client.exchange(request(), { signal });
    if (way === "abort") controller.abort(REASON);
    else await client.close();
    for (const error of await endings(exchange)) {
      assertEquals(isRight(error), true);
    }
    await readOut(conn);
  });

  Deno.test(`exchange over a socket ends where it ${word} in an upload that is stuck`, async () => {
    const { client, conn } = await open();
    const controller = new AbortController();
    const { signal } = controller;
    const { body, stopped } = streamOf(endless(2 ** 20));
    const exchanging = client.exchange(
      HttpRequest.post("http://127.0.0.1/"),
      { signal, body },
    );
    // The server reads a little; the rest fills every buffer there is.
    await conn.read(new Uint8Array(1000));
    if (way === "abort") controller.abort(REASON);
    else await client.close();
    assertEquals(isRight(await rejection(exchanging)), true);
    assertEquals(isRight(await stopped), true);
    await readOut(conn);
  });
}

Deno.test("exchange over a socket closes it where its body is cancelled", async () => {
  const { client, conn } = await open();
  await conn.write(toBytes(`${LENGTH}half`));
  const exchange = await client.exchange(request());
  await exchange.body.cancel(REASON);
  assertEquals(await rejection(exchange.closed), REASON);
  assertEquals(await rejection(exchange.trailers), REASON);
  await readOut(conn);
});

Deno.test("exchange over a socket ends a read that waits where its reader cancels", async () => {
  const { client, conn } = await open();
  await conn.write(toBytes(LENGTH));
  const exchange = await client.exchange(request());
  const reader = exchange.body.getReader();
  const reading = reader.read();
  await reader.cancel(REASON);
  assertEquals((await reading).done, true);
  assertEquals(await rejection(exchange.closed), REASON);
  await readOut(conn);
});

/** Reads to the end, whatever it is. */
async function readAll(exchange: HttpExchange): Promise<[string, unknown]> {
  let text = "";
  const error = await rejection((async () => {
    for await (const piece of exchange.body) text += toText(piece);
  })());
  return [text, error];
}

Deno.test("exchange over a socket gives half a chunk and UnexpectedEof where the server closes", async () => {
  const { client, conn } = await open();
  const exchanging = client.exchange(request());
  await conn.read(new Uint8Array(1000));
  await conn.write(toBytes(`${CHUNKED}9\r\nhalf`));
  conn.close();
  const exchange = await exchanging;
  const [text, error] = await readAll(exchange);
  assertEquals(text, "half");
  assertInstanceOf(error, HttpError);
  assertEquals(error.code, "UnexpectedEof");
  for (const end of await endings(exchange)) assertEquals(end, error);
  assertEquals(client.reusable, false);
});

/** A client whose server reads a piece, says something, and resets. */
async function openReset(answer: string): Promise<HttpClient> {
  const server = createServer((socket) => {
    server.close();
    socket.on("error", () => {});
    socket.once("data", () => {
      if (answer === "") socket.resetAndDestroy();
      else socket.write(answer, () => socket.resetAndDestroy());
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return await HttpClient.connect(`http://127.0.0.1:${port}/`);
}

Deno.test("exchange over a socket ends with the reset of the server inside a chunk", async () => {
  const client = await openReset(`${CHUNKED}9\r\nhalf`);
  const exchange = await client.exchange(request());
  const [text, error] = await readAll(exchange);
  assertEquals(text, "half");
  assertInstanceOf(error, Deno.errors.ConnectionReset);
  for (const end of await endings(exchange)) assertEquals(end, error);
  assertEquals(client.reusable, false);
});

Deno.test("exchange over a socket rejects with a reset before the head", async () => {
  const client = await openReset("");
  const exchanging = client.exchange(request());
  assertInstanceOf(await rejection(exchanging), Deno.errors.ConnectionReset);
  assertEquals(client.reusable, false);
});

Deno.test("exchange over a socket rejects with a reset inside an upload", async () => {
  const client = await openReset("");
  const { body, stopped } = streamOf(endless(50_000));
  const exchanging = client.exchange(
    HttpRequest.post("http://127.0.0.1/"),
    { body },
  );
  const error = await rejection(exchanging);
  assertInstanceOf(error, Deno.errors.ConnectionReset);
  assertInstanceOf(await stopped, Error);
  assertEquals(client.reusable, false);
});

Deno.test("exchange over a socket gives the answer that came before a reset inside an upload", async () => {
  for (let i = 0; i < 10; i++) {
    const answer = `HTTP/1.1 413 Too Large\r\nContent-Length: 7\r\n\r\ntoo big`;
    const client = await openReset(answer);
    const { body, stopped } = streamOf(endless(50_000));
    const exchange = await client.exchange(
      HttpRequest.post("http://127.0.0.1/"),
      { body },
    );
    assertEquals(exchange.response.status, 413);
    assertEquals(await exchange.text(), "too big");
    assertEquals((await exchange.closed).closeReason, "RequestIncomplete");
    await stopped;
    assertEquals(client.reusable, false);
  }
});

Deno.test("exchange over a socket rejects where the server has closed already", async () => {
  const { client, conn } = await open();
  conn.close();
  assertInstanceOf(await rejection(client.exchange(request())), Error);
  assertEquals(client.reusable, false);
});

Deno.test("exchange over a socket reads a body up to the server's end of file", async () => {
  const { client, conn } = await open();
  const exchanging = client.exchange(request());
  await conn.read(new Uint8Array(1000));
  await conn.write(toBytes("HTTP/1.1 200 OK\r\n\r\nall"));
  conn.close();
  const exchange = await exchanging;
  assertEquals(await exchange.text(), "all");
  assertEquals(await exchange.closed, {
    keepAlive: false,
    closeReason: "ReadToClose",
  });
  assertEquals(client.reusable, false);
});

for (const way of ["aborted", "cancelled", "closed"]) {
  Deno.test(`exchange over TLS leaves nothing open where it is ${way} inside the body`, async () => {
    using listener = Deno.listenTls({
      hostname: "127.0.0.1",
      port: 0,
      cert: cert("server.pem"),
      key: cert("server.key"),
    });
    const { port } = listener.addr as Deno.NetAddr;
    const url = `https://127.0.0.1:${port}/`;
    const connecting = HttpClient.connect(url, {
      tls: { caCerts: [cert("ca.pem")] },
    });
    const conn = await listener.accept();
    await conn.handshake();
    const client = await connecting;
    const controller = new AbortController();
    const { signal } = controller;
    const exchanging = client.exchange(HttpRequest.get(url), { signal });
    await conn.read(new Uint8Array(1000));
    await conn.write(toBytes(`${CHUNKED}9\r\nhalf`));
    const exchange = await exchanging;
    const reader = exchange.body.getReader();
    await reader.read();
    const reading = reader.read();
    if (way === "aborted") controller.abort(REASON);
    else if (way === "cancelled") await reader.cancel(REASON);
    else await client.close();
    const error = await rejection(exchange.closed);
    assertEquals(error === REASON, way !== "closed");
    if (way === "cancelled") assertEquals((await reading).done, true);
    else assertEquals(await rejection(reading), error);
    assertEquals(client.reusable, false);
    await readOut(conn);
  });
}

Deno.test("HttpClient turns Nagle's algorithm off, which holds uploads back", async () => {
  await using server = Deno.serve({
    hostname: "127.0.0.1",
    port: 0,
    cert: cert("server.pem"),
    key: cert("server.key"),
    onListen() {},
  }, () => new Response());
  const { port } = server.addr;
  const conn = await Deno.connect({ hostname: "127.0.0.1", port });
  const prototype = Object.getPrototypeOf(conn) as Deno.TcpConn;
  const { setNoDelay } = prototype;
  const set: unknown[] = [];
  prototype.setNoDelay = function (on) {
    set.push(on);
    setNoDelay.call(this, on);
  };
  try {
    const caCerts = [cert("ca.pem")];
    await (await HttpClient.connect(`http://127.0.0.1:${port}/`)).close();
    assertEquals(set, [true]);
    const site = `https://127.0.0.1:${port}/`;
    await (await HttpClient.connect(site, { tls: { caCerts } })).close();
    assertEquals(set, [true, true]);
    const client = new HttpClient(conn);
    assertEquals(set, [true, true, true]);
    await client.close();
    // A connection that is gone says so when it is used.
    const { reusable } = new HttpClient(conn);
    assertEquals(reusable, true);
  } finally {
    prototype.setNoDelay = setNoDelay;
  }
});
