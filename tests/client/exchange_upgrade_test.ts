// Connections that speak something else after the head: a 101 (RFC 9110 §7.8) and
// a 2xx answer to CONNECT (RFC 9110 §9.3.6).

import {
  assertEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { encodeBase64 } from "@std/encoding/base64";
import { HttpError, HttpRequest } from "@pimalaya/io-http";
import { type ByteStream, HttpClient } from "@pimalaya/io-http/client";
import { toBytes, toText } from "../_text.ts";
import { drain, get, openPipe, post, streamOf } from "./_exchange.ts";
import { overTls, startProxy } from "./_tunnel.ts";

const SWITCH = "HTTP/1.1 101 Switching Protocols\r\n" +
  "Connection: Upgrade\r\nUpgrade: echo\r\n\r\n";
const UPGRADED = { keepAlive: false, closeReason: "Upgraded" } as const;

function upgrade(): HttpRequest {
  return get().header("Connection", "Upgrade").header("Upgrade", "echo");
}

function connect(): HttpRequest {
  return new HttpRequest("CONNECT", "http://origin.test:8443/");
}

for (const bytes of [true, false]) {
  const kind = bytes ? "a byte stream" : "a stream of pieces";

  for (
    const [name, request, head] of [
      ["a 101", upgrade(), SWITCH],
      ["a 200 to CONNECT", connect(), "HTTP/1.1 200 Open\r\n\r\n"],
      [
        "a 204 to CONNECT that names a body",
        connect(),
        "HTTP/1.1 204 Open\r\nContent-Length: 9\r\n" +
        "Transfer-Encoding: chunked\r\n\r\n",
      ],
    ] as const
  ) {
    for (const early of ["", "early"]) {
      Deno.test(`exchange is upgraded by ${name} over ${kind}, with ${early.length} bytes behind it`, async () => {
        const { client, server } = openPipe({ bytes });
        server.write(head + early);
        const exchange = await client.exchange(request);
        assertEquals(exchange.upgraded, true);
        assertEquals(await exchange.closed, UPGRADED);
        assertEquals([...await exchange.trailers], []);
        assertEquals(await drain(exchange.body), "");
        assertEquals(client.reusable, false);
        await assertRejects(
          () => client.exchange(get()),
          TypeError,
          "upgraded",
        );

        // The bytes that came with the head are first.
        const { readable, writable } = client.detach();
        assertThrows(() => client.detach(), TypeError, "detached");
        // Which does nothing from here on.
        await client.close();
        await server.readUntil("\r\n\r\n");
        const writer = writable.getWriter();
        await writer.write(toBytes("up"));
        assertEquals(await server.readUntil("up"), "up");
        server.write("down");
        server.close();
        assertEquals(await drain(readable), `${early}down`);
        await writer.close();
        await server.closed;
      });
    }
  }
}

Deno.test("exchange leaves a detached connection alone when its signal aborts", async () => {
  const { client, server } = openPipe();
  const controller = new AbortController();
  server.write(SWITCH);
  const { signal } = controller;
  const exchange = await client.exchange(upgrade(), { signal });
  await exchange.closed;
  const { readable, writable } = client.detach();
  controller.abort("Late");
  server.write("down");
  server.close();
  assertEquals(await drain(readable), "down");
  assertEquals(server.isClosed, false);
  await writable.close();
});

Deno.test("exchange closes an upgraded connection that nobody detaches", async () => {
  const { client, server } = openPipe();
  server.write(SWITCH + "early");
  await client.exchange(upgrade());
  await client.close();
  await server.closed;
  assertThrows(() => client.detach(), TypeError, "closed");
});

Deno.test("exchange gives an upgraded exchange an empty body, and no Response", async () => {
  const { client, server } = openPipe();
  server.write(SWITCH + "early");
  const exchange = await client.exchange(upgrade());
  // A Response has no status 101; trying does not take the body.
  assertThrows(() => exchange.toResponse(), RangeError);
  assertEquals(await exchange.text(), "");
  await client.close();
  await server.closed;
});

Deno.test("exchange rejects a 101 that it did not ask for", async () => {
  const { client, server } = openPipe();
  const { body } = streamOf([], "hang");
  server.write(SWITCH);
  const error = await assertRejects(
    () => client.exchange(post(), { body }),
    HttpError,
  );
  assertEquals(error.code, "UnexpectedUpgrade");
  await server.closed;
});

Deno.test("exchange reads an answer that does not upgrade like any other", async () => {
  const cases: [HttpRequest, string][] = [
    [upgrade(), "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno"],
    [connect(), "HTTP/1.1 407 No\r\nContent-Length: 2\r\n\r\nno"],
    [connect(), "HTTP/1.1 302 No\r\nContent-Length: 2\r\n\r\nno"],
  ];
  for (const [request, response] of cases) {
    const { client, server } = openPipe();
    server.write(response);
    const exchange = await client.exchange(request);
    assertEquals(exchange.upgraded, false);
    assertEquals(await exchange.text(), "no");
    assertEquals((await exchange.closed).keepAlive, true);
    assertEquals(client.reusable, true);
    await client.close();
  }
});

Deno.test("exchange writes CONNECT with host and port", async () => {
  const { client, server } = openPipe();
  server.write("HTTP/1.1 200 OK\r\n\r\n");
  await client.exchange(connect());
  assertEquals(
    await server.readUntil("\r\n\r\n"),
    "CONNECT origin.test:8443 HTTP/1.1\r\nHost: origin.test:8443\r\n\r\n",
  );
  await client.close();
});

Deno.test("exchange gives the early bytes of a socket first, and each half ends alone", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const url = `http://127.0.0.1:${(listener.addr as Deno.NetAddr).port}/`;
  await using client = await HttpClient.connect(url);
  const request = HttpRequest.get(url)
    .header("Connection", "Upgrade").header("Upgrade", "echo");
  const exchanging = client.exchange(request);
  using conn = await listener.accept();
  await conn.read(new Uint8Array(1000));
  await conn.write(toBytes(`${SWITCH}early `));

  const exchange = await exchanging;
  assertEquals(await exchange.closed, UPGRADED);
  const { readable, writable } = client.detach();
  await writable.close();
  // End of file, and what is said after it still comes in.
  assertEquals(await conn.read(new Uint8Array(10)), null);
  await conn.write(toBytes("late"));
  await conn.closeWrite();
  assertEquals(await drain(readable), "early late");
});

Deno.test("exchange closes a detached socket whose end cuts a word that is read", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const url = `http://127.0.0.1:${(listener.addr as Deno.NetAddr).port}/`;
  const client = await HttpClient.connect(url);
  const request = HttpRequest.get(url)
    .header("Connection", "Upgrade").header("Upgrade", "echo");
  const exchanging = client.exchange(request);
  using conn = await listener.accept();
  await conn.read(new Uint8Array(1000));
  await conn.write(toBytes(`${SWITCH}six by`));
  await exchanging;
  const { readable, writable } = client.detach();
  const reader = readable.getReader({ mode: "byob" });
  assertEquals((await reader.read(new Uint32Array(2))).value!.length, 1);
  await conn.closeWrite();
  await assertRejects(() => reader.read(new Uint32Array(2)), TypeError);
  await writable.close();
  assertEquals(await conn.read(new Uint8Array(10)), null);
});

/** Reads one small, unmasked frame of a WebSocket (RFC 6455 §5.2). */
async function readFrame(
  reader: ReadableStreamDefaultReader<Uint8Array>,
): Promise<{ opcode: number; payload: string }> {
  let bytes = "";
  while (bytes.length < 2 || bytes.length < 2 + bytes.charCodeAt(1)) {
    const { value, done } = await reader.read();
    if (done) throw new Error("The WebSocket ended inside a frame");
    bytes += toText(value);
  }
  const opcode = bytes.charCodeAt(0) & 0x0f;
  return { opcode, payload: bytes.slice(2, 2 + bytes.charCodeAt(1)) };
}

/** One masked frame of a WebSocket. */
function frame(opcode: number, payload: string): Uint8Array {
  const mask = [0x12, 0x34, 0x56, 0x78];
  return Uint8Array.from([
    0x80 | opcode,
    0x80 | payload.length,
    ...mask,
    ...toBytes(payload).map((byte, at) => byte ^ mask[at % 4]!),
  ]);
}

/** What a server must make of a key (RFC 6455 §4.2.2). */
async function acceptOf(key: string): Promise<string> {
  const text = toBytes(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`);
  return encodeBase64(await crypto.subtle.digest("SHA-1", text));
}

Deno.test("exchange opens a WebSocket, and detach carries its frames", async () => {
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    (request) => {
      const { socket, response } = Deno.upgradeWebSocket(request);
      socket.onmessage = ({ data }) => socket.send(`echo of ${data}`);
      return response;
    },
  );
  const url = `http://127.0.0.1:${server.addr.port}/`;
  await using client = await HttpClient.connect(url);
  const key = "AAECAwQFBgcICQoLDA0ODw==";
  const exchange = await client.exchange(HttpRequest.get(url, {
    headers: {
      Connection: "Upgrade",
      Upgrade: "websocket",
      "Sec-WebSocket-Key": key,
      "Sec-WebSocket-Version": "13",
    },
  }));
  assertEquals(exchange.response.status, 101);
  assertEquals(exchange.upgraded, true);
  assertEquals(
    exchange.response.header("sec-websocket-accept"),
    await acceptOf(key),
  );
  assertEquals(await exchange.closed, UPGRADED);

  const { readable, writable } = client.detach();
  const writer = writable.getWriter();
  const reader = readable.getReader();
  await writer.write(frame(1, "hello"));
  assertEquals(await readFrame(reader), {
    opcode: 1,
    payload: "echo of hello",
  });
  // A close frame each, and then end of file.
  await writer.write(frame(8, "\x03\xe8"));
  assertEquals((await readFrame(reader)).opcode, 8);
  assertEquals((await reader.read()).done, true);
  await writer.close();
});

const cert = (name: string) =>
  Deno.readTextFileSync(new URL(`../certs/${name}`, import.meta.url));

Deno.test("exchange tunnels through a proxy to a TLS origin", async () => {
  await using origin = Deno.serve({
    hostname: "127.0.0.1",
    port: 0,
    cert: cert("server.pem"),
    key: cert("server.key"),
    onListen() {},
  }, async (request) => {
    const body = await request.text();
    return new Response(`${request.method} ${request.url} ${body}`);
  });
  await using proxy = await startProxy();
  await using client = await HttpClient.connect(proxy.url);

  const site = `https://localhost:${origin.addr.port}/`;
  const exchange = await client.exchange(
    new HttpRequest("CONNECT", site),
  );
  assertEquals(exchange.response.status, 200);
  assertEquals(await exchange.closed, UPGRADED);
  assertEquals(proxy.targets, [`localhost:${origin.addr.port}`]);

  const stream: ByteStream = await overTls(client.detach(), {
    servername: "localhost",
    ca: cert("ca.pem"),
  });
  await using inner = new HttpClient(stream);
  for (let i = 0; i < 2; i++) {
    const { body } = streamOf(["up", "load"]);
    const answer = await inner.exchange(HttpRequest.put(`${site}${i}`), {
      body,
    });
    assertEquals(answer.response.status, 200);
    assertEquals(await answer.text(), `PUT ${site}${i} upload`);
    assertEquals((await answer.closed).keepAlive, true);
  }
});

Deno.test("exchange gives the answer of a proxy that refuses a tunnel", async () => {
  await using proxy = await startProxy();
  await using client = await HttpClient.connect(proxy.url);
  const request = new HttpRequest("CONNECT", "https://refused.invalid/");
  const exchange = await client.exchange(request);
  assertEquals(exchange.response.status, 502);
  assertEquals(exchange.upgraded, false);
  assertStringIncludes(await exchange.text(), "refused.invalid:443");
});
