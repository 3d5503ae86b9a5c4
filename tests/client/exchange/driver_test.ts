// The two directions of an exchange: responses of every kind, a final response
// before the request was sent whole, interim responses, and upgrades.

import {
  assertEquals,
  assertInstanceOf,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import {
  type HttpCloseReason,
  HttpError,
  HttpRequest,
} from "@pimalaya/io-http";
import { HttpClient } from "@pimalaya/io-http/client";
import { toBytes, toText } from "../../_text.ts";
import {
  assertClosed,
  bySend,
  byText,
  CARRIES,
  carryOne,
  checkOver,
  drain,
  endless,
  fails,
  get,
  HeldTimers,
  HI,
  openPipe,
  type Outcome,
  PIPES,
  post,
  rejection,
  respond,
  settle,
  SITE,
  SOURCES,
  streamOf,
  SWITCH,
  upgrade,
  watchedSignal,
} from "../_client.ts";

const OK = "HTTP/1.1 200 OK\r\n";
const CHUNKED = `${OK}Transfer-Encoding: chunked\r\n\r\n`;
const HINTS = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nLink: </b>\r\n\r\n";

const UNSENT = {
  keepAlive: false,
  closeReason: "RequestIncomplete",
  uploaded: false,
} as const;

function withLength(length: number, ...lines: string[]): string {
  const all = ["HTTP/1.1 200 OK", ...lines, `Content-Length: ${length}`];
  return `${all.join("\r\n")}\r\n\r\n`;
}

// A final response before the request was sent whole.

/** Responses that stop the upload, and the reason not to use the connection. */
const STOPPING: [string, HttpCloseReason][] = [
  ["HTTP/1.1 413 Too Large\r\n", "RequestIncomplete"],
  ["HTTP/1.1 401 No\r\n", "RequestIncomplete"],
  ["HTTP/1.1 500 No\r\n", "RequestIncomplete"],
  ["HTTP/1.1 302 Found\r\nLocation: /b\r\n", "RequestIncomplete"],
  [`${OK}Connection: x, Close\r\n`, "ResponseClose"],
  ["HTTP/1.0 400 Bad\r\n", "Http10"],
];

for (const [head, closeReason] of STOPPING) {
  const status = JSON.stringify(head);
  for (const [kind, source] of SOURCES) {
    Deno.test(`${status} stops an upload of ${kind}, and is read whole`, async () => {
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
      await checkOver(client, server);
    });
  }

  Deno.test(`send returns ${status} although the peer reads no further`, async () => {
    for (const [, options] of PIPES) {
      for (const isGone of [false, true]) {
        const { client, server } = openPipe({ ...options, capacity: 10 });
        const request = HttpRequest.post(SITE, { body: "x".repeat(1_000_000) });
        const sending = bySend(client, request);
        await settle();
        server.write(`${head}Content-Length: 2\r\n\r\nno`, 1);
        if (isGone) {
          server.close();
          server.failWritable(new Error("Reset"));
        }
        const { body, uploaded, ...outcome } = await sending;
        assertEquals([body, uploaded], ["no", false]);
        assertEquals(outcome.closeReason, closeReason);
        await server.closed;
      }
    }
  });
}

Deno.test("a server that waits for the rest of a stopped upload is given up", async () => {
  using timers = new HeldTimers();
  const { server, exchange } = await respond(
    withLength(2, "Connection: close"),
    { request: post(), body: streamOf(["a"], "hang").body },
  );
  // Only a read is limited.
  assertEquals(timers.delays, []);
  const text = exchange.text();
  await timers.fire(5000);
  await fails(text, "ConnectionLost");
  await server.closed;
});

Deno.test("an early response does not stop an upload whose last write is pending", async () => {
  const { client, server } = openPipe({ capacity: 0 });
  const { body } = streamOf(["all"]);
  const exchanging = client.exchange(post(), { body });
  await settle();
  server.write("HTTP/1.1 400 Bad\r\nContent-Length: 2\r\n\r\n");
  const exchange = await exchanging;
  await server.readUntil("3\r\nall\r\n0\r\n\r\n");
  assertEquals(await exchange.uploaded, true);
  server.write("no");
  assertEquals(await exchange.text(), "no");
  await carryOne(client, server);
});

/** Every way to send a body of 100,000 bytes. */
const UPLOADS: [string, (client: HttpClient) => Promise<Outcome>][] = [
  ...CARRIES.map(([name, carry]): typeof UPLOADS[number] => {
    const request = HttpRequest.post(SITE, { body: "x".repeat(100_000) });
    return [name, (client) => carry(client, request)];
  }),
  ...SOURCES.map(([kind, source]): typeof UPLOADS[number] => [
    `exchange of ${kind}`,
    (client) => {
      const { body } = source(Array(10).fill("x".repeat(10_000)));
      const request = post({ "Content-Length": "100000" });
      return byText(client, request, { body });
    },
  ]),
];

for (const [name, upload] of UPLOADS) {
  Deno.test(`${name} stops to send its body when a 2xx is complete`, async () => {
    for (const text of ["", "ok"]) {
      const { client, server } = openPipe({ capacity: 0 });
      const uploading = upload(client);
      await server.answer(withLength(text.length) + text);
      const { body, uploaded, closeReason, keepAlive } = await uploading;
      assertEquals(body, text);
      assertEquals({ uploaded, closeReason, keepAlive }, UNSENT);
      await server.closed;
    }
  });

  Deno.test(`${name} goes on after the head of a 2xx, through a connection that holds a few bytes of an echo`, async () => {
    const { client, server } = openPipe({ capacity: 0 });
    for (let round = 0; round < 2; round++) {
      const uploading = upload(client);
      await server.answer(withLength(100_000));
      for (let left = 100_000; left > 0;) {
        const piece = (await server.read())!;
        left -= piece.length;
        // It reads no more before the client has read all of this.
        server.write(piece, 1000);
        while (server.unread > 0) {
          await new Promise<void>((resolve) => setImmediate(resolve));
        }
      }
      const { body, uploaded, closeReason } = await uploading;
      assertEquals(body.length, 100_000);
      assertEquals([uploaded, closeReason], [true, null]);
    }
  });
}

Deno.test("a 2xx that is complete cancels a source that says nothing", async () => {
  const { body, stopped } = streamOf(["a"], "hang");
  const { exchange } = await respond(HI, { request: post(), body });
  assertEquals(await exchange.text(), "hi");
  assertClosed(await stopped);
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
    const output = await client[call](get({ Connection: "keep-alive" }));
    if ("text" in output) assertEquals(await output.text(), "hi");
    assertEquals(await output.uploaded, true);
    assertEquals(client.reusable, true);
  }
});

Deno.test("a response whose request the peer never reads is RequestIncomplete", async () => {
  for (const rest of ["", "HTTP/1.1 200"]) {
    const { client, server } = openPipe({ capacity: 0 });
    server.write(HI + rest);
    const { body, uploaded, closeReason, keepAlive } = await byText(client);
    assertEquals(body, "hi");
    assertEquals({ uploaded, closeReason, keepAlive }, UNSENT);
    await server.closed;
  }
});

// Interim responses.

for (const pieceLength of [1, Infinity]) {
  Deno.test(`onInterim is called with each interim response as it arrives, cut by ${pieceLength}`, async () => {
    const { client, server } = openPipe();
    const seen: unknown[] = [];
    const exchanging = client.exchange(get(), {
      onInterim: ({ status, headers }) =>
        seen.push([status, ...headers.getAll("link")]),
    });
    await server.answer(`HTTP/1.1 100 Continue\r\n\r\n${HINTS}`, pieceLength);
    await settle();
    assertEquals(seen, [[100], [103, "</a>", "</b>"]]);
    server.write(
      `HTTP/1.1 102 Processing\r\nContent-Length: 5\r\n\r\n${HINTS}${HI}`,
      pieceLength,
    );
    assertEquals(await (await exchanging).text(), "hi");
    assertEquals(seen.slice(2), [[102], [103, "</a>", "</b>"]]);
    // Nobody has to ask for them.
    const asking = client.exchange(get());
    await server.answer(HINTS + HI, pieceLength);
    assertEquals(await (await asking).text(), "hi");
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
  const exchanging = client.exchange(post(), {
    body: streamOf(["up"]).body,
    onInterim: () => thenable,
  });
  let isOver = false;
  exchanging.then(() => isOver = true);
  server.write(HINTS + HINTS + HI);
  // The upload continues meanwhile.
  await server.readUntil("2\r\nup\r\n0\r\n\r\n");
  await settle();
  assertEquals([called, isOver], [1, false]);
  gate.resolve();
  assertEquals(await (await exchanging).text(), "hi");
  assertEquals(called, 2);
});

// An error of the caller's, which stays the same object.
const REASON = new HttpError("UnexpectedRedirect", "Enough");

for (
  const [way, handle] of [
    ["throws", () => {
      throw REASON;
    }],
    ["rejects", () => Promise.reject(REASON)],
    ["aborts", (_, abort) => abort(REASON)],
    ["aborts and never ends", (_, abort) => {
      abort(REASON);
      return new Promise(() => {});
    }],
    ["closes", (client) => void client.close()],
  ] as [
    string,
    (client: HttpClient, abort: (reason: unknown) => void) => unknown,
  ][]
) {
  Deno.test(`the exchange fails if its onInterim ${way}`, async () => {
    const { client, server, signal, abort } = openPipe();
    const { body, stopped } = streamOf([], "hang");
    const onInterim = () => handle(client, abort);
    const exchanging = client.exchange(post(), { signal, body, onInterim });
    await server.answer(HINTS + HI);
    const error = await rejection(exchanging);
    if (way === "closes") assertInstanceOf(error, DOMException);
    else assertStrictEquals(error, REASON);
    assertStrictEquals(await stopped, error);
    await server.closed;
  });
}

// Upgrades.

const CONNECT = new HttpRequest("CONNECT", "http://origin.test:8443/");
const CONNECT_HEAD = "CONNECT origin.test:8443 HTTP/1.1\r\n" +
  "Host: origin.test:8443\r\n\r\n";
const UPGRADED = { keepAlive: false, closeReason: "Upgraded" } as const;

for (
  const [request, head] of [
    [upgrade(), SWITCH],
    [CONNECT, `${OK}\r\n`],
    [CONNECT, `${CHUNKED.replace("200", "204")}`],
  ] as const
) {
  for (const call of ["send", "exchange"] as const) {
    const name = JSON.stringify(head);
    Deno.test(`${name} upgrades the connection of ${call}, which is then detached`, async () => {
      for (const [, options] of PIPES) {
        const { client, server } = openPipe(options);
        const calling = client[call](request);
        const wire = await server.answer(`${head}early`);
        if (request === CONNECT) assertEquals(wire, CONNECT_HEAD);
        const output = await calling;
        assertEquals(output.upgraded, true);
        if ("closed" in output) {
          assertEquals(await output.closed, UPGRADED);
          assertEquals(await drain(output.body), "");
          const error = head === SWITCH ? RangeError : TypeError;
          assertThrows(() => output.toResponse(), error);
          await output.discard();
        } else {
          assertEquals(output.closeReason, "Upgraded");
          assertEquals(toText(output.remaining), "early");
        }
        await client.ended;
        assertEquals(client.reusable, false);
        const { readable } = "detach" in output
          ? output.detach()
          : client.detach();
        assertThrows(() => client.detach(), TypeError, "detached");
        server.close();
        assertEquals(await drain(readable), "early");
      }
    });
  }
}

Deno.test("another protocol starts once the request is sent", async () => {
  const { client, server } = openPipe({ capacity: 0 });
  const request = post({ Connection: "upgrade", Upgrade: "x" });
  const { body } = streamOf(["one", "x".repeat(50_000)]);
  const exchanging = client.exchange(request, { body });
  let isOver = false;
  exchanging.then(() => isOver = true);
  await server.answer(`${SWITCH}early`);
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

for (const how of ["source", "write", "abort"]) {
  Deno.test(`an upgrade fails if its request cannot be sent because of its ${how}`, async () => {
    const { client, server, signal, abort } = openPipe({ capacity: 0 });
    const { body } = how === "source"
      ? streamOf(["x".repeat(20_000)], REASON)
      : streamOf(endless(20_000));
    const request = post({ Connection: "upgrade", Upgrade: "x" });
    const exchanging = client.exchange(request, { body, signal });
    await settle();
    server.write(SWITCH);
    await settle();
    if (how === "source") await server.read().catch(() => {});
    if (how === "write") server.failWritable(REASON);
    if (how === "abort") abort(REASON);
    const error = await rejection(exchanging);
    if (how === "write") {
      assertInstanceOf(error, HttpError);
      assertEquals([error.code, error.cause], ["ConnectionLost", REASON]);
    } else {
      assertStrictEquals(error, REASON);
    }
    await server.closed;
  });
}

Deno.test("an upgrade that is refused is none", async () => {
  for (
    const [request, response] of [
      [upgrade(), HI],
      [CONNECT, HI.replace("200", "407")],
      [CONNECT, HI.replace("200", "302")],
    ] as const
  ) {
    const { client, server, exchange } = await respond(response, { request });
    assertEquals(exchange.upgraded, false);
    assertThrows(() => exchange.detach(), TypeError, "not upgraded");
    assertEquals(await exchange.text(), "hi");
    await carryOne(client, server);
  }
});

Deno.test("an upgraded connection is closed with its client, unless it is detached", async () => {
  const request = upgrade();
  const { client, server, exchange } = await respond(SWITCH, { request });
  await client.close();
  await server.closed;
  assertThrows(() => exchange.detach(), TypeError, "closed");
  // Nor does it mind the signal of its exchange.
  const { signal, abort, listeners } = watchedSignal();
  const other = await respond(SWITCH, { request, signal });
  assertEquals(listeners(), 0);
  const { readable } = other.exchange.detach();
  await other.client.close();
  abort("Late");
  other.server.write("down");
  other.server.close();
  assertEquals(await drain(readable), "down");
});
