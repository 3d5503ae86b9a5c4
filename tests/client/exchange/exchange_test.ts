// A streamed exchange, as its caller uses it: every framing, every way to read
// the body or not to, and what it leaves of the connection.

import {
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { HttpRequest } from "@pimalaya/io-http";
import type { HttpClient, HttpExchange } from "@pimalaya/io-http/client";
import type { PipeServer } from "../../_pipe.ts";
import { toText } from "../../_text.ts";
import {
  assertClosed,
  carryOne,
  drain,
  fails,
  get,
  HeldTimers,
  HI,
  openPipe,
  PIPES,
  rejection,
  settle,
  SITE,
} from "../_client.ts";

const OK = "HTTP/1.1 200 OK\r\n";

interface Framed {
  readonly name: string;
  readonly request?: HttpRequest;
  readonly response: string;
  readonly framing: string;
  readonly body: string;
  readonly closeReason: unknown;
  readonly trailers?: [string, string][];
}

const FRAMED: Framed[] = [
  {
    name: "a length",
    response: `${OK}Content-Length: 5\r\n\r\nhello`,
    framing: "length",
    body: "hello",
    closeReason: null,
  },
  {
    name: "the length 0",
    response: `${OK}Content-Length: 0\r\n\r\n`,
    framing: "length",
    body: "",
    closeReason: null,
  },
  {
    name: "chunks and trailers",
    response: `${OK}Transfer-Encoding: chunked\r\n\r\n` +
      "2;x=1\r\nhe\r\n3\r\nllo\r\n0\r\nX-Sum: 1\r\nx-sum: 2\r\n\r\n",
    framing: "chunked",
    body: "hello",
    closeReason: null,
    trailers: [["X-Sum", "1"], ["x-sum", "2"]],
  },
  {
    name: "only the last chunk",
    response: `${OK}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    framing: "chunked",
    body: "",
    closeReason: null,
  },
  {
    name: "the end of the connection",
    response: `${OK}\r\nhello`,
    framing: "close",
    body: "hello",
    closeReason: "ReadToClose",
  },
  {
    name: "the end of the connection, and empty",
    response: `${OK}\r\n`,
    framing: "close",
    body: "",
    closeReason: "ReadToClose",
  },
  {
    name: "nothing, after HEAD",
    request: HttpRequest.head(SITE),
    response: `${OK}Content-Length: 5\r\n\r\n`,
    framing: "none",
    body: "",
    closeReason: null,
  },
  {
    name: "nothing, for 304",
    response: "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n",
    framing: "none",
    body: "",
    closeReason: null,
  },
  {
    name: "a length, and the server's wish to close",
    response: `${OK}Content-Length: 5\r\nConnection: x, Close\r\n\r\nhello`,
    framing: "length",
    body: "hello",
    closeReason: "ResponseClose",
  },
  {
    name: "a length, before unsolicited bytes",
    response: `${OK}Content-Length: 5\r\n\r\nhelloHTTP/1.1`,
    framing: "length",
    body: "hello",
    closeReason: "UnexpectedBytes",
  },
];

/** Every way to read a whole body. */
const READERS: [string, (exchange: HttpExchange) => Promise<string>][] = [
  ["its stream", ({ body }) => drain(body)],
  ["a BYOB reader", async ({ body }) => {
    const reader = body.getReader({ mode: "byob" });
    let text = "";
    while (true) {
      const { value, done } = await reader.read(new Uint8Array(3));
      if (done) return text;
      text += toText(value);
    }
  }],
  ["bytes", async (exchange) => toText(await exchange.bytes())],
  ["text", (exchange) => exchange.text()],
  ["a Response", (exchange) => exchange.toResponse().text()],
];

for (const framed of FRAMED) {
  const { name, request = get(), body, closeReason, trailers = [] } = framed;
  for (const [how, read] of READERS) {
    if (how === "a Response" && framed.response.includes(" 304 ")) continue;
    Deno.test(`an exchange reads a body framed by ${name}, by ${how}`, async () => {
      for (const [, options] of PIPES) {
        for (const pieceLength of [1, 2, 7, Infinity]) {
          const { client, server } = openPipe(options);
          const exchanging = client.exchange(request);
          await server.readUntil("\r\n\r\n");
          server.write(framed.response, pieceLength);
          if (closeReason === "ReadToClose") server.close();

          const exchange = await exchanging;
          assertEquals(exchange.framing.kind, framed.framing);
          assertEquals(exchange.reused, false);
          assertEquals(exchange.redirect, null);
          assertEquals(await read(exchange), body);

          // Cut before unsolicited bytes, they arrive on an idle connection.
          const isLate = closeReason === "UnexpectedBytes" &&
            pieceLength !== Infinity && pieceLength !== 2;
          const reason = isLate ? null : closeReason;
          const { closed } = exchange;
          if (!isLate || pieceLength === 1) {
            assertEquals(await closed, {
              keepAlive: reason === null,
              closeReason: reason,
            });
          }
          assertEquals([...await exchange.trailers], trailers);
          assertEquals(await exchange.uploaded, true);
          if (closeReason === null) {
            assertEquals(client.reusable, true);
            await carryOne(client, server);
            await client.close();
          }
          await server.closed;
          assertEquals(client.reusable, false);
        }
      }
    });
  }
}

Deno.test("an exchange resolves at the head, and gives pieces as they arrive", async () => {
  const { client, server } = openPipe();
  const exchanging = client.exchange(get());
  assertEquals(
    await server.readUntil("\r\n\r\n"),
    "GET / HTTP/1.1\r\nHost: example.com\r\n\r\n",
  );
  server.write("HTTP/1.1 302 Fine\r\nTransfer-Encoding: chunked\r\n");
  server.write("Location: /b\r\n\r\n");
  const exchange = await exchanging;
  const { response } = exchange;
  assertEquals([response.status, response.reason], [302, "Fine"]);
  assertEquals(response.header("location"), "/b");
  assertEquals(exchange.redirect?.url.href, `${SITE}b`);
  assertEquals(exchange.redirect?.sameOrigin, true);
  assertEquals(exchange.upgraded, false);
  assertEquals(server.isClosed, false);

  const reader = exchange.body.getReader();
  // Part of a chunk is a piece too.
  server.write("a\r\nhello");
  assertEquals(toText((await reader.read()).value!), "hello");
  const next = reader.read();
  server.write("world\r\n0\r\n\r\n");
  assertEquals(toText((await next).value!), "world");
  assertEquals((await reader.read()).done, true);
  await client.close();
});

Deno.test("an exchange leaves the connection free as soon as its last byte was read", async () => {
  const { client, server } = openPipe();
  server.write("HTTP/1.1 204 No Content\r\n\r\n");
  const empty = await client.exchange(get());
  assertEquals(client.reusable, true);
  await carryOne(client, server);
  assertEquals(await empty.text(), "");

  const exchanging = client.exchange(get());
  await server.readUntil("\r\n\r\n");
  server.write(HI);
  const exchange = await exchanging;
  assertEquals(exchange.reused, true);
  const reader = exchange.body.getReader();
  assertEquals(toText((await reader.read()).value!), "hi");
  // Before the reader learns that this was the end.
  await carryOne(client, server);
  assertEquals((await reader.read()).done, true);
  await client.close();
});

Deno.test("response.text(), json(), and body point to the exchange", async () => {
  const { client, server } = openPipe();
  server.write(HI);
  const exchange = await client.exchange(get());
  for (
    const read of [
      () => exchange.response.text(),
      () => exchange.response.json(),
      () => exchange.response.body,
      () => exchange.response.toResponse(),
    ]
  ) assertThrows(read, TypeError, "exchange");
  assertEquals(await exchange.text(), "hi");
  assertThrows(() => exchange.response.text(), TypeError, "exchange");
  await client.close();
});

/** An exchange whose response has arrived. */
async function respond(
  response: string,
): Promise<
  { client: HttpClient; server: PipeServer; exchange: HttpExchange }
> {
  const { client, server } = openPipe();
  const exchanging = client.exchange(get());
  await server.readUntil("\r\n\r\n");
  server.write(response);
  return { client, server, exchange: await exchanging };
}

function withBody(body: string, status = 200): string {
  return `HTTP/1.1 ${status} Said\r\nContent-Length: ${body.length}\r\n` +
    `Set-Cookie: a=1\r\nSet-Cookie: b=2\r\n\r\n${body}`;
}

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

Deno.test("bytes and text fail above maxBodyBytes, and close the connection", async () => {
  for (
    const response of [
      withBody("hello"),
      `${OK}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n`,
    ]
  ) {
    const { client, server } = openPipe();
    server.write(response);
    const exchange = await client.exchange(get(), { maxBodyBytes: 4 });
    const error = await fails(exchange.text(), "BodyTooLarge");
    assertEquals(error.progress?.phase, "body");
    assertEquals(error.response?.status, 200);
    assertStrictEquals(await rejection(exchange.closed), error);
    assertEquals(client.reusable, false);
    await server.closed;
  }
});

const TAKERS = {
  bytes: (exchange: HttpExchange) => exchange.bytes(),
  text: (exchange: HttpExchange) => exchange.text(),
  json: (exchange: HttpExchange) => exchange.json(),
  toResponse: async (exchange: HttpExchange) =>
    await exchange.toResponse().text(),
};

/** Uses after which nothing else can take the body, and what that says. */
const USES: Record<
  string,
  readonly [(exchange: HttpExchange) => unknown, RegExp]
> = {
  ...Object.fromEntries(
    Object.entries(TAKERS).map(([name, take]) => [
      name,
      [
        (exchange) => take(exchange).catch(() => {}),
        new RegExp(`${name}\\(\\) has taken it`),
      ],
    ]),
  ),
  "a reader": [(exchange) => exchange.body.getReader(), /stream is locked/],
  "a read": [async (exchange) => {
    const reader = exchange.body.getReader();
    await reader.read();
    reader.releaseLock();
  }, /was read from its stream/],
  "a cancel": [
    (exchange) => exchange.body.cancel(),
    /was read from its stream/,
  ],
  "a discard": [(exchange) => exchange.discard(), /was discarded/],
};

for (const [name, [use, says]] of Object.entries(USES)) {
  Deno.test(`a body that ${name} has used cannot be taken`, async () => {
    for (const take of Object.values(TAKERS)) {
      const { client, exchange } = await respond(withBody("1"));
      await use(exchange);
      const error = await rejection(take(exchange));
      assertInstanceOf(error, TypeError);
      assertEquals(says.test(error.message), true, error.message);
      await client.close();
    }
  });
}

Deno.test("a stream that was asked for and not read can still be taken", async () => {
  for (const take of Object.values(TAKERS)) {
    const { client, exchange } = await respond(withBody("1"));
    const { body } = exchange;
    assertStrictEquals(exchange.body, body);
    assertEquals(`${await take(exchange)}`.length > 0, true);
    await client.close();
  }
  const { exchange } = await respond(withBody("1"));
  assertEquals(await exchange.text(), "1");
  assertEquals(exchange.body.locked, true);
});

Deno.test("toResponse gives the body and all fields to a Response", async () => {
  const { client, exchange } = await respond(withBody("hello", 404));
  const response = exchange.toResponse();
  assertEquals([response.status, response.statusText], [404, "Said"]);
  assertEquals(response.headers.getSetCookie(), ["a=1", "b=2"]);
  assertEquals(await response.text(), "hello");
  assertEquals((await exchange.closed).keepAlive, true);
  assertEquals(client.reusable, true);
  await client.close();
});

Deno.test("toResponse owns the body: disposing the exchange does nothing", async () => {
  const { client, server, exchange } = await respond(
    `${OK}Content-Length: 5\r\n\r\nhe`,
  );
  let response: Response;
  {
    await using disposed = exchange;
    response = disposed.toResponse();
  }
  await exchange.discard();
  server.write("llo");
  assertEquals(await response.text(), "hello");
  assertEquals(client.reusable, true);
  await client.close();
});

Deno.test("toResponse has no body for a status that has none, and discards it", async () => {
  for (const response of [withBody("hello", 205), "HTTP/1.1 304 No\r\n\r\n"]) {
    const { client, server, exchange } = await respond(response);
    assertEquals(exchange.toResponse().body, null);
    assertEquals((await exchange.closed).keepAlive, true);
    await carryOne(client, server);
    await client.close();
  }
});

Deno.test("toResponse throws for a status that a Response cannot hold, and leaves the body", async () => {
  const { client, exchange } = await respond(withBody("hello", 999));
  assertThrows(() => exchange.toResponse(), RangeError);
  assertEquals(await exchange.text(), "hello");
  await client.close();
});

// Not reading the body.

Deno.test("discard reads the rest of a body, and keeps the connection", async () => {
  for (
    const rest of ["", "x".repeat(100), "x".repeat(262_143)]
  ) {
    const { client, server, exchange } = await respond(
      `${OK}Content-Length: ${rest.length + 1}\r\n\r\n${rest}`,
    );
    const discarding = exchange.discard();
    server.write("x");
    await discarding;
    assertEquals((await exchange.closed).keepAlive, true);
    await carryOne(client, server);
    await exchange.discard();
    assertEquals(client.reusable, true);
    await client.close();
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
      for (let i = 0; i < 5; i++) {
        server.write(`10000\r\n${"x".repeat(65536)}\r\n`);
      }
    }
    if (how === "slow") await timers.fire(50);
    if (how === "lost") server.abort(new Error("Reset"));
    await discarding;
    const error = await rejection(exchange.closed);
    if (how === "lost") assertInstanceOf(error, Error);
    else assertClosed(error);
    assertEquals(timers.delays, []);
    assertEquals(client.reusable, false);
    await server.closed;
  }
});

Deno.test("discard after part of the body drops only the rest", async () => {
  const { client, server, exchange } = await respond(
    `${OK}Content-Length: 4\r\n\r\nab`,
  );
  const { body } = exchange;
  const reader = body.getReader();
  assertEquals(toText((await reader.read()).value!), "ab");
  reader.releaseLock();
  server.write("cd");
  await exchange.discard();
  await carryOne(client, server);
  // It does not look like the whole body.
  await assertRejects(() => drain(body), TypeError, "discarded");
  await client.close();
});

Deno.test("discard fails a read that is pending, and closes the connection", async () => {
  const { client, server, exchange } = await respond(
    `${OK}Content-Length: 4\r\n\r\n`,
  );
  const reading = rejection(exchange.text());
  await exchange.discard();
  assertClosed(await reading);
  assertEquals(client.reusable, false);
  await server.closed;
});

Deno.test("await using discards the body", async () => {
  const { client, server } = openPipe();
  const exchanging = client.exchange(get());
  await server.readUntil("\r\n\r\n");
  server.write(HI);
  {
    await using exchange = await exchanging;
    assertEquals(exchange.response.status, 200);
    assertEquals(client.reusable, false);
  }
  await carryOne(client, server);
  await client.close();
});

Deno.test("canceling a body after its last byte keeps the connection", async () => {
  for (const [, { bytes }] of PIPES) {
    for (const length of [1, 2, 3]) {
      const { client, server } = openPipe({ bytes });
      server.write(`${OK}Content-Length: 2\r\n\r\n`);
      const exchange = await client.exchange(get());
      server.write("hi");
      const reader = exchange.body.getReader({ mode: "byob" });
      const { value } = await reader.read(new Uint8Array(length));
      assertEquals(value!.length, Math.min(2, length));
      await reader.cancel(new Error("Enough"));
      assertEquals((await exchange.closed).keepAlive, true);
      await server.readUntil("\r\n\r\n");
      await carryOne(client, server);
      await client.close();
    }
  }
});

Deno.test("canceling a reader ends its pending read, and the exchange", async () => {
  const { server, exchange } = await respond(
    `${OK}Content-Length: 9\r\n\r\nhalf`,
  );
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
  const { client, exchange } = await respond(
    `${OK}Content-Length: 9\r\n\r\nhalf`,
  );
  const { trailers, uploaded, closed } = exchange;
  assertStrictEquals(exchange.trailers, trailers);
  assertStrictEquals(exchange.uploaded, uploaded);
  assertStrictEquals(exchange.closed, closed);
  await client.close();
  await settle();
  // Asked for only now, they tell the same.
  const other = await respond(`${OK}Content-Length: 9\r\n\r\nhalf`);
  await other.client.close();
  assertClosed(await rejection(other.exchange.closed));
  assertClosed(await rejection(other.exchange.trailers));
  assertEquals(await other.exchange.uploaded, true);
});
