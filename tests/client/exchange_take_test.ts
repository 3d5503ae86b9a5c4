// Taking the body of a streaming exchange whole: bytes, text, json, toResponse.

import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { HttpError } from "@pimalaya/io-http";
import { HttpClient, type HttpExchange } from "@pimalaya/io-http/client";
import { toBytes } from "../_text.ts";
import { pipe, type PipeServer } from "../_pipe.ts";
import { endings, get, openPipe } from "./_exchange.ts";

/** An exchange whose response is on its way. */
async function respond(
  response: string,
): Promise<{ exchange: HttpExchange; client: HttpClient; server: PipeServer }> {
  const { client, server } = openPipe();
  server.write(response);
  return { exchange: await client.exchange(get()), client, server };
}

function withBody(body: string, status = 200): string {
  return `HTTP/1.1 ${status} Said\r\nContent-Length: ${body.length}\r\n` +
    `X-One: 1\r\n\r\n${body}`;
}

Deno.test("HttpExchange.bytes returns the body in an array of its own", async () => {
  const { exchange, client } = await respond(withBody("a\0\xff"));
  const bytes = await exchange.bytes();
  assertEquals(bytes, toBytes("a\0\xff"));
  assertEquals(bytes.buffer.byteLength, 3);
  assertEquals(client.reusable, true);
  await client.close();
});

Deno.test("HttpExchange.text drops a BOM and replaces invalid bytes", async () => {
  const { exchange, client } = await respond(
    withBody("\xef\xbb\xbf\xc3\xa4\xff"),
  );
  assertEquals(await exchange.text(), "ä\ufffd");
  await client.close();
});

Deno.test("HttpExchange.json returns the value of the body", async () => {
  const { exchange, client } = await respond(withBody('{"a":[1,null]}'));
  assertEquals(await exchange.json(), { a: [1, null] });
  await client.close();
});

Deno.test("HttpExchange.json rejects what is no JSON, and keeps the connection", async () => {
  const { exchange, client, server } = await respond(withBody("{"));
  await assertRejects(() => exchange.json(), SyntaxError);
  assertEquals(client.reusable, true);
  server.write(withBody("1"));
  assertEquals(await (await client.exchange(get())).json(), 1);
  await client.close();
});

Deno.test("HttpExchange.toResponse streams the body", async () => {
  const { exchange, client, server } = await respond(
    "HTTP/1.1 404 Not There\r\nContent-Length: 5\r\n" +
      "Set-Cookie: a=1\r\nSet-Cookie: b=2\r\n\r\n",
  );
  const response = exchange.toResponse();
  assertEquals(response.status, 404);
  assertEquals(response.statusText, "Not There");
  assertEquals(response.headers.getSetCookie(), ["a=1", "b=2"]);
  const text = response.text();
  server.write("hel");
  server.write("lo");
  assertEquals(await text, "hello");
  assertEquals(client.reusable, true);
  await client.close();
});

Deno.test("HttpExchange.toResponse gives no body where the status has none", async () => {
  for (const status of [204, 205, 304]) {
    const { exchange, client } = await respond(withBody("", status));
    const response = exchange.toResponse();
    assertEquals([response.status, response.body], [status, null]);
    assertEquals((await exchange.closed).keepAlive, true);
    await client.close();
  }
});

Deno.test("HttpExchange.toResponse ends the exchange where a 205 has a body all the same", async () => {
  const { exchange, server } = await respond(withBody("hello", 205));
  assertEquals(exchange.toResponse().body, null);
  // Nobody can read that body, so the connection is of no more use.
  await server.closed;
  await assertRejects(() => exchange.closed, DOMException, "cancelled");
  await assertRejects(() => exchange.trailers, DOMException, "cancelled");
});

for (const status of [600, 999]) {
  Deno.test(`HttpExchange.toResponse throws for ${status}, and leaves the body`, async () => {
    const { exchange, client } = await respond(withBody("hello", status));
    assertThrows(() => exchange.toResponse(), RangeError);
    assertEquals(await exchange.text(), "hello");
    assertEquals(client.reusable, true);
    await client.close();
  });
}

const TAKERS = ["bytes", "text", "json", "toResponse"] as const;

for (const first of TAKERS) {
  for (const second of TAKERS) {
    Deno.test(`HttpExchange.${second} rejects a body that ${first} took`, async () => {
      const { exchange, client, server } = await respond(
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n",
      );
      const taken = exchange[first]();
      const again = () => Promise.resolve().then(() => exchange[second]());
      await assertRejects(again, TypeError, "taken already");
      server.write("12");
      if (taken instanceof Response) await taken.text();
      else await taken;
      await assertRejects(again, TypeError, "taken already");
      assertEquals(client.reusable, true);
      await client.close();
    });
  }
}

for (const taker of TAKERS) {
  Deno.test(`HttpExchange.${taker} rejects a body that a reader holds`, async () => {
    const { exchange, client } = await respond(withBody("12"));
    const reader = exchange.body.getReader();
    const take = () => Promise.resolve().then(() => exchange[taker]());
    await assertRejects(take, TypeError, "taken already");
    reader.releaseLock();
    await exchange.text();
    await client.close();
  });

  Deno.test(`HttpExchange.${taker} rejects a body that was read in part`, async () => {
    const { exchange, client } = await respond(withBody("12"));
    const reader = exchange.body.getReader({ mode: "byob" });
    await reader.read(new Uint8Array(1));
    reader.releaseLock();
    const take = () => Promise.resolve().then(() => exchange[taker]());
    await assertRejects(take, TypeError, "taken already");
    await client.close();
  });

  Deno.test(`HttpExchange.${taker} rejects a body that was cancelled`, async () => {
    const { exchange } = await respond(withBody("12"));
    await exchange.body.cancel();
    const take = () => Promise.resolve().then(() => exchange[taker]());
    await assertRejects(take, TypeError, "taken already");
  });

  Deno.test(`HttpExchange.${taker} rejects with what ended the body before`, async () => {
    const { exchange, client } = await respond(withBody("12").slice(0, -1));
    await client.close();
    await assertRejects(
      async () => {
        const taken = await exchange[taker]();
        if (taken instanceof Response) await taken.text();
      },
      DOMException,
      "closed",
    );
  });
}

Deno.test("HttpExchange.bytes rejects a longer body at once where the length tells", async () => {
  const { client, server } = openPipe();
  server.write("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
  const exchange = await client.exchange(get(), { maxBodyBytes: 4 });
  const error = await assertRejects(() => exchange.bytes(), HttpError);
  assertEquals(error.code, "BodyTooLarge");
  await server.closed;
  for (const ending of await endings(exchange)) assertEquals(ending, error);
  assertEquals(client.reusable, false);
});

Deno.test("HttpExchange.text rejects a longer body at the chunk that is too much", async () => {
  const { client: stream, server } = pipe();
  const client = new HttpClient(stream, { maxBodyBytes: 4 });
  server.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
  server.write("4\r\n1234\r\n1\r\n5");
  const exchange = await client.exchange(get());
  const error = await assertRejects(() => exchange.text(), HttpError);
  assertEquals(error.code, "BodyTooLarge");
  await server.closed;
});

Deno.test("HttpExchange.bytes returns a body of just the limit", async () => {
  const { client, server } = openPipe();
  server.write(withBody("1234"));
  const exchange = await client.exchange(get(), { maxBodyBytes: 4 });
  assertEquals((await exchange.bytes()).length, 4);
  await client.close();
});

Deno.test("HttpExchange.body is not held to the limit of buffered bodies", async () => {
  const { client, server } = openPipe();
  server.write(withBody("12345"));
  const exchange = await client.exchange(get(), { maxBodyBytes: 4 });
  assertEquals(await exchange.toResponse().text(), "12345");
  await client.close();
});
