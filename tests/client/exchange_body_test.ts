// Reading the body of a streaming exchange as a stream, over every framing.

import { assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { HttpRequest } from "@pimalaya/io-http";
import { drain, get, openPipe, rejection, SITE } from "./_exchange.ts";
import { toText } from "../_text.ts";
import { pipe } from "../_pipe.ts";
import { HttpClient } from "@pimalaya/io-http/client";

Deno.test("exchange resolves at the head, before a byte of the body", async () => {
  const { client, server } = openPipe();
  const promise = client.exchange(get());
  assertEquals(
    await server.readUntil("\r\n\r\n"),
    "GET / HTTP/1.1\r\nHost: example.com\r\n\r\n",
  );
  server.write("HTTP/1.1 200 Fine\r\nContent-Length: 5\r\nA: b\r\n\r\n");

  const exchange = await promise;
  assertEquals(exchange.response.status, 200);
  assertEquals(exchange.response.reason, "Fine");
  assertEquals(exchange.response.header("a"), "b");
  assertEquals(exchange.response.body.length, 0);
  assertEquals(exchange.upgraded, false);

  server.write("hello");
  assertEquals(await exchange.text(), "hello");
  await client.close();
});

Deno.test("exchange gives each piece of the body as it comes in", async () => {
  const { client, server } = openPipe();
  server.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
  const exchange = await client.exchange(get());
  const reader = exchange.body.getReader();

  // Half a chunk is a piece too.
  server.write("a\r\nhello");
  assertEquals(toText((await reader.read()).value!), "hello");
  const next = reader.read();
  server.write("world\r\n0\r\n\r\n");
  assertEquals(toText((await next).value!), "world");
  assertEquals((await reader.read()).done, true);
  await client.close();
});

interface Framed {
  readonly name: string;
  readonly request?: HttpRequest;
  readonly response: string;
  readonly body: string;
  readonly closeReason: unknown;
  readonly trailers?: [string, string][];
}

const FRAMED: Framed[] = [
  {
    name: "a known length",
    response: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
    body: "hello",
    closeReason: null,
  },
  {
    name: "the length 0",
    response: "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    body: "",
    closeReason: null,
  },
  {
    name: "chunks and trailers",
    response: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" +
      "2;x=1\r\nhe\r\n3\r\nllo\r\n0\r\nX-Sum: 1\r\nx-sum: 2\r\n\r\n",
    body: "hello",
    closeReason: null,
    trailers: [["X-Sum", "1"], ["x-sum", "2"]],
  },
  {
    name: "no chunk but the last",
    response: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    body: "",
    closeReason: null,
  },
  {
    name: "the end of the connection",
    response: "HTTP/1.1 200 OK\r\n\r\nhello",
    body: "hello",
    closeReason: "ReadToClose",
  },
  {
    name: "an empty body up to the end of the connection",
    response: "HTTP/1.1 200 OK\r\n\r\n",
    body: "",
    closeReason: "ReadToClose",
  },
  {
    name: "none, after HEAD",
    request: HttpRequest.head(SITE),
    response: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
    body: "",
    closeReason: null,
  },
  {
    name: "none, for 204",
    response: "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n",
    body: "",
    closeReason: null,
  },
  {
    name: "none, for 304",
    response: "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n",
    body: "",
    closeReason: null,
  },
  {
    name: "chunks beside a length",
    response: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n" +
      "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    body: "hello",
    closeReason: "AmbiguousFraming",
  },
  {
    name: "a length, and the server's wish to close",
    response: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n" +
      "Connection: x, Close\r\n\r\nhello",
    body: "hello",
    closeReason: "ResponseClose",
  },
  {
    name: "a length, and the client's wish to close",
    request: HttpRequest.get(SITE).header("Connection", "close"),
    response: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
    body: "hello",
    closeReason: "RequestClose",
  },
  {
    name: "a length, from an HTTP/1.0 server",
    response: "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello",
    body: "hello",
    closeReason: "Http10",
  },
  {
    name: "a length, from an HTTP/1.0 server that keeps alive",
    response: "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n" +
      "Connection: keep-alive\r\n\r\nhello",
    body: "hello",
    closeReason: null,
  },
];

for (const framed of FRAMED) {
  const { name, request = get(), body, closeReason, trailers = [] } = framed;

  for (const bytes of [true, false]) {
    for (const pieceLength of [1, 2, 7, Infinity]) {
      const how = `${bytes ? "bytes" : "pieces"}, cut by ${pieceLength}`;

      Deno.test(`exchange reads a body framed by ${name} (${how})`, async () => {
        const { client, server } = openPipe({ bytes });
        server.write(framed.response, pieceLength);
        if (closeReason === "ReadToClose") server.close();

        const exchange = await client.exchange(request);
        assertEquals(await drain(exchange.body), body);

        const keepAlive = closeReason === null;
        assertEquals(await exchange.closed, { keepAlive, closeReason });
        assertEquals([...await exchange.trailers], trailers);
        assertEquals(client.reusable, keepAlive);
        if (keepAlive) await client.close();
        await server.closed;
      });
    }
  }
}

Deno.test("exchange leaves the connection free at the head of an empty response", async () => {
  for (const { response, body, request = get() } of FRAMED.slice(0, 9)) {
    if (body !== "" || !/204|304|Length/.test(response)) continue;
    const { client, server } = openPipe();
    server.write(response);
    const exchange = await client.exchange(request);
    assertEquals(client.reusable, true);
    assertEquals((await exchange.closed).keepAlive, true);
    assertEquals(await exchange.text(), "");
    await client.close();
  }
});

for (const length of [1, 2, 3, 100]) {
  Deno.test(`exchange fills views of ${length} bytes of a BYOB reader`, async () => {
    const { client, server } = openPipe();
    server.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    server.write("5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n");
    const exchange = await client.exchange(get());

    const reader = exchange.body.getReader({ mode: "byob" });
    let text = "";
    while (true) {
      const { value, done } = await reader.read(new Uint8Array(length));
      // At the end the view comes back, empty.
      assertEquals(value?.buffer.byteLength, length);
      if (done) break;
      text += toText(value);
    }
    assertEquals(text, "hello world");
    assertEquals((await exchange.closed).keepAlive, true);
    await client.close();
  });
}

Deno.test("exchange gives a BYOB reader no less than the minimum it asks for", async () => {
  const { client, server } = openPipe();
  server.write("HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nhe");
  const exchange = await client.exchange(get());
  const reader = exchange.body.getReader({ mode: "byob" });
  const reading = reader.read(new Uint8Array(20), { min: 8 });
  for (const piece of ["l", "lo", " ", "worl", "d"]) server.write(piece);
  const { value } = await reading;
  assertEquals(toText(value!), "hello worl");
  assertEquals(
    toText((await reader.read(new Uint8Array(20))).value!),
    "d",
  );
  assertEquals((await reader.read(new Uint8Array(20))).done, true);
  await client.close();
});

Deno.test("exchange gives a BYOB reader the last bytes, if they are fewer than its minimum", async () => {
  const { client, server } = openPipe();
  server.write("HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nhello world");
  const exchange = await client.exchange(get());
  const reader = exchange.body.getReader({ mode: "byob" });
  const reads: [string, boolean][] = [];
  for (let i = 0; i < 2; i++) {
    const { value, done } = await reader.read(new Uint8Array(8), { min: 8 });
    reads.push([toText(value!), done]);
  }
  assertEquals(reads, [["hello wo", false], ["rld", true]]);
  assertEquals((await exchange.closed).keepAlive, true);
  await client.close();
});

Deno.test("exchange rejects a read of words that the body's end cuts, and ends all the same", async () => {
  for (const end of ["length", "close"]) {
    const { client, server } = openPipe();
    server.write(
      end === "length"
        ? "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsi"
        : "HTTP/1.1 200 OK\r\n\r\nsi",
    );
    const exchange = await client.exchange(get());
    const reader = exchange.body.getReader({ mode: "byob" });
    const first = reader.read(new Uint32Array(2));
    server.write("x by");
    if (end === "close") server.close();
    assertEquals((await first).value!.length, 1);
    await assertRejects(() => reader.read(new Uint32Array(2)), TypeError);
    assertEquals((await exchange.closed).keepAlive, end === "length");
    assertEquals([...await exchange.trailers], []);
    await client.close();
    await server.closed;
  }
});

Deno.test("exchange ends a BYOB read that waits, where the connection ends the body", async () => {
  const { client, server } = openPipe();
  server.write("HTTP/1.1 200 OK\r\n\r\nhi");
  const exchange = await client.exchange(get());
  const reader = exchange.body.getReader({ mode: "byob" });
  const first = await reader.read(new Uint8Array(8));
  assertEquals(toText(first.value!), "hi");
  const next = reader.read(new Uint8Array(8));
  server.close();
  const { value, done } = await next;
  assertEquals([value?.length, done], [0, true]);
});

Deno.test("exchange reads a response that has come before the request went out", async () => {
  const { client, server } = openPipe({ capacity: 0 });
  server.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
  const exchange = await client.exchange(get());
  const text = exchange.text();
  assertEquals(await text, "hi");
  // The server never read the request, so nothing may follow it.
  assertEquals((await exchange.closed).closeReason, "RequestIncomplete");
  assertEquals(client.reusable, false);
  await server.closed;
});

Deno.test("exchange carries one request after the other, by every way of reading", async () => {
  const { client, server } = openPipe();
  const read: string[] = [];
  for (let i = 0; i < 3; i++) {
    server.write("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n" + i);
    read.push(await (await client.exchange(get())).text());

    server.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    server.write("1\r\na\r\n0\r\n\r\n");
    read.push(await drain((await client.exchange(get())).body));

    server.write("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nb");
    read.push((await client.send(get())).response.text());
  }
  assertEquals(read.join(""), "0ab1ab2ab");
  assertEquals(client.reusable, true);
  await client.close();
  assertEquals((await server.readToEnd()).split("GET / ").length, 10);
});

Deno.test("exchange starts as soon as the last byte of the one before was read", async () => {
  const { client, server } = openPipe();
  server.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
  const first = await client.exchange(get());
  const reader = first.body.getReader();
  assertEquals(toText((await reader.read()).value!), "hi");

  server.write("HTTP/1.1 204 No Content\r\n\r\n");
  const second = await client.exchange(get());
  assertEquals(second.response.status, 204);
  assertEquals((await reader.read()).done, true);
  await client.close();
});

Deno.test("exchange rejects every call while the body is unread, and goes on", async () => {
  const { client, server } = openPipe();
  server.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n");
  const waiting = client.exchange(get());
  await assertRejects(() => client.exchange(get()), TypeError, "in a call");

  const exchange = await waiting;
  assertEquals(client.reusable, false);
  await assertRejects(() => client.exchange(get()), TypeError, "in a call");
  await assertRejects(() => client.send(get()), TypeError, "in a call");
  assertInstanceOf(
    await rejection(Promise.resolve().then(() => client.detach())),
    TypeError,
  );
  server.write("hi");
  assertEquals(await exchange.text(), "hi");
  assertEquals(client.reusable, true);
  await client.close();
});

Deno.test("exchange rejects a call on a connection that is closed", async () => {
  const { client } = openPipe();
  await client.close();
  await assertRejects(() => client.exchange(get()), TypeError, "closed");
});

Deno.test("exchange closes the connection where bytes follow the response", async () => {
  for (const bytes of [true, false]) {
    const { client, server } = openPipe({ bytes });
    server.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhiHTTP/1.1 200");
    const exchange = await client.exchange(get());
    assertEquals(await exchange.text(), "hi");
    assertEquals(client.reusable, false);
    await server.closed;
  }
});

Deno.test("exchange rejects a limit that is no whole number, before it writes", async () => {
  const { client, server } = openPipe();
  const limits = { maxHeadBytes: -1 };
  await assertRejects(() => client.exchange(get(), limits), RangeError);
  assertEquals(client.reusable, true);
  await client.close();
  assertEquals(await server.readToEnd(), "");
});

Deno.test("exchange holds the response to the limits of the client and of the call", async () => {
  const head = "HTTP/1.1 200 OK\r\nX: 0123456789\r\nContent-Length: 0\r\n\r\n";
  for (const [own, given] of [[20, undefined], [undefined, 20], [99, 20]]) {
    const { client: stream, server } = pipe();
    const client = new HttpClient(
      stream,
      own === undefined ? {} : { maxHeadBytes: own },
    );
    server.write(head);
    const error = await rejection(
      client.exchange(
        get(),
        given === undefined ? {} : { maxHeadBytes: given },
      ),
    );
    assertEquals((error as { code?: string }).code, "HeadTooLarge");
    await server.closed;
  }
});
