// How exchanges fail besides `tests/hostile/`: in any instant, by a signal at any
// time, and after a write that failed.

import {
  assertEquals,
  assertInstanceOf,
  assertStrictEquals,
} from "@std/assert";
import { type HttpErrorCode, HttpRequest } from "@pimalaya/io-http";
import type { PipeServer } from "../../_pipe.ts";
import { HttpClient, type HttpExchange } from "@pimalaya/io-http/client";
import {
  assertClosed,
  CARRIES,
  carryOne,
  checkOver,
  drain,
  endless,
  fails,
  get,
  HeldClock,
  HeldTimers,
  HI,
  openPipe,
  pass,
  post,
  READ,
  rejection,
  Script,
  settle,
  SITE,
  streamOf,
  watchedSignal,
  write,
} from "../_client.ts";

const HALF = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf";
const REASON = new Error("Enough");
const RESET = new Error("Reset");

/** The errors of the promises of an exchange, and of its body. */
function endings({ body, closed, trailers }: HttpExchange): Promise<unknown[]> {
  return Promise.all([closed, trailers, drain(body)].map(rejection));
}

for (const way of ["aborted", "closed with its client"]) {
  for (const uploads of [false, true]) {
    const what = uploads ? "the exchange of an upload" : "an exchange";
    Deno.test(`${what} fails wholly, in whatever instant it is ${way}`, async () => {
      let resolved = 0;
      const instants = 80;
      for (let instant = 0; instant < instants; instant++) {
        const { client, server, signal, abort } = openPipe({
          capacity: uploads ? 0 : 9999,
        });
        const { body, stopped } = streamOf(endless(100_000));
        const exchanging = client.exchange(
          uploads ? post() : get(),
          uploads ? { signal, body } : { signal },
        );
        const reading = exchanging.then((exchange) => {
          resolved++;
          return endings(exchange);
        }, (error) => [error]);
        await server.readUntil("\r\n\r\n");
        server.write(HALF);
        await pass(instant);
        if (way === "aborted") abort(REASON);
        else await client.close();
        for (const error of await reading) {
          if (way === "aborted") assertStrictEquals(error, REASON);
          else assertClosed(error);
        }
        if (uploads) await stopped;
        await checkOver(client, server);
      }
      // It was so before the head, and after it.
      assertEquals(resolved > 0 && resolved < instants, true, `${resolved}`);
    });
  }
}

for (const way of ["aborts", "cancels", "closes"]) {
  for (const capacity of [0, Infinity]) {
    Deno.test(`an exchange ends wholly one way or the other if its client ${way} as it ends (${capacity})`, async () => {
      const outcomes = new Set<string>();
      for (let instant = 0; instant < 40; instant++) {
        const { client, server, signal, abort } = openPipe({ capacity });
        server.write(HI.slice(0, -2));
        const exchange = await client.exchange(get(), { signal });
        const reader = exchange.body.getReader();
        const reading = reader.read().then(() => reader.read());
        server.write("hi");
        await pass(instant);
        // A client that does not know whether its request is sent waits a turn.
        if (instant > 35) await settle();
        if (way === "aborts") abort(REASON);
        else if (way === "closes") await client.close();
        else await reader.cancel(REASON);
        const settled = await Promise.allSettled([
          exchange.closed,
          exchange.trailers,
          ...(way === "cancels" ? [] : [reading]),
        ]);
        await reading.catch(() => {});
        const kinds = new Set(settled.map(({ status }) => status));
        assertEquals(kinds.size, 1, `${instant}: ${Deno.inspect(settled)}`);
        outcomes.add([...kinds].join());
        await settle();
        if (!client.reusable) await server.closed;
        await client.close();
        await server.closed;
      }
      assertEquals([...outcomes].sort(), ["fulfilled", "rejected"]);
    });
  }
}

/** Every way to start a call with a signal. */
const SIGNALED: [
  string,
  (client: HttpClient, signal: AbortSignal) => Promise<unknown>,
][] = [
  ["send", (client, signal) => client.send(get(), { signal })],
  ["sendHttp10", (client, signal) => client.sendHttp10(get(), { signal })],
  ["exchange", (client, signal) => client.exchange(get(), { signal })],
  [
    "run",
    (client, signal) => client.run(new Script(write("x"), READ), { signal }),
  ],
];

for (const [name, call] of SIGNALED) {
  Deno.test(`${name} touches nothing if its signal was aborted before`, async () => {
    const { client, server, signal, abort, listeners } = openPipe();
    const reason = { not: "an error" };
    abort(reason);
    for (let turn = 0; turn < 2; turn++) {
      assertStrictEquals(await rejection(call(client, signal)), reason);
      assertEquals([server.received, listeners()], [0, 0]);
      await carryOne(client, server);
    }
  });

  Deno.test(`${name} fails with its signal's reason during the turn before it writes`, async () => {
    using clock = new HeldClock();
    const { client, server, signal, abort, listeners } = openPipe();
    await carryOne(client, server);
    clock.now += 5;
    const calling = rejection(call(client, signal));
    await pass(3);
    abort(REASON);
    assertStrictEquals(await calling, REASON);
    assertEquals([server.received, listeners()], [0, 0]);
    await server.closed;
  });

  Deno.test(`${name} fails with an abort although the streams ignore it`, async () => {
    const never = () => new Promise<void>(() => {});
    const client = new HttpClient({
      readable: new ReadableStream({ cancel: never }),
      writable: new WritableStream({ write: never, abort: never }),
    });
    const { signal, abort } = watchedSignal();
    const calling = rejection(call(client, signal));
    await settle();
    abort(REASON);
    assertStrictEquals(await calling, REASON);
    await client.close();
  });
}

Deno.test("a call that has ended does not mind its signal, and leaves no listener", async () => {
  const { client, server, signal, abort, listeners } = openPipe();
  for (const [, carry] of CARRIES) {
    const carrying = carry(client, get(), { signal });
    assertEquals(listeners(), 1);
    await server.answer(HI);
    assertEquals((await carrying).body, "hi");
    assertEquals(listeners(), 0);
  }
  abort();
  await carryOne(client, server);
});

// A write that fails.

Deno.test("a call returns the response that follows a failed write", async () => {
  using timers = new HeldTimers();
  const { client, server } = openPipe({ capacity: 0 });
  const { body, stopped } = streamOf(endless(100_000));
  const exchanging = client.exchange(post(), { body });
  await server.readUntil("\r\n\r\n");
  server.failWritable(REASON);
  assertInstanceOf(await stopped, DOMException);
  assertEquals(timers.delays, [1000]);
  server.write("HTTP/1.1 413 Too Large\r\nContent-Length: 7\r\n\r\n");
  const exchange = await exchanging;
  assertEquals(exchange.response.status, 413);
  // The caller may take any time to read the bytes that have arrived.
  assertEquals(timers.delays, []);
  const text = exchange.text();
  assertEquals(timers.delays, [1000]);
  server.write("too big");
  assertEquals(await text, "too big");
  const closeReason = "RequestIncomplete";
  assertEquals(await exchange.closed, { keepAlive: false, closeReason });
  assertEquals(await exchange.uploaded, false);
  await server.closed;
});

/** The events after a failed write, and the resulting error. */
const AFTER: [
  what: string,
  sent: string,
  end: (
    server: PipeServer,
    timers: HeldTimers,
    abort: (reason: unknown) => void,
  ) => unknown,
  code: HttpErrorCode | null,
  cause: unknown,
][] = [
  ["nothing", "", (_, timers) => timers.fire(1000), "ConnectionLost", REASON],
  ["an end of file", "", (server) => server.close(), "ConnectionLost", REASON],
  [
    "an end inside the body",
    HALF,
    (server) => server.close(),
    "ConnectionLost",
    REASON,
  ],
  [
    "another fault",
    "",
    (server) => server.write("HTTP/2 200\r\n\r\n"),
    "InvalidStatusLine",
    undefined,
  ],
  [
    "a reset",
    "",
    (server) => server.failReadable(RESET),
    "ConnectionLost",
    RESET,
  ],
  ["an abort", "", (_server, _timers, abort) => abort(RESET), null, RESET],
];

for (const [what, sent, end, code, cause] of AFTER) {
  Deno.test(`a call fails with ${code ?? "the reason"} if ${what} follows a failed write`, async () => {
    using timers = new HeldTimers();
    const body = new Uint8Array(99_999);
    for (const request of [get(), HttpRequest.post(SITE, { body })]) {
      const { client, server, signal, abort } = openPipe({ capacity: 0 });
      const sending = client.send(request, { signal });
      await settle();
      if (sent !== "") server.write(sent);
      await settle();
      server.failWritable(REASON);
      await settle();
      assertEquals(timers.delays, [1000]);
      end(server, timers, abort);
      if (code === null) assertStrictEquals(await rejection(sending), cause);
      else {
        const error = await fails(sending, code);
        assertStrictEquals(error.cause, cause);
        assertEquals(error.progress?.phase, sent === "" ? "request" : "body");
      }
      await checkOver(client, server);
    }
  });
}
