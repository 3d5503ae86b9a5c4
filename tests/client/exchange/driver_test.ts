// The two directions of an exchange: a final response before the request was
// sent whole (docs/protocol.md), interim responses, and upgrades.

import {
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStrictEquals,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import {
  type HttpCloseReason,
  HttpError,
  HttpRequest,
} from "@pimalaya/io-http";
import { HttpClient, type HttpExchangeOptions } from "@pimalaya/io-http/client";
import type { PipeServer } from "../../_pipe.ts";
import { toBytes, toText } from "../../_text.ts";
import {
  carryOne,
  drain,
  endless,
  fails,
  get,
  HeldTimers,
  HI,
  openPipe,
  openSocket,
  PIPES,
  post,
  readUntil,
  rejection,
  settle,
  SITE,
  SOURCES,
  streamOf,
  SWITCH,
  upgrade,
  watchedSignal,
  writeText,
} from "../_client.ts";
import { narrowPipe } from "../_narrow.ts";

const OK = "HTTP/1.1 200 OK\r\n";
const INCOMPLETE = {
  keepAlive: false,
  closeReason: "RequestIncomplete",
} as const;

/** Early responses that stop the upload, and the reason not to use the connection. */
const STOPPING: [string, HttpCloseReason][] = [
  ["HTTP/1.1 413 Too Large\r\n", "RequestIncomplete"],
  ["HTTP/1.1 401 No\r\n", "RequestIncomplete"],
  ["HTTP/1.1 500 No\r\n", "RequestIncomplete"],
  ["HTTP/1.1 302 Found\r\nLocation: /b\r\n", "RequestIncomplete"],
  [`${OK}Connection: x, Close\r\n`, "ResponseClose"],
  ["HTTP/1.0 400 Bad\r\n", "Http10"],
];

for (const [head, closeReason] of STOPPING) {
  for (const [kind, source] of SOURCES) {
    Deno.test(`${JSON.stringify(head)} stops an upload of ${kind}, and is read whole`, async () => {
      const { client, server } = openPipe({ capacity: 0 });
      const { body, taken, stopped } = source(endless(100_000));
      const exchanging = client.exchange(post(), { body });
      await server.readUntil("\r\n\r\n");
      await server.read();
      server.write(`${head}Content-Length: 7\r\n\r\n`);
      const exchange = await exchanging;
      await stopped;
      assertEquals(await exchange.uploaded, false);
      const before = taken();
      const text = exchange.text();
      for (const piece of ["too", " ", "big"]) server.write(piece);
      assertEquals(await text, "too big");
      assertEquals(await exchange.closed, { keepAlive: false, closeReason });
      assertEquals(taken(), before);
      assertEquals(client.reusable, false);
      await server.closed;
    });
  }

  Deno.test(`send returns ${JSON.stringify(head)} although the peer reads no further`, async () => {
    for (const [, options] of PIPES) {
      for (const isGone of [false, true]) {
        const { client, server } = openPipe({ ...options, capacity: 10 });
        const body = new Uint8Array(1_000_000);
        const sending = client.send(HttpRequest.post(SITE, { body }));
        await settle();
        await server.write(`${head}Content-Length: 2\r\n\r\nno`, 1);
        if (isGone) {
          await server.close();
          server.failWritable(new Error("Reset"));
        }
        const output = await sending;
        assertEquals(output.response.text(), "no");
        assertEquals(output.closeReason, closeReason);
        assertEquals(output.uploaded, false);
        await server.closed;
      }
    }
  });
}

Deno.test("a server that waits for the rest of a stopped upload is given up", async () => {
  using timers = new HeldTimers();
  const { client, server } = openPipe();
  const { body } = streamOf(["a"], "hang");
  const exchanging = client.exchange(post(), { body });
  await server.readUntil("1\r\na\r\n");
  server.write(`${OK}Connection: close\r\nContent-Length: 2\r\n\r\n`);
  const exchange = await exchanging;
  // Only a read is limited.
  assertEquals(timers.delays, []);
  const text = exchange.text();
  await timers.fire(5000);
  await fails(text, "ConnectionLost");
  await server.closed;
});

Deno.test("an early 2xx does not stop the upload", async () => {
  for (const [, source] of SOURCES) {
    const { client, server } = openPipe();
    const gate = Promise.withResolvers<void>();
    const pieces = (function* () {
      yield "one";
      yield "two";
    })();
    const { body } = source(pieces, "end");
    const slow = (async function* () {
      for await (const piece of body) {
        await gate.promise;
        yield piece;
      }
    })();
    const exchanging = client.exchange(post(), { body: slow });
    await server.readUntil("\r\n\r\n");
    server.write(`${OK}Content-Length: 4\r\n\r\nan`);
    const exchange = await exchanging;
    const { uploaded } = exchange;
    gate.resolve();
    await server.readUntil("3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n");
    assertEquals(await uploaded, true);
    server.write("d!");
    assertEquals(await exchange.text(), "and!");
    assertEquals(await exchange.closed, { keepAlive: true, closeReason: null });
    await carryOne(client, server);
    await client.close();
  }
});

Deno.test("an upload stops when an early 2xx is complete", async () => {
  for (const length of [0, 2]) {
    const { client, server } = openPipe();
    const { body, stopped } = streamOf(["a"], "hang");
    const exchanging = client.exchange(post(), { body });
    await server.readUntil("1\r\na\r\n");
    server.write(
      `${OK}Content-Length: ${length}\r\n\r\n${"ok".slice(0, length)}`,
    );
    const exchange = await exchanging;
    assertEquals(await exchange.text(), "ok".slice(0, length));
    assertEquals(await exchange.closed, INCOMPLETE);
    assertEquals(await exchange.uploaded, false);
    assertInstanceOf(await stopped, DOMException);
    await server.closed;
  }
});

Deno.test("an early 2xx sends the body that waits for a 100", async () => {
  using timers = new HeldTimers();
  const request = HttpRequest.post(SITE, {
    headers: { Expect: "100-continue" },
    body: "own",
  });
  const { client, server } = openPipe();
  const exchanging = client.exchange(request);
  await server.readUntil("\r\n\r\n");
  await settle();
  server.write(`${OK}Content-Length: 2\r\n\r\n`);
  const exchange = await exchanging;
  assertEquals(await server.readUntil("own"), "own");
  assertEquals(timers.delays, []);
  server.write("ok");
  assertEquals(await exchange.text(), "ok");
  assertEquals((await exchange.closed).keepAlive, true);
  await client.close();
});

Deno.test("a response that comes before the last write is known to be done keeps the connection", async () => {
  for (const call of ["send", "sendHttp10", "exchange"] as const) {
    const { promise: written, resolve } = Promise.withResolvers<void>();
    const pieces = [HI.replace("OK", "OK\r\nConnection: keep-alive")];
    const readable = new ReadableStream<Uint8Array>({
      pull(controller) {
        const piece = pieces.shift();
        if (piece === undefined) return new Promise(() => {});
        controller.enqueue(toBytes(piece));
        setImmediate(resolve);
        return Promise.resolve();
      },
    }, { highWaterMark: 0 });
    const writable = new WritableStream<Uint8Array>({ write: () => written });
    const client = new HttpClient({ readable, writable });
    const request = get({ Connection: "keep-alive" });
    if (call === "exchange") {
      const exchange = await client.exchange(request);
      assertEquals(await exchange.text(), "hi");
      assertEquals(await exchange.uploaded, true);
    } else {
      const { response, uploaded } = await client[call](request);
      assertEquals([response.text(), uploaded], ["hi", true]);
    }
    assertEquals(client.reusable, true);
    await client.close();
  }
});

Deno.test("a response whose request the peer never reads is RequestIncomplete", async () => {
  for (const rest of ["", "HTTP/1.1 200"]) {
    const { client, server } = openPipe({ capacity: 0 });
    server.write(HI + rest);
    const exchange = await client.exchange(get());
    assertEquals(await exchange.text(), "hi");
    assertEquals(await exchange.closed, INCOMPLETE);
    await server.closed;
  }
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

Deno.test("whatever a source does after it was stopped does not matter", async () => {
  for (const outcome of ["gives a piece", "throws", "says nothing"]) {
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
  }
});

for (
  const [what, onReturn] of [
    ["has no return", undefined],
    ["returns no promise", () => ({ done: true })],
    ["rejects", () => Promise.reject(new Error("Cannot return"))],
    ["throws", () => {
      throw new Error("Cannot return");
    }],
  ] as [string, (() => unknown) | undefined][]
) {
  Deno.test(`a source that ${what} when it is let go changes nothing`, async () => {
    const body = {
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise(() => {}),
        ...(onReturn && { return: onReturn }),
      }),
    } as AsyncIterable<Uint8Array>;
    const { client, server } = openPipe();
    const { signal, abort } = watchedSignal();
    const aborted = client.exchange(post(), { body, signal });
    await server.readUntil("\r\n\r\n");
    abort("Enough");
    assertEquals(await rejection(aborted), "Enough");
    await server.closed;
    const early = openPipe();
    const exchanging = early.client.exchange(post(), { body });
    await early.server.readUntil("\r\n\r\n");
    early.server.write(HI.replace("200", "400"));
    assertEquals(await (await exchanging).text(), "hi");
    await early.server.closed;
  });
}

/** Runs a test against a server of Node's. */
async function serve(
  listener: RequestListener,
  test: (url: string) => Promise<void>,
): Promise<void> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  try {
    await test(`http://127.0.0.1:${port}/`);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

/** Every way to send a body of three pieces, 1 ms apart. */
const UPLOADS: [string, () => [Record<string, string>, HttpExchangeOptions]][] =
  [
    ["a slow source", () => [{}, { body: slowly(["one", "two", "six"]) }]],
    ["Expect", () => [
      { Expect: "100-continue" },
      { body: slowly(["one", "two", "six"]) },
    ]],
    ["the request's own body", () => [{}, {}]],
  ];

async function* slowly(pieces: string[]): AsyncGenerator<Uint8Array> {
  for (const piece of pieces) {
    await new Promise((resolve) => setTimeout(resolve, 1));
    yield toBytes(piece);
  }
}

for (const [name, make] of UPLOADS) {
  Deno.test(`a server may send its head, read the request, and then respond, with ${name}`, async () => {
    await serve((request, response) => {
      response.flushHeaders();
      let text = "";
      request.on("data", (piece: Uint8Array) => text += toText(piece));
      request.on("end", () => response.end(text));
    }, async (url) => {
      await using client = await HttpClient.connect(url);
      for (let round = 0; round < 20; round++) {
        const [headers, options] = make();
        const request = HttpRequest.post(url, { headers, body: "onetwosix" });
        const exchange = await client.exchange(request, options);
        assertEquals(await exchange.text(), "onetwosix");
        assertEquals(await exchange.uploaded, true);
        assertEquals((await exchange.closed).keepAlive, true);
        const sent = await client.send(request);
        assertEquals(sent.response.text(), "onetwosix");
      }
    });
  });
}

Deno.test("a server may echo a large body while it reads it", async () => {
  await serve((request, response) => {
    response.writeHead(200);
    request.pipe(response);
  }, async (url) => {
    await using client = await HttpClient.connect(url);
    const body = new Uint8Array(2 ** 23).map((_, at) => at % 251);
    for (const options of [{}, { body: ReadableStream.from([body, body]) }]) {
      const request = HttpRequest.post(url, { body });
      const exchange = await client.exchange(request, options);
      const echo = await exchange.bytes();
      assertEquals(
        echo.every((byte, at) => byte === at % body.length % 251),
        true,
      );
      assertEquals((await exchange.closed).keepAlive, true);
    }
    const { response } = await client.send(HttpRequest.post(url, { body }));
    assertEquals(response.body.length, body.length);
  });
});

for (const width of [1, 64, 1000]) {
  Deno.test(`an echo goes through a connection that holds ${width} bytes`, async () => {
    const { client: stream, server } = narrowPipe(width);
    const echoing = (async () => {
      const writer = server.writable.getWriter();
      let head = "";
      let left = -1;
      for await (const piece of server.readable) {
        if (left > 0) {
          left -= piece.length;
          await writer.write(piece);
        } else {
          head += toText(piece);
          const [fields, body] = head.split("\r\n\r\n");
          if (body === undefined) continue;
          const length = Number(/Content-Length: (\d+)/.exec(fields!)![1]);
          left = length - body.length;
          head = "";
          await writer.write(
            toBytes(`${OK}Content-Length: ${length}\r\n\r\n${body}`),
          );
        }
      }
      await writer.close();
    })();
    const client = new HttpClient(stream);
    const body = "0123456789".repeat(30);
    for (let round = 0; round < 2; round++) {
      const request = HttpRequest.post(SITE, { body });
      const exchange = await client.exchange(request);
      assertEquals(await exchange.text(), body);
      assertEquals((await exchange.closed).keepAlive, true);
    }
    await client.close();
    await echoing;
  });
}

Deno.test("a socket gives the 413 of a server that reads no further", async () => {
  const { client, far, url } = await openSocket();
  // More than the buffers between the two hold.
  const body = new Uint8Array(50_000_000);
  const sending = client.send(HttpRequest.post(url, { body }));
  await readUntil(far, "\r\n\r\n");
  await writeText(far, "HTTP/1.1 413 No\r\nContent-Length: 2\r\n\r\nno");
  const { response, closeReason, uploaded } = await sending;
  assertEquals(response.text(), "no");
  assertEquals([closeReason, uploaded], ["RequestIncomplete", false]);
  assertEquals(client.reusable, false);
  far.close();
});

// Interim responses.

const HINTS = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nLink: </b>\r\n\r\n";

for (const pieceLength of [1, Infinity]) {
  Deno.test(`onInterim is called with each interim response, cut by ${pieceLength}`, async () => {
    const { client, server } = openPipe();
    const seen: unknown[] = [];
    const exchanging = client.exchange(get(), {
      onInterim: ({ status, headers }) =>
        seen.push([status, headers.getAll("link")]),
    });
    await server.readUntil("\r\n\r\n");
    server.write(`HTTP/1.1 100 Continue\r\n\r\n${HINTS}`, pieceLength);
    await settle();
    const links = ["</a>", "</b>"];
    assertEquals(seen, [[100, []], [103, links]]);
    server.write(
      `HTTP/1.1 102 Processing\r\nContent-Length: 5\r\n\r\n${HINTS}${HI}`,
      pieceLength,
    );
    assertEquals(await (await exchanging).text(), "hi");
    assertEquals(seen.slice(2), [[102, []], [103, links]]);

    // Nobody has to ask for them, and send returns them.
    const sending = client.send(get());
    await server.readUntil("\r\n\r\n");
    server.write(HINTS + HI, pieceLength);
    const { interim } = await sending;
    assertEquals(interim.map(({ status }) => status), [103]);
    await client.close();
  });
}

Deno.test("the exchange waits for any thenable that onInterim returns", async () => {
  const { client, server } = openPipe();
  const gate = Promise.withResolvers<void>();
  let called = 0;
  const thenable = {
    then(resolve: () => void) {
      called++;
      gate.promise.then(resolve);
    },
  };
  const { body } = streamOf(["up"]);
  const exchanging = client.exchange(post(), {
    body,
    onInterim: () => thenable,
  });
  let isOver = false;
  exchanging.then(() => isOver = true);
  server.write(HINTS + HINTS + HI);
  // The upload goes on meanwhile.
  await server.readUntil("2\r\nup\r\n0\r\n\r\n");
  await settle();
  assertEquals([called, isOver], [1, false]);
  gate.resolve();
  assertEquals(await (await exchanging).text(), "hi");
  assertEquals(called, 2);
  await client.close();
});

Deno.test("the exchange fails with what onInterim throws, or that it does meanwhile", async () => {
  const reason = new Error("No hints");
  const ways: [
    string,
    (client: HttpClient, abort: (reason: unknown) => void) => unknown,
  ][] = [
    ["throws", () => {
      throw reason;
    }],
    ["rejects", () => Promise.reject(reason)],
    ["aborts", (_, abort) => abort(reason)],
    ["aborts and never ends", (_, abort) => {
      abort(reason);
      return new Promise(() => {});
    }],
    ["closes", (client) => void client.close()],
  ];
  for (const [way, onInterim] of ways) {
    const { client, server } = openPipe();
    const { signal, abort } = watchedSignal();
    const { body, stopped } = streamOf([], "hang");
    const exchanging = client.exchange(post(), {
      signal,
      body,
      onInterim: () => onInterim(client, abort),
    });
    await server.readUntil("\r\n\r\n");
    server.write(HINTS + HI);
    const error = await rejection(exchanging);
    if (way === "closes") assertInstanceOf(error, DOMException);
    else assertStrictEquals(error, reason);
    assertStrictEquals(await stopped, error);
    await server.closed;
  }
});

Deno.test("an end after an interim response, or too many, fails the exchange", async () => {
  const ended = openPipe();
  const exchanging = ended.client.exchange(get());
  ended.server.write(HINTS);
  ended.server.close();
  await fails(exchanging, "UnexpectedEof");
  const many = openPipe();
  many.server.write(HINTS.repeat(3));
  await fails(
    many.client.exchange(get(), { maxInterimResponses: 2 }),
    "TooManyInterimResponses",
  );
});

// Upgrades.

const UPGRADED = { keepAlive: false, closeReason: "Upgraded" } as const;

function connect(): HttpRequest {
  return new HttpRequest("CONNECT", "http://origin.test:8443/");
}

for (
  const [name, makeRequest, head] of [
    ["a 101", upgrade, SWITCH],
    ["a 200 to CONNECT", connect, `${OK}\r\n`],
    [
      "a 204 to CONNECT with fields of a body",
      connect,
      "HTTP/1.1 204 Open\r\nContent-Length: 9\r\n" +
      "Transfer-Encoding: chunked\r\n\r\n",
    ],
  ] as const
) {
  for (const call of ["send", "exchange"] as const) {
    Deno.test(`${name} upgrades the connection of ${call}, which is then detached`, async () => {
      for (const [, options] of PIPES) {
        for (const early of ["", "early "]) {
          const { client, server } = openPipe(options);
          const calling = client[call](makeRequest());
          await server.readUntil("\r\n\r\n");
          server.write(head + early);
          const output = await calling;
          assertEquals(output.upgraded, true);
          if ("closed" in output) {
            assertEquals(await output.closed, UPGRADED);
            assertEquals(await drain(output.body), "");
            assertThrows(
              () => output.toResponse(),
              head === SWITCH ? RangeError : TypeError,
            );
            await output.discard();
          } else {
            assertEquals(output.closeReason, "Upgraded");
            assertEquals(toText(output.remaining), early);
          }
          await client.ended;
          assertEquals(client.reusable, false);
          const { readable, writable } = "detach" in output
            ? output.detach()
            : client.detach();
          assertThrows(() => client.detach(), TypeError, "detached");
          // From now on, this does nothing.
          await client.close();
          const writer = writable.getWriter();
          await writer.write(toBytes("up"));
          assertEquals(await server.readUntil("up"), "up");
          server.write("down");
          server.close();
          assertEquals(await drain(readable), `${early}down`);
          await writer.close();
          await server.closed;
        }
      }
    });
  }
}

Deno.test("another protocol starts once the request is sent", async () => {
  const { client, server } = openPipe({ capacity: 0 });
  const { body } = streamOf(["one", "x".repeat(50_000)]);
  const request = post({ Connection: "upgrade", Upgrade: "x" });
  const exchanging = client.exchange(request, { body });
  let isOver = false;
  exchanging.then(() => isOver = true);
  await server.readUntil("\r\n\r\n");
  server.write(`${SWITCH}early`);
  await settle();
  assertEquals(isOver, false);
  await server.readUntil("0\r\n\r\n");
  const exchange = await exchanging;
  assertEquals(await exchange.uploaded, true);
  const { readable, writable } = exchange.detach();
  const writing = writable.getWriter().write(toBytes("raw"));
  assertEquals(await server.readUntil("raw"), "raw");
  await writing;
  server.close();
  assertEquals(await drain(readable), "early");
});

Deno.test("an upgrade fails if its request cannot be sent", async () => {
  for (const how of ["source", "write", "abort"]) {
    const { client, server } = openPipe({ capacity: 0 });
    const reason = new Error("Enough");
    const { signal, abort } = watchedSignal();
    const { body } = how === "source"
      ? streamOf(["x".repeat(20_000)], reason)
      : streamOf(endless(20_000));
    const request = post({ Connection: "upgrade", Upgrade: "x" });
    const exchanging = client.exchange(request, { body, signal });
    await settle();
    server.write(SWITCH);
    await settle();
    if (how === "source") await server.read().catch(() => {});
    if (how === "write") server.failWritable(reason);
    if (how === "abort") abort(reason);
    const error = await rejection(exchanging);
    if (how === "write") {
      assertInstanceOf(error, HttpError);
      assertEquals([error.code, error.cause], ["ConnectionLost", reason]);
    } else {
      assertStrictEquals(error, reason);
    }
    await server.closed;
  }
});

Deno.test("an upgrade that was not asked for, or refused, is no upgrade", async () => {
  const { client, server } = openPipe();
  server.write(SWITCH);
  await fails(client.exchange(get()), "UnexpectedUpgrade");
  await server.closed;
  const cases: [HttpRequest, string][] = [
    [upgrade(), HI],
    [connect(), HI.replace("200", "407")],
    [connect(), HI.replace("200", "302")],
  ];
  for (const [request, response] of cases) {
    const { client, server } = openPipe();
    const exchanging = client.exchange(request);
    await server.readUntil("\r\n\r\n");
    server.write(response);
    const exchange = await exchanging;
    assertEquals(exchange.upgraded, false);
    assertThrows(() => exchange.detach(), TypeError, "not upgraded");
    assertEquals(await exchange.text(), "hi");
    await carryOne(client, server);
    await client.close();
  }
});

Deno.test("an upgraded connection that nobody detaches is closed with its client", async () => {
  const { client, server } = openPipe();
  server.write(`${SWITCH}early`);
  const exchange = await client.exchange(upgrade());
  await client.close();
  await server.closed;
  assertThrows(() => exchange.detach(), TypeError, "closed");
});

Deno.test("a detached connection does not mind the signal of its exchange", async () => {
  const { client, server } = openPipe();
  const { signal, abort, listeners } = watchedSignal();
  server.write(SWITCH);
  const exchange = await client.exchange(upgrade(), { signal });
  assertEquals(listeners(), 0);
  const { readable } = exchange.detach();
  abort("Late");
  server.write("down");
  server.close();
  assertEquals(await drain(readable), "down");
});

Deno.test("CONNECT is written with host and port", async () => {
  const { client, server } = openPipe();
  server.write(`${OK}\r\n`);
  await client.exchange(connect());
  assertStringIncludes(
    await server.readUntil("\r\n\r\n"),
    "CONNECT origin.test:8443 HTTP/1.1\r\nHost: origin.test:8443\r\n\r\n",
  );
  await client.close();
  await assertRejects(() => (server as PipeServer).readUntil("x"));
});
