// A streamed exchange, as its caller uses it: when it resolves, every way to read or
// drop the body, and the state of the connection afterwards.

import {
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { HttpRequest } from "@pimalaya/io-http";
import type { HttpExchange } from "@pimalaya/io-http/client";
import { toText } from "../../_text.ts";
import {
  assertClosed,
  carryOne,
  checkOver,
  drain,
  fails,
  get,
  HeldTimers,
  HI,
  openPipe,
  PIPES,
  rejection,
  respond,
  settle,
  SITE,
  SWITCH,
  upgrade,
} from "../_client.ts";

const OK = "HTTP/1.1 200 OK\r\n";
const HALF = `${OK}Content-Length: 4\r\n\r\nab`;

function withBody(body: string, status = 200): string {
  return `HTTP/1.1 ${status} Said\r\nContent-Length: ${body.length}\r\n` +
    `Set-Cookie: a=1\r\nSet-Cookie: b=2\r\n\r\n${body}`;
}

Deno.test("an exchange tells how its body is framed, before it is read", async () => {
  for (
    const [kind, response, request] of [
      ["length", HI],
      ["chunked", `${OK}Transfer-Encoding: chunked\r\n\r\n`],
      ["close", `${OK}\r\n`],
      ["none", HI, HttpRequest.head(SITE)],
      ["none", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n"],
      ["tunnel", SWITCH, upgrade()],
    ] as const
  ) {
    const { exchange } = await respond(response, request && { request });
    assertEquals(exchange.framing.kind, kind);
    assertEquals([exchange.reused, exchange.redirect], [false, null]);
    assertEquals(exchange.upgraded, kind === "tunnel");
  }
});

Deno.test("an exchange resolves at the head, and gives pieces as they arrive", async () => {
  const { client, server } = openPipe();
  const exchanging = client.exchange(get());
  assertEquals(
    await server.answer("HTTP/1.1 302 Fine\r\nTransfer-Encoding: chunked\r\n"),
    "GET / HTTP/1.1\r\nHost: example.com\r\n\r\n",
  );
  server.write("Location: /b\r\n\r\n");
  const exchange = await exchanging;
  const { response } = exchange;
  assertEquals([response.status, response.reason], [302, "Fine"]);
  assertEquals(response.header("location"), "/b");
  assertEquals(exchange.redirect?.url.href, `${SITE}b`);
  assertEquals(server.isClosed, false);
  const reader = exchange.body.getReader();
  // Part of a chunk is a piece too.
  server.write("a\r\nhello");
  assertEquals(toText((await reader.read()).value!), "hello");
  const next = reader.read();
  server.write("world\r\n0\r\n\r\n");
  assertEquals(toText((await next).value!), "world");
  assertEquals((await reader.read()).done, true);
});

Deno.test("an exchange leaves the connection free as soon as its last byte was read", async () => {
  const none = "HTTP/1.1 204 No Content\r\n\r\n";
  const { client, server, exchange: empty } = await respond(none);
  assertEquals(client.reusable, true);
  await carryOne(client, server);
  assertEquals(await empty.text(), "");
  const exchanging = client.exchange(get());
  await server.answer(HI);
  const exchange = await exchanging;
  assertEquals(exchange.reused, true);
  assertEquals(await exchange.uploaded, true);
  const reader = exchange.body.getReader();
  assertEquals(toText((await reader.read()).value!), "hi");
  // Before the reader learns that this was the end.
  await carryOne(client, server);
  assertEquals((await reader.read()).done, true);
});

Deno.test("response.text(), json(), and body point to the exchange", async () => {
  const { exchange } = await respond(HI);
  const { response } = exchange;
  for (
    const read of [
      () => response.text(),
      () => response.json(),
      () => response.body,
      () => response.toResponse(),
    ]
  ) assertThrows(read, TypeError, "exchange");
  assertEquals(await exchange.text(), "hi");
  assertThrows(() => response.text(), TypeError, "exchange");
});

Deno.test("text decodes UTF-8 without a BOM, and json and bytes return theirs", async () => {
  const text = await respond(withBody("\xef\xbb\xbfh\xc3\xa9\xff"));
  assertEquals(await text.exchange.text(), "hé\ufffd");
  const json = await respond(withBody('{"a": [1]}'));
  assertEquals(await json.exchange.json(), { a: [1] });
  const invalid = await respond(withBody("{"));
  await assertRejects(() => invalid.exchange.json(), SyntaxError);
  await carryOne(invalid.client, invalid.server);
  const { exchange } = await respond(withBody("abc"));
  const bytes = await exchange.bytes();
  assertEquals([toText(bytes), bytes.buffer.byteLength], ["abc", 3]);
});

Deno.test("text above maxBodyBytes fails the exchange too", async () => {
  const chunks = "3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n";
  for (
    const response of [
      withBody("hello"),
      `${OK}Transfer-Encoding: chunked\r\n\r\n${chunks}`,
    ]
  ) {
    const { client, server, exchange } = await respond(response, {
      maxBodyBytes: 4,
    });
    const error = await fails(exchange.text(), "BodyTooLarge");
    assertStrictEquals(await rejection(exchange.closed), error);
    await checkOver(client, server);
  }
});

const TAKERS = {
  bytes: (exchange: HttpExchange) => exchange.bytes(),
  text: (exchange: HttpExchange) => exchange.text(),
  json: (exchange: HttpExchange) => exchange.json(),
  toResponse: async (exchange: HttpExchange) =>
    await exchange.toResponse().text(),
};

/** Uses after which nothing else can take the body, and the error of that. */
const USES: [string, (exchange: HttpExchange) => unknown, says: string][] = [
  ...Object.entries(TAKERS).map(([name, take]): typeof USES[number] => [
    name,
    take,
    `${name}() has taken it`,
  ]),
  ["a reader", ({ body }) => body.getReader(), "stream is locked"],
  ["a read", async ({ body }) => {
    const reader = body.getReader();
    await reader.read();
    reader.releaseLock();
  }, "was read from its stream"],
  ["a cancel", ({ body }) => body.cancel(), "was read from its stream"],
  ["a discard", (exchange) => exchange.discard(), "end of an `await using`"],
];

for (const [name, use, says] of USES) {
  Deno.test(`a body that ${name} has used cannot be taken`, async () => {
    for (const take of Object.values(TAKERS)) {
      const { exchange } = await respond(withBody("1"));
      await use(exchange);
      await assertRejects(() => take(exchange), TypeError, says);
    }
  });
}

Deno.test("a stream that was asked for and not read can still be taken", async () => {
  for (const take of Object.values(TAKERS)) {
    const { exchange } = await respond(withBody("1"));
    const { body } = exchange;
    assertStrictEquals(exchange.body, body);
    assertEquals(`${await take(exchange)}`.length > 0, true);
  }
  const { exchange } = await respond(withBody("1"));
  assertEquals(await exchange.text(), "1");
  assertEquals(exchange.body.locked, true);
});

Deno.test("toResponse gives the body and all fields to a Response, which owns them", async () => {
  const head = withBody("hello", 404).slice(0, -3);
  const { client, server, exchange } = await respond(head);
  let response: Response;
  {
    await using disposed = exchange;
    response = disposed.toResponse();
  }
  assertEquals([response.status, response.statusText], [404, "Said"]);
  assertEquals(response.headers.getSetCookie(), ["a=1", "b=2"]);
  await exchange.discard();
  server.write("llo");
  assertEquals(await response.text(), "hello");
  assertEquals((await exchange.closed).keepAlive, true);
  await carryOne(client, server);
});

Deno.test("toResponse has no body for a status that has none, and discards it", async () => {
  for (const response of [withBody("hello", 205), "HTTP/1.1 304 No\r\n\r\n"]) {
    const { client, server, exchange } = await respond(response);
    assertEquals(exchange.toResponse().body, null);
    assertEquals((await exchange.closed).keepAlive, true);
    await carryOne(client, server);
  }
});

Deno.test("toResponse throws for a status that a Response cannot hold, and leaves the body", async () => {
  const { exchange } = await respond(withBody("hello", 999));
  assertThrows(() => exchange.toResponse(), RangeError);
  assertEquals(await exchange.text(), "hello");
});

// Not reading the body.

Deno.test("discard reads the rest of a body, and keeps the connection", async () => {
  for (const length of [0, 100, 262_143]) {
    const { client, server, exchange } = await respond(
      `${OK}Content-Length: ${length + 1}\r\n\r\n${"x".repeat(length)}`,
    );
    const discarding = exchange.discard();
    server.write("x");
    await discarding;
    assertEquals((await exchange.closed).keepAlive, true);
    await carryOne(client, server);
    await exchange.discard();
    assertEquals(client.reusable, true);
  }
});

Deno.test("discard closes the connection if too much or nothing comes", async () => {
  using timers = new HeldTimers();
  for (const how of ["much", "slow", "lost"]) {
    const { client, server, exchange } = await respond(
      `${OK}Transfer-Encoding: chunked\r\n\r\n`,
    );
    const discarding = exchange.discard();
    if (how === "much") {
      server.write(`10000\r\n${"x".repeat(65536)}\r\n`.repeat(5), 65546);
    }
    if (how === "slow") await timers.fire(50);
    if (how === "lost") server.abort(new Error("Reset"));
    await discarding;
    const error = await rejection(exchange.closed);
    if (how === "lost") assertInstanceOf(error, Error);
    else assertClosed(error);
    await checkOver(client, server);
  }
});

Deno.test("discard after part of the body drops only the rest", async () => {
  const { client, server, exchange } = await respond(HALF);
  const { body } = exchange;
  const reader = body.getReader();
  assertEquals(toText((await reader.read()).value!), "ab");
  reader.releaseLock();
  server.write("cd");
  await exchange.discard();
  await carryOne(client, server);
  // It does not look like the whole body.
  await assertRejects(() => drain(body), TypeError, "discarded");
});

Deno.test("discard fails a read that is pending, and closes the connection", async () => {
  const { client, server, exchange } = await respond(HALF);
  const reading = rejection(exchange.text());
  await exchange.discard();
  assertClosed(await reading);
  await checkOver(client, server);
});

Deno.test("await using discards the body", async () => {
  const { client, server, exchange } = await respond(HI);
  {
    await using disposed = exchange;
    assertEquals(disposed.response.status, 200);
    assertEquals(client.reusable, false);
  }
  await carryOne(client, server);
});

Deno.test("canceling a body after its last byte keeps the connection", async () => {
  for (const [, pipe] of PIPES) {
    for (const length of [1, 2, 3]) {
      const head = HI.slice(0, -2);
      const { client, server, exchange } = await respond(head, { pipe });
      server.write("hi");
      const reader = exchange.body.getReader({ mode: "byob" });
      const { value } = await reader.read(new Uint8Array(length));
      assertEquals(value!.length, Math.min(2, length));
      await reader.cancel(new Error("Enough"));
      assertEquals((await exchange.closed).keepAlive, true);
      await carryOne(client, server);
    }
  }
});

Deno.test("canceling a reader ends its pending read, and the exchange", async () => {
  const { server, exchange } = await respond(HALF);
  const reader = exchange.body.getReader();
  await reader.read();
  const reading = reader.read();
  const reason = new Error("Enough");
  await reader.cancel(reason);
  assertEquals((await reading).done, true);
  assertStrictEquals(await rejection(exchange.closed), reason);
  await server.closed;
});

Deno.test("trailers, uploaded, and closed are one promise each, never unhandled", async () => {
  const { client, exchange } = await respond(HALF);
  const { trailers, uploaded, closed } = exchange;
  assertStrictEquals(exchange.trailers, trailers);
  assertStrictEquals(exchange.uploaded, uploaded);
  assertStrictEquals(exchange.closed, closed);
  await client.close();
  await settle();
  // Asked for only now, they tell the same.
  const other = await respond(HALF);
  await other.client.close();
  assertClosed(await rejection(other.exchange.closed));
  assertClosed(await rejection(other.exchange.trailers));
  assertEquals(await other.exchange.uploaded, true);
});
