// Streaming exchanges that are aborted, closed or cancelled in each instant of
// their course: they end wholly one way or the other, never in between.

import { assertEquals } from "@std/assert";
import {
  drain,
  endless,
  get,
  openPipe,
  post,
  rejection,
  settle,
  streamOf,
} from "./_exchange.ts";

const LENGTH = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n";
const REASON = new Error("Enough");

function isAbortError(error: unknown): boolean {
  return error instanceof DOMException && error.name === "AbortError";
}

/** Lets so many microtasks pass. */
async function pass(microtasks: number): Promise<void> {
  for (let i = 0; i < microtasks; i++) await undefined;
}

for (const way of ["aborted", "closed with its client"]) {
  for (const uploads of [false, true]) {
    const what = uploads ? "an upload's exchange" : "exchange";

    Deno.test(`${what} ends in whatever instant it is ${way}`, async () => {
      let resolved = 0;
      for (let instant = 0; instant < 60; instant++) {
        const { client, server } = openPipe({ capacity: uploads ? 0 : 9999 });
        const controller = new AbortController();
        const { signal } = controller;
        const { body, stopped } = streamOf(endless(10));
        const exchanging = client.exchange(
          uploads ? post() : get(),
          uploads ? { signal, body } : { signal },
        );
        const reading = exchanging.then(async (exchange) => {
          resolved++;
          const text = drain(exchange.body);
          return await Promise.all([
            rejection(text),
            rejection(exchange.closed),
            rejection(exchange.trailers),
          ]);
        }, (error) => [error]);
        await server.readUntil("\r\n\r\n");
        server.write(`${LENGTH}half`);
        await pass(instant);
        if (way === "aborted") controller.abort(REASON);
        else await client.close();
        for (const error of await reading) {
          assertEquals(
            way === "aborted" ? error === REASON : isAbortError(error),
            true,
          );
        }
        if (uploads) await stopped;
        await server.closed;
        assertEquals(client.reusable, false);
      }
      // It took place before the head, and after it.
      assertEquals(resolved > 0 && resolved < 60, true);
    });
  }
}

for (const way of ["aborts", "cancels", "closes"]) {
  for (const capacity of [0, Infinity]) {
    Deno.test(`exchange ends wholly one way or the other where the client ${way} as it ends (${capacity})`, async () => {
      const outcomes = new Set<string>();
      for (let instant = 0; instant < 40; instant++) {
        const { client, server } = openPipe({ capacity });
        const controller = new AbortController();
        const { signal } = controller;
        server.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n");
        const exchange = await client.exchange(get(), { signal });
        const reader = exchange.body.getReader();
        const reading = reader.read().then(() => reader.read());
        server.write("hi");
        await pass(instant);
        // A client that does not know whether its request is out waits a turn.
        if (instant > 35) await settle();
        if (way === "aborts") controller.abort(REASON);
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

Deno.test("exchange keeps the connection where the body is cancelled after its last byte", async () => {
  for (const bytes of [true, false]) {
    for (const length of [1, 2, 3]) {
      const { client, server } = openPipe({ bytes });
      server.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n");
      const exchange = await client.exchange(get());
      server.write("hi");
      const reader = exchange.body.getReader({ mode: "byob" });
      const { value } = await reader.read(new Uint8Array(length));
      assertEquals(value!.length, Math.min(2, length));
      // The server has sent it all, so nothing is given up.
      await reader.cancel(REASON);
      assertEquals((await exchange.closed).keepAlive, true);
      assertEquals([...await exchange.trailers], []);
      assertEquals(client.reusable, true);
      assertEquals(server.isClosed, false);

      server.write("HTTP/1.1 204 No Content\r\n\r\n");
      assertEquals((await client.exchange(get())).response.status, 204);
      await client.close();
      await server.closed;
    }
  }
});
