// Interim responses of a streaming exchange (RFC 9110 §15.2): 103 Early Hints
// above all.

import { assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { HttpError, type HttpResponse } from "@pimalaya/io-http";
import {
  endless,
  get,
  openPipe,
  post,
  rejection,
  settle,
  streamOf,
} from "./_exchange.ts";

const HINTS = "HTTP/1.1 103 Early Hints\r\n" +
  "Link: </a.css>; rel=preload\r\nLink: </b.js>; rel=preload\r\n\r\n";
const ANSWER = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

Deno.test("exchange tells onInterim of a 103 before the final response is there", async () => {
  const { client, server } = openPipe();
  const { promise: hinted, resolve: onInterim } = Promise.withResolvers<
    HttpResponse
  >();
  const exchanging = client.exchange(get(), { onInterim });
  server.write(HINTS);
  const hints = await hinted;
  assertEquals(hints.status, 103);
  assertEquals(hints.headers.getAll("link"), [
    "</a.css>; rel=preload",
    "</b.js>; rel=preload",
  ]);
  server.write(ANSWER);
  const exchange = await exchanging;
  assertEquals(exchange.response.status, 200);
  assertEquals(exchange.response.header("link"), null);
  assertEquals(await exchange.text(), "ok");
  await client.close();
});

for (const pieceLength of [1, 10, Infinity]) {
  Deno.test(`exchange tells onInterim of each interim response in order, cut by ${pieceLength}`, async () => {
    const { client, server } = openPipe();
    server.write(
      "HTTP/1.1 100 Continue\r\n\r\n" + HINTS +
        "HTTP/1.1 102 Processing\r\nContent-Length: 5\r\n\r\n" + HINTS + ANSWER,
      pieceLength,
    );
    const seen: number[] = [];
    const exchange = await client.exchange(get(), {
      onInterim: ({ status }) => seen.push(status),
    });
    assertEquals(seen, [100, 103, 102, 103]);
    assertEquals(await exchange.text(), "ok");
    assertEquals((await exchange.closed).keepAlive, true);
    await client.close();
  });
}

Deno.test("exchange skips interim responses that nobody asks for", async () => {
  const { client, server } = openPipe();
  server.write(HINTS + ANSWER);
  assertEquals(await (await client.exchange(get())).text(), "ok");
  await client.close();
});

Deno.test("exchange rejects with what onInterim throws, and lets go of everything", async () => {
  const { client, server } = openPipe({ capacity: 0 });
  const { body, stopped } = streamOf(endless(10));
  const fault = new RangeError("No hints");
  const exchanging = client.exchange(post(), {
    body,
    onInterim: () => {
      throw fault;
    },
  });
  await server.readUntil("\r\n\r\n");
  server.write(HINTS + ANSWER);
  assertEquals(await rejection(exchanging), fault);
  assertEquals(await stopped, fault);
  assertEquals(client.reusable, false);
  await server.closed;
});

Deno.test("exchange ends where onInterim aborts or closes", async () => {
  for (const how of ["abort", "close"]) {
    const { client, server } = openPipe();
    const controller = new AbortController();
    server.write(HINTS + ANSWER);
    const exchanging = client.exchange(get(), {
      signal: controller.signal,
      onInterim: () => {
        if (how === "abort") controller.abort("Enough");
        else client.close();
      },
    });
    const error = await rejection(exchanging);
    if (how === "abort") assertEquals(error, "Enough");
    else assertInstanceOf(error, DOMException);
    assertEquals(client.reusable, false);
    await server.closed;
  }
});

Deno.test("exchange rejects more interim responses than the limit", async () => {
  const { client, server } = openPipe();
  let seen = 0;
  server.write(HINTS.repeat(3) + ANSWER);
  const error = await assertRejects(
    () =>
      client.exchange(get(), {
        maxInterimResponses: 2,
        onInterim: () => seen++,
      }),
    HttpError,
  );
  assertEquals([error.code, seen], ["TooManyInterimResponses", 2]);
  await server.closed;
});

Deno.test("exchange rejects end of file after an interim response", async () => {
  const { client, server } = openPipe();
  server.write(HINTS);
  server.close();
  const error = await assertRejects(() => client.exchange(get()), HttpError);
  assertEquals(error.code, "UnexpectedEof");
  await server.closed;
});

Deno.test("exchange goes on with the upload after an interim response", async () => {
  const { client, server } = openPipe();
  const { body } = streamOf(["a", "b"]);
  const seen: number[] = [];
  server.write(HINTS);
  const exchanging = client.exchange(post(), {
    body,
    onInterim: ({ status }) => seen.push(status),
  });
  await server.readUntil("1\r\na\r\n1\r\nb\r\n0\r\n\r\n");
  await settle();
  server.write(HINTS + ANSWER);
  const exchange = await exchanging;
  assertEquals(seen, [103, 103]);
  assertEquals(await exchange.text(), "ok");
  assertEquals((await exchange.closed).keepAlive, true);
  await client.close();
});

Deno.test("send returns the interim responses beside the final one", async () => {
  const { client, server } = openPipe();
  server.write(HINTS + ANSWER);
  const { interim, response, keepAlive } = await client.send(get());
  assertEquals(interim.map(({ status }) => status), [103]);
  assertEquals(interim[0]!.headers.getAll("link").length, 2);
  assertEquals([response.text(), keepAlive], ["ok", true]);
  await client.close();
});
