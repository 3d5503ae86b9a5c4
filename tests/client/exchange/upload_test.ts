// Sending a request: joining pieces in one write, running ahead of the peer, and
// waiting for a 100 (RFC 9110 §10.1.1).

import { assertEquals, assertLess, assertRejects } from "@std/assert";
import { HttpRequest } from "@pimalaya/io-http";
import type {
  HttpBodyInit,
  HttpClient,
  HttpExchangeOptions,
} from "@pimalaya/io-http/client";
import { toBytes, toText } from "../../_text.ts";
import {
  assertClosed,
  bySend,
  byText,
  carryOne,
  checkOver,
  endless,
  generatorOf,
  get,
  HeldTimers,
  HI,
  openPipe,
  type Outcome,
  pass,
  post,
  runProgram,
  settle,
  SITE,
  SOURCES,
  streamOf,
} from "../_client.ts";

const CHUNKED = "POST / HTTP/1.1\r\nHost: example.com\r\n" +
  "Transfer-Encoding: chunked\r\n\r\n";

const LONG = "x".repeat(20_000);

/** A source that returns a piece, and the next one when a test says so. */
function gated(first: string, second: string): {
  body: AsyncIterable<Uint8Array>;
  open: () => void;
} {
  const { promise, resolve: open } = Promise.withResolvers<void>();
  async function* generate() {
    yield toBytes(first);
    await promise;
    yield toBytes(second);
  }
  return { body: generate(), open };
}

for (const [kind, source] of SOURCES) {
  Deno.test(`exchange takes no more of ${kind} than the peer does`, async () => {
    for (const size of [1000, 20_000]) {
      const { client, server } = openPipe({ capacity: 0 });
      const { body, taken } = source(endless(size));
      const exchanging = client.exchange(post(), { body });
      // One write is at most one piece longer than 16 KiB.
      const ahead = Math.ceil(16_384 / size) + 1;
      let read = 0;
      while (read < 10 * size) {
        read += (await server.read())!.length;
        await settle();
        assertLess(taken(), read / size + ahead);
      }
      await client.close();
      await assertRejects(() => exchanging, DOMException, "closed");
    }
  });

  Deno.test(`exchange sends a request whose ${kind} stays open after its length`, async () => {
    for (const pieces of [["1234", "5678"], []]) {
      const { client, server } = openPipe();
      const { body, stopped } = source(pieces, "hang");
      const request = post({ "Content-Length": `${4 * pieces.length}` });
      const exchanging = client.exchange(request, { body });
      await server.readUntil("\r\n\r\n");
      if (pieces.length > 0) await server.readUntil("12345678");
      server.write(HI);
      const exchange = await exchanging;
      assertEquals(await exchange.uploaded, true);
      assertEquals(await exchange.text(), "hi");
      await carryOne(client, server);
      // A generator ends only after the promise that it waits for.
      if (source === streamOf) assertClosed(await stopped);
    }
  });
}

/** Requests whose end is known with their last piece. */
const WHOLE: [string, (client: HttpClient) => Promise<Outcome>][] = [
  [
    "a request of 20,000 bytes",
    (client) => bySend(client, HttpRequest.post(SITE, { body: LONG })),
  ],
  [
    "a stream of a known length",
    (client) => {
      const { body } = streamOf([LONG]);
      return byText(client, post({ "Content-Length": "20000" }), { body });
    },
  ],
];

for (const [what, upload] of WHOLE) {
  Deno.test(`a refusal counts ${what} as sent, in any microtask after its last byte`, async () => {
    for (let after = 0; after < 40; after++) {
      const { client, server } = openPipe();
      const uploading = upload(client);
      let received = 0;
      while (received < 20_000) received += (await server.read())!.length;
      await pass(after);
      server.write("HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n");
      const { uploaded, closeReason } = await uploading;
      assertEquals({ after, uploaded, closeReason }, {
        after,
        uploaded: true,
        closeReason: null,
      });
    }
  });
}

Deno.test("exchange fails if a source turns out longer once the request is sent", async () => {
  for (const wrap of [(body: HttpBodyInit) => body, ReadableStream.from]) {
    const { client, server } = openPipe();
    const { body, open } = gated("12345678", "9");
    const exchanging = client.exchange(post({ "Content-Length": "8" }), {
      body: wrap(body as ReadableStream<Uint8Array>),
    });
    await server.readUntil("12345678");
    open();
    await assertRejects(() => exchanging, TypeError, "longer");
    await server.closed;
  }
});

Deno.test("exchange joins small pieces that are ready, the head, and the end", async () => {
  const { client, server } = openPipe();
  for (
    const body of [
      generatorOf(["hello"]).body,
      streamOf(["hel", "lo"]).body,
      "hello",
      new Uint8Array(16_000),
    ]
  ) {
    const exchanging = client.exchange(post(), { body });
    const wire = toText((await server.read())!);
    assertEquals(/0\r\n\r\n$|hello$|\0{16000}$/.test(wire), true);
    server.write(HI);
    await (await exchanging).text();
  }
});

Deno.test("exchange writes the pieces that it has if the next one is not ready", async () => {
  const { client, server } = openPipe();
  const { body, open } = gated("first", "second");
  const exchanging = client.exchange(post(), { body });
  assertEquals(
    await server.readUntil("5\r\nfirst\r\n"),
    `${CHUNKED}5\r\nfirst\r\n`,
  );
  open();
  assertEquals(await server.readUntil("0\r\n\r\n"), "6\r\nsecond\r\n0\r\n\r\n");
  server.write(HI);
  await exchanging;
  for (const [, source] of SOURCES) {
    const { client, server } = openPipe();
    const { body } = source([], "hang");
    client.exchange(post(), { body }).catch(() => {});
    assertEquals(await server.readUntil("\r\n\r\n"), CHUNKED);
    await client.close();
  }
});

// Waiting for a 100.

const EXPECT = { Expect: "100-continue" };
const CONTINUE = "HTTP/1.1 100 Continue\r\n\r\n";
const OWN = HttpRequest.post(SITE, { headers: EXPECT, body: "own" });
const LOWER = HttpRequest.post(SITE, {
  headers: { expect: "100-Continue" },
  body: "own",
});
const STATED = post({ ...EXPECT, "Content-Length": "3" });

type Start = (
  client: HttpClient,
  options?: HttpExchangeOptions,
) => Promise<Outcome>;

/** Every kind of body, and its bytes on the wire. */
const BODIES: [name: string, start: Start, wire: string][] = [
  ["a stream", (client, options) => {
    const { body } = streamOf(["own"]);
    return byText(client, post(EXPECT), { ...options, body });
  }, "3\r\nown\r\n0\r\n\r\n"],
  ["an iterable of a stated length", (client, options) => {
    const { body } = generatorOf(["own"]);
    return byText(client, STATED, { ...options, body });
  }, "own"],
  ["its own body", (client, options) => byText(client, OWN, options), "own"],
  ["its own body with trailers", (client, options) => {
    return byText(client, LOWER, { ...options, trailers: { A: "1" } });
  }, "3\r\nown\r\n0\r\nA: 1\r\n\r\n"],
  ["the body of send", (client) => bySend(client, OWN), "own"],
];

/** Checks the outcome of an exchange: the body, and whether everything was sent. */
async function check(
  carrying: Promise<Outcome>,
  text: "hi" | "no",
): Promise<void> {
  const { body, uploaded, closeReason } = await carrying;
  assertEquals(body, text);
  assertEquals(uploaded, text === "hi");
  assertEquals(closeReason, uploaded ? null : "RequestIncomplete");
}

for (const [name, start, body] of BODIES) {
  Deno.test(`${name} goes out after a 100, or when its time is up, and not before`, async () => {
    using timers = new HeldTimers();
    for (const continueTimeout of [undefined, 5, 2 ** 31 - 1]) {
      if (name === "the body of send" && continueTimeout) continue;
      for (const comes of [true, false]) {
        const { client, server } = openPipe();
        const exchanging = start(client, { continueTimeout });
        await server.readUntil("\r\n\r\n");
        await settle();
        assertEquals(server.received, 0);
        assertEquals(timers.delays, [continueTimeout ?? 1000]);
        // Another interim response says nothing of the body.
        server.write("HTTP/1.1 103 Early Hints\r\n\r\n");
        await settle();
        assertEquals(server.received, 0);
        if (comes) server.write(CONTINUE);
        else await timers.fire(continueTimeout ?? 1000);
        assertEquals(await server.readUntil(body), body);
        assertEquals(timers.delays, []);
        // A late 100 changes nothing.
        server.write(comes ? HI : CONTINUE + HI);
        await check(exchanging, "hi");
        await carryOne(client, server);
      }
    }
  });

  Deno.test(`${name} never goes out if it is refused before a 100`, async () => {
    using _timers = new HeldTimers();
    for (const status of [401, 417, 500]) {
      const { client, server } = openPipe();
      const exchanging = start(client);
      await server.readUntil("\r\n\r\n");
      await settle();
      server.write(`HTTP/1.1 ${status} No\r\nContent-Length: 2\r\n\r\nno`);
      await check(exchanging, "no");
      await checkOver(client, server);
      await client.close();
      assertEquals(server.received, 0);
    }
  });

  Deno.test(`${name} goes out at a 2xx instead of a 100`, async () => {
    using timers = new HeldTimers();
    const { client, server } = openPipe();
    const exchanging = start(client);
    await server.readUntil("\r\n\r\n");
    await settle();
    server.write(HI.slice(0, -2));
    assertEquals(await server.readUntil(body), body);
    assertEquals(timers.delays, []);
    server.write("hi");
    await check(exchanging, "hi");
  });
}

Deno.test("exchange starts to wait for a 100 when the head is written", async () => {
  using timers = new HeldTimers();
  for (const isEarly of [true, false]) {
    const { client, server } = openPipe({ capacity: 0 });
    if (isEarly) server.write(CONTINUE);
    const exchanging = byText(client, OWN);
    await settle();
    assertEquals(timers.delays, []);
    await server.readUntil("\r\n\r\n");
    if (!isEarly) await timers.fire(1000);
    await server.readUntil("own");
    assertEquals(timers.delays, []);
    server.write(HI);
    await check(exchanging, "hi");
  }
});

Deno.test("exchange waits without a timer if the time is no limit, and not at all if it is 0", async () => {
  using timers = new HeldTimers();
  for (const continueTimeout of [Infinity, 2 ** 31, 2 ** 40, 0]) {
    const { client, server } = openPipe();
    const exchanging = byText(client, OWN, { continueTimeout });
    await server.readUntil("\r\n\r\n");
    if (continueTimeout > 0) {
      await settle();
      assertEquals([server.received, timers.delays], [0, []]);
      server.write(CONTINUE);
    }
    await server.readUntil("own");
    server.write(HI);
    await check(exchanging, "hi");
  }
});

Deno.test("exchange has nothing to wait for without a body, a 100 to come, or HTTP/1.1", async () => {
  using timers = new HeldTimers();
  const empty = post({ ...EXPECT, "Content-Length": "0" });
  for (
    const [request, options] of [
      [get(EXPECT)],
      [post(EXPECT)],
      [empty, { body: streamOf([]).body }],
      [post({ Expect: "more" }), { body: "x" }],
    ] as [HttpRequest, HttpExchangeOptions?][]
  ) {
    const { client, server } = openPipe();
    const exchanging = byText(client, request, options);
    await server.readUntil("\r\n\r\n");
    await settle();
    assertEquals(timers.delays, []);
    server.write(CONTINUE + HI);
    await check(exchanging, "hi");
  }
  const { client, server } = openPipe();
  const sending = client.sendHttp10(OWN);
  await server.readUntil("own");
  assertEquals(timers.delays, []);
  server.write(HI);
  await sending;
  await client.close();
});

Deno.test({
  name: "send and exchange hold at most 1.1 times the body that they send",
  // Nothing else says how much memory a process has needed at most.
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    const bytes = 2 ** 27;
    await using server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen() {} },
      async ({ body }) => {
        for await (const _ of body!);
        return new Response("ok");
      },
    );
    for (
      const call of [
        "client.send(request)",
        "(await client.exchange(request)).text()",
        "(await client.exchange(HttpRequest.post(url), { body })).text()",
      ]
    ) {
      const printed = await runProgram(`
        import { HttpClient } from "@pimalaya/io-http/client";
        import { HttpRequest } from "@pimalaya/io-http";
        const peak = () => Number(
          /VmHWM:\\s+(\\d+)/.exec(Deno.readTextFileSync("/proc/self/status"))[1],
        ) * 1024;
        const url = "http://127.0.0.1:${server.addr.port}/";
        const client = await HttpClient.connect(url);
        await client.send(HttpRequest.post(url, { body: "warm" }));
        const before = peak();
        const body = new Uint8Array(${bytes}).fill(1);
        const request = HttpRequest.post(url, { body });
        await ${call};
        console.log(peak() - before);
        await client.close();`);
      // Collecting garbage and compiling take some MiB more or less.
      assertLess(Number(printed), bytes * 1.1 + 2 ** 22);
    }
  },
});
