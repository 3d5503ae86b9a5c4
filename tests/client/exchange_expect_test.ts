// `Expect: 100-continue` (RFC 9110 §10.1.1): the body that waits for a 100, for a
// final response, or for some time.

import { assertEquals, assertRejects } from "@std/assert";
import { HttpRequest } from "@pimalaya/io-http";
import type { HttpExchangeOptions } from "@pimalaya/io-http/client";
import {
  generatorOf,
  HeldTimers,
  openPipe,
  post,
  rejection,
  settle,
  SITE,
  streamOf,
} from "./_exchange.ts";

const HEAD = "POST / HTTP/1.1\r\nHost: example.com\r\nExpect: 100-continue\r\n";
const CONTINUE = "HTTP/1.1 100 Continue\r\n\r\n";
const ANSWER = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

function expecting(headers: Record<string, string> = {}): HttpRequest {
  return post({ Expect: "100-continue", ...headers });
}

/** Every way to have a body, and what it looks like on the wire. */
const BODIES: [
  name: string,
  make: () => { request: HttpRequest; options: HttpExchangeOptions },
  head: string,
  body: string,
][] = [
  [
    "a stream",
    () => ({ request: expecting(), options: { body: streamOf(["own"]).body } }),
    `${HEAD}Transfer-Encoding: chunked\r\n\r\n`,
    "3\r\nown\r\n0\r\n\r\n",
  ],
  [
    "an async iterable of a known length",
    () => ({
      request: expecting({ "Content-Length": "3" }),
      options: { body: generatorOf(["own"]).body },
    }),
    `${HEAD}Content-Length: 3\r\n\r\n`,
    "own",
  ],
  [
    "an array",
    () => ({
      request: HttpRequest.post(SITE, {
        headers: { Expect: "100-continue" },
        body: "own",
      }),
      options: {},
    }),
    `${HEAD}Content-Length: 3\r\n\r\n`,
    "own",
  ],
  [
    "an array with trailers",
    () => ({
      request: HttpRequest.post(SITE, {
        headers: { Expect: "100-continue" },
        body: "own",
      }),
      options: { trailers: { A: "1" } },
    }),
    `${HEAD}Transfer-Encoding: chunked\r\n\r\n`,
    "3\r\nown\r\n0\r\nA: 1\r\n\r\n",
  ],
  [
    "an array that goes out chunked",
    () => ({
      request: HttpRequest.post(SITE, {
        headers: {
          Expect: "100-continue",
          "Transfer-Encoding": "chunked",
        },
        body: "own",
      }),
      options: {},
    }),
    `${HEAD}Transfer-Encoding: chunked\r\n\r\n`,
    "3\r\nown\r\n0\r\n\r\n",
  ],
];

for (const [name, make, head, body] of BODIES) {
  Deno.test(`exchange sends ${name} after a 100, and not before`, async () => {
    using timers = new HeldTimers();
    const { client, server } = openPipe();
    const { request, options } = make();
    const exchanging = client.exchange(request, options);
    assertEquals(await server.readUntil("\r\n\r\n"), head);
    await settle();
    assertEquals(server.received, 0);
    assertEquals(timers.delays, [1000]);

    // Another interim response says nothing of the body.
    server.write("HTTP/1.1 103 Early Hints\r\n\r\n");
    await settle();
    assertEquals(server.received, 0);

    server.write(CONTINUE);
    assertEquals(await server.readUntil(body), body);
    assertEquals(timers.delays, []);
    server.write(ANSWER);
    const exchange = await exchanging;
    assertEquals(exchange.response.status, 200);
    assertEquals(await exchange.text(), "ok");
    assertEquals(await exchange.closed, { keepAlive: true, closeReason: null });
    await client.close();
    assertEquals(await server.readToEnd(), "");
  });

  Deno.test(`exchange sends ${name} when its time is over without a 100`, async () => {
    using timers = new HeldTimers();
    for (const continueTimeout of [undefined, 5, 2 ** 31 - 1]) {
      const { client, server } = openPipe();
      const { request, options } = make();
      if (continueTimeout !== undefined) {
        options.continueTimeout = continueTimeout;
      }
      const exchanging = client.exchange(request, options);
      await server.readUntil("\r\n\r\n");
      await settle();
      assertEquals(server.received, 0);
      await timers.fire(continueTimeout ?? 1000);
      assertEquals(await server.readUntil(body), body);

      // A 100 that comes late changes nothing.
      server.write(CONTINUE + ANSWER);
      assertEquals(await (await exchanging).text(), "ok");
      assertEquals(client.reusable, true);
      await client.close();
    }
  });

  Deno.test(`exchange does not send ${name} where a final response comes first`, async () => {
    using timers = new HeldTimers();
    for (const status of [200, 401, 417, 500]) {
      const { client, server } = openPipe();
      const { request, options } = make();
      const exchanging = client.exchange(request, options);
      await server.readUntil("\r\n\r\n");
      await settle();
      server.write(`HTTP/1.1 ${status} No\r\nContent-Length: 2\r\n\r\nno`);
      const exchange = await exchanging;
      assertEquals(exchange.response.status, status);
      assertEquals(await exchange.text(), "no");
      assertEquals((await exchange.closed).closeReason, "RequestIncomplete");
      assertEquals(timers.delays, []);
      assertEquals(client.reusable, false);
      await server.closed;
      assertEquals(server.received, 0);
    }
  });
}

Deno.test("exchange lets go of a source that a final response makes useless", async () => {
  using timers = new HeldTimers();
  const { client, server } = openPipe();
  const { body, taken, stopped } = streamOf(["own"]);
  const exchanging = client.exchange(expecting(), { body });
  await server.readUntil("\r\n\r\n");
  await settle();
  server.write("HTTP/1.1 417 No\r\nContent-Length: 0\r\n\r\n");
  assertEquals((await exchanging).response.status, 417);
  await stopped;
  assertEquals(taken(), 0);
  assertEquals(timers.delays, []);
  await server.closed;
});

Deno.test("exchange sends the body where the 100 comes before the head is out", async () => {
  using timers = new HeldTimers();
  const { client, server } = openPipe({ capacity: 0 });
  server.write(CONTINUE);
  const { body } = streamOf(["own"]);
  const exchanging = client.exchange(expecting(), { body });
  await settle();
  assertEquals(timers.delays, []);
  await server.readUntil("3\r\nown\r\n0\r\n\r\n");
  assertEquals(timers.delays, []);
  server.write(ANSWER);
  assertEquals(await (await exchanging).text(), "ok");
  await client.close();
});

Deno.test("exchange starts to wait when the head is out", async () => {
  using timers = new HeldTimers();
  const { client, server } = openPipe({ capacity: 0 });
  const { body } = streamOf(["own"]);
  const exchanging = client.exchange(expecting(), { body });
  await settle();
  assertEquals(timers.delays, []);
  await server.readUntil("\r\n\r\n");
  await timers.fire(1000);
  await server.readUntil("0\r\n\r\n");
  server.write(ANSWER);
  assertEquals(await (await exchanging).text(), "ok");
  await client.close();
});

// The last two are more than a timer can hold.
for (const continueTimeout of [Infinity, 2 ** 31, 2 ** 40]) {
  Deno.test(`exchange waits for a 100 without a timer where it may take ${continueTimeout} ms`, async () => {
    using timers = new HeldTimers();
    const { client, server } = openPipe();
    const { body } = streamOf(["own"]);
    const exchanging = client.exchange(expecting(), { body, continueTimeout });
    await server.readUntil("\r\n\r\n");
    await settle();
    assertEquals([server.received, timers.delays.length], [0, 0]);
    server.write(CONTINUE);
    await server.readUntil("0\r\n\r\n");
    server.write(ANSWER);
    assertEquals(await (await exchanging).text(), "ok");
    await client.close();
  });
}

Deno.test("exchange does not wait for a 100 where it may take 0 ms", async () => {
  const { client, server } = openPipe();
  const { body } = streamOf(["own"]);
  const exchanging = client.exchange(expecting(), { body, continueTimeout: 0 });
  await server.readUntil("0\r\n\r\n");
  server.write(ANSWER);
  assertEquals(await (await exchanging).text(), "ok");
  await client.close();
});

Deno.test("exchange sends the body after a real wait of some milliseconds", async () => {
  const { client, server } = openPipe();
  const { body } = streamOf(["own"]);
  const exchanging = client.exchange(expecting(), { body, continueTimeout: 5 });
  await server.readUntil("0\r\n\r\n");
  server.write(ANSWER);
  assertEquals(await (await exchanging).text(), "ok");
  await client.close();
});

Deno.test("exchange reads the expectation in any case", async () => {
  using timers = new HeldTimers();
  const { client, server } = openPipe();
  const { body } = streamOf(["own"]);
  const request = post({ expect: "100-Continue" });
  const exchanging = client.exchange(request, { body });
  await server.readUntil("\r\n\r\n");
  await timers.fire(1000);
  await server.readUntil("0\r\n\r\n");
  server.write(ANSWER);
  assertEquals(await (await exchanging).text(), "ok");
  await client.close();
});

Deno.test("exchange has nothing to wait for where the body is empty", async () => {
  using timers = new HeldTimers();
  const cases: [HttpRequest, HttpExchangeOptions][] = [
    [expecting(), {}],
    [expecting({ "Content-Length": "0" }), {}],
    [expecting({ "Content-Length": "0" }), { body: streamOf([]).body }],
  ];
  for (const [request, options] of cases) {
    const { client, server } = openPipe();
    const exchanging = client.exchange(request, options);
    assertEquals(
      await server.readUntil("\r\n\r\n"),
      `${HEAD}Content-Length: 0\r\n\r\n`,
    );
    assertEquals(timers.delays, []);
    server.write(CONTINUE + ANSWER);
    const exchange = await exchanging;
    assertEquals(await exchange.text(), "ok");
    assertEquals((await exchange.closed).keepAlive, true);
    await client.close();
  }
});

Deno.test("exchange sends the body at once where nothing is expected", async () => {
  using timers = new HeldTimers();
  const { client, server } = openPipe();
  const { body } = streamOf(["own"]);
  const exchanging = client.exchange(post({ Expect: "more" }), { body });
  await server.readUntil("0\r\n\r\n");
  assertEquals(timers.delays, []);
  server.write(ANSWER);
  assertEquals(await (await exchanging).text(), "ok");
  await client.close();
});

Deno.test("exchange ends while its body waits for a 100, by signal or by close", async () => {
  using timers = new HeldTimers();
  for (const how of ["abort", "close", "reset"]) {
    const { client, server } = openPipe();
    const { body, taken, stopped } = streamOf(["own"]);
    const controller = new AbortController();
    const { signal } = controller;
    const exchanging = client.exchange(expecting(), { body, signal });
    await server.readUntil("\r\n\r\n");
    await settle();
    assertEquals(timers.delays, [1000]);
    const reason = new Error("Enough");
    if (how === "abort") controller.abort(reason);
    if (how === "reset") server.abort(reason);
    if (how === "close") {
      await client.close();
      const error = await assertRejects(() => exchanging, DOMException);
      assertEquals(error.name, "AbortError");
      assertEquals(await stopped, error);
    } else {
      assertEquals(await rejection(exchanging), reason);
      assertEquals(await stopped, reason);
    }
    assertEquals([taken(), server.received], [0, 0]);
    assertEquals(timers.delays, []);
    await server.closed;
  }
});

Deno.test("exchange does not wait for a 100 where the head cannot be written", async () => {
  using timers = new HeldTimers();
  const { client, server } = openPipe({ capacity: 0 });
  const { body, stopped, taken } = streamOf(["own"]);
  const exchanging = client.exchange(expecting(), { body });
  await settle();
  const fault = new Error("Broken pipe");
  server.failWritable(fault);
  assertEquals(await stopped, fault);
  assertEquals(timers.delays, [1000]);
  server.write("HTTP/1.1 503 No\r\nContent-Length: 2\r\n\r\nno");
  const exchange = await exchanging;
  assertEquals(await exchange.text(), "no");
  assertEquals((await exchange.closed).closeReason, "RequestIncomplete");
  assertEquals([taken(), timers.delays.length], [0, 0]);
});
