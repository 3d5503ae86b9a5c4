// The options of a client, and whole programs over real servers.

import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { encodeBase64 } from "@std/encoding/base64";
import { createServer, type IncomingMessage } from "node:http";
import { type AddressInfo, connect as connectTcp } from "node:net";
import { HttpRequest } from "@pimalaya/io-http";
import {
  HttpClient,
  type HttpClientOptions,
  type HttpConnector,
} from "@pimalaya/io-http/client";
import { pipe } from "../_pipe.ts";
import { toBytes, toText } from "../_text.ts";
import { CA, SERVER } from "../_tls.ts";
import { drain, get, HI, SITE } from "./_client.ts";

function openWith(options: HttpClientOptions) {
  const { client: stream, server } = pipe();
  return { client: new HttpClient(stream, options), server };
}

Deno.test("a client with an origin rejects requests for another one", async () => {
  const others = [
    "https://example.com/",
    "http://example.com:81/",
    "http://example.com.test/",
    "http://b@example.com.test/",
  ];
  for (const origin of [SITE, "http://example.com", new URL(`${SITE}a?b`)]) {
    const { client, server } = openWith({ origin });
    for (const url of others) {
      const request = HttpRequest.get(url);
      for (
        const call of [
          () => client.send(request),
          () => client.sendHttp10(request),
          () => client.exchange(request),
        ]
      ) await assertRejects(call, TypeError, "over a connection to");
    }
    assertEquals(server.received, 0);
    const allowed: [HttpRequest, ("absolute" | undefined)?][] = [
      [get()],
      [HttpRequest.get("http://user@example.com/a")],
      [HttpRequest.get("http://other.test/"), "absolute"],
      [new HttpRequest("CONNECT", "https://other.test/")],
    ];
    for (const [request, target] of allowed) {
      const sending = client.send(request, { target });
      await server.readUntil("\r\n\r\n");
      await server.write(
        request.method === "CONNECT" ? HI.replace("200", "403") : HI,
      );
      await sending;
    }
    await client.close();
  }
  for (const origin of [undefined, null]) {
    const { client, server } = openWith({ origin });
    await server.write(HI);
    await client.send(HttpRequest.get("https://other.test/"));
    await client.close();
  }
  assertThrows(() => openWith({ origin: "ftp://a/" }), TypeError);
});

Deno.test("connect sets the origin, and takes another or none", async () => {
  const connector: HttpConnector = {
    connect: () => {
      const { client: stream } = pipe();
      const info = { remote: null, local: null, tls: null };
      return Promise.resolve({ ...stream, info });
    },
  };
  const cases: [HttpClientOptions, boolean][] = [
    [{}, true],
    [{ origin: undefined }, true],
    [{ origin: "http://b/" }, false],
    [{ origin: null }, false],
  ];
  for (const [options, rejects] of cases) {
    const client = await HttpClient.connect("http://a/", {
      ...options,
      connector,
    });
    const sending = client.send(HttpRequest.get("http://b/"));
    if (rejects) await assertRejects(() => sending, TypeError, "connection to");
    await client.close();
    await sending.catch(() => {});
  }
});

Deno.test("connect passes the address and the TLS options on", async () => {
  const seen: unknown[] = [];
  const { client: stream } = pipe();
  const info = { remote: null, local: null, tls: null };
  const connector: HttpConnector = {
    connect(target) {
      seen.push(target);
      return Promise.resolve({
        ...stream,
        info,
        startTls({ serverName }) {
          seen.push(serverName);
          return Promise.reject(new TypeError("Enough"));
        },
      });
    },
  };
  const connect = (url: string, options = {}) =>
    HttpClient.connect(url, { ...options, connector });
  for (
    const [url, options] of [
      ["https://a.test/", {}],
      ["https://[::1]:8443/", {}],
      ["https://a.test/", { hostname: "b.test", port: 1 }],
      ["https://a.test/", {
        unixPath: "/tmp/x",
        tls: { serverName: "c.test" },
      }],
    ] as const
  ) await assertRejects(() => connect(url, options), TypeError, "Enough");
  assertEquals(seen, [
    { hostname: "a.test", port: 443 },
    "a.test",
    { hostname: "::1", port: 8443 },
    "::1",
    { hostname: "b.test", port: 1 },
    "a.test",
    { unixPath: "/tmp/x" },
    "c.test",
  ]);
});

Deno.test("connect rejects options that contradict each other, before it connects", async () => {
  const connector: HttpConnector = {
    connect: () => Promise.reject(new Error("It was called")),
  };
  for (
    const [url, options] of [
      ["http://a/", { tls: {} }],
      ["ftp://a/", {}],
      ["http://a/", { unixPath: "/x", hostname: "b" }],
      ["http://a/", { unixPath: "/x", port: 1 }],
      ["http://a/", { origin: "x:/" }],
    ] as const
  ) {
    const options_ = { ...options, connector };
    await assertRejects(() => HttpClient.connect(url, options_), TypeError);
  }
  await assertRejects(
    () => HttpClient.connect("http://a/", { maxHeadBytes: -1, connector }),
    RangeError,
  );
  const signal = AbortSignal.abort("No");
  const error = await HttpClient.connect("http://a/", { signal, connector })
    .catch((error) => error);
  assertEquals(error, "No");
});

/** Bytes that no two places share, so that whatever is lost or swapped shows. */
function makeBytes(length: number): Uint8Array<ArrayBuffer> {
  const words = new Uint32Array(Math.ceil(length / 4));
  for (let at = 0; at < words.length; at++) words[at] = at * 2654435761;
  return new Uint8Array(words.buffer, 0, length);
}

async function digest(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const hash = await crypto.subtle.digest("SHA-256", bytes);
  return new Uint8Array(hash).toHex();
}

/** Answers with what was asked, and with how much of it. */
async function answer(request: Request): Promise<Response> {
  const { pathname } = new URL(request.url);
  if (pathname === "/download") return new Response(makeBytes(5_000_000));
  if (pathname === "/chunked") {
    return new Response(
      ReadableStream.from([makeBytes(70_000), makeBytes(3), makeBytes(70_000)]),
    );
  }
  if (pathname === "/upload") {
    return new Response(await digest(await request.bytes()));
  }
  if (pathname === "/away") return Response.redirect("https://a.test/b", 307);
  if (pathname === "/once") {
    return new Response("once", { headers: { Connection: "close" } });
  }
  return new Response(`${request.method} ${pathname}`);
}

/** Runs a test against a server of Deno's, over TCP, TLS, or a Unix socket. */
async function withServer(
  kind: string,
  test: (open: () => Promise<HttpClient>, site: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  const unixPath = `${folder}/socket`;
  const where = kind === "a Unix socket"
    ? { transport: "unix" as const, path: unixPath }
    : { hostname: "127.0.0.1", port: 0, ...(kind === "TLS" && SERVER) };
  {
    await using server = Deno.serve(
      { ...where, onListen() {} } as Deno.ServeTcpOptions,
      answer,
    );
    const port = "port" in server.addr ? server.addr.port : 80;
    const site = `${kind === "TLS" ? "https" : "http"}://localhost:${port}`;
    const options = kind === "TLS"
      ? { tls: { caCerts: [CA] }, hostname: "127.0.0.1" }
      : kind === "TCP"
      ? { hostname: "127.0.0.1" }
      : { unixPath };
    await test(() => HttpClient.connect(site, options), site);
  }
  await Deno.remove(folder, { recursive: true });
}

for (const kind of ["TCP", "TLS", "a Unix socket"]) {
  Deno.test({
    name: `a client talks to Deno.serve over ${kind}`,
    ignore: kind === "a Unix socket" && Deno.build.os === "windows",
    fn: () =>
      withServer(kind, async (open, site) => {
        await using client = await open();
        assertEquals(client.info?.tls === null, kind !== "TLS");
        const body = makeBytes(5_000_000);
        const expected = await digest(body);
        for (let turn = 0; turn < 20; turn++) {
          const sent = await client.send(HttpRequest.delete(`${site}/${turn}`));
          assertEquals(sent.response.text(), `DELETE /${turn}`);
          assertEquals(sent.reused, turn > 0);
        }
        const down = await client.send(HttpRequest.get(`${site}/download`));
        assertEquals(
          await digest(new Uint8Array(down.response.body)),
          expected,
        );
        const streamed = await client.exchange(
          HttpRequest.get(`${site}/download`),
        );
        assertEquals(await digest(await streamed.bytes()), expected);
        const chunked = await client.send(HttpRequest.get(`${site}/chunked`));
        assertEquals(chunked.response.body.subarray(70_003), makeBytes(70_000));
        const up = HttpRequest.post(`${site}/upload`, { body });
        assertEquals((await client.send(up)).response.text(), expected);
        const pieces = [body.subarray(0, 9), body.subarray(9)];
        const piecewise = await client.exchange(up, {
          body: ReadableStream.from(pieces),
        });
        assertEquals(await piecewise.text(), expected);
        const head = await client.send(HttpRequest.head(`${site}/download`));
        assertEquals(head.response.header("content-length"), "5000000");
        const away = await client.send(HttpRequest.get(`${site}/away`));
        assertEquals(away.redirect?.url.href, "https://a.test/b");
        const once = await client.send(HttpRequest.get(`${site}/once`));
        assertEquals(once.closeReason, "ResponseClose");
        await client.ended;
        await using old = await open();
        const ancient = await old.sendHttp10(HttpRequest.get(`${site}/1`));
        assertEquals(ancient.response.version, "HTTP/1.0");
        assertEquals(ancient.response.text(), "GET /1");
      }),
  });
}

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

Deno.test("a client opens a WebSocket, and detach carries its frames", async () => {
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
  const accept = toBytes(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`);
  assertEquals(
    exchange.response.header("sec-websocket-accept"),
    encodeBase64(await crypto.subtle.digest("SHA-1", accept)),
  );
  const { readable, writable } = exchange.detach();
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

Deno.test("a client tunnels through a proxy to http and https", async () => {
  const proxy = createServer();
  proxy.on("connect", ({ url = "" }: IncomingMessage, down) => {
    const [hostname, port] = url.split(":");
    const up = connectTcp(Number(port), hostname, () => {
      down.write("HTTP/1.1 200 Connection established\r\n\r\n");
      up.pipe(down).pipe(up);
    });
    up.on("error", () => down.destroy());
    down.on("error", () => up.destroy());
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  const { port } = proxy.address() as AddressInfo;
  for (const kind of ["TCP", "TLS"]) {
    await withServer(kind, async (_, site) => {
      const target = site.replace("localhost", "127.0.0.1") + "/";
      const outer = await HttpClient.connect(`http://127.0.0.1:${port}/`);
      const request = new HttpRequest("CONNECT", target);
      const { response } = await outer.send(request);
      assertEquals(response.status, 200);
      const tunnel = outer.detach();
      const connection = kind === "TCP" ? tunnel : await tunnel.startTls!({
        serverName: "localhost",
        caCerts: [CA],
      });
      await using client = new HttpClient(connection, { origin: target });
      for (let turn = 0; turn < 3; turn++) {
        const { response } = await client.send(
          HttpRequest.get(`${target}${turn}`),
        );
        assertEquals(response.text(), `GET /${turn}`);
      }
    });
  }
  await new Promise((resolve) => proxy.close(resolve));
});

Deno.test("a detached socket carries a raw protocol both ways", async () => {
  const server = createServer();
  server.on("upgrade", (_request, socket) => {
    socket.write(
      "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\n" +
        "Upgrade: echo\r\n\r\nready ",
    );
    socket.pipe(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}/`;
  const client = await HttpClient.connect(url);
  const headers = { Connection: "upgrade", Upgrade: "echo" };
  await client.send(HttpRequest.get(url, { headers }));
  const { readable, writable } = client.detach();
  const writer = writable.getWriter();
  const text = "x".repeat(3_000_000);
  const writing = writer.write(toBytes(text)).then(() => writer.close());
  assertEquals(await drain(readable) === `ready ${text}`, true);
  await writing;
  await new Promise((resolve) => server.close(resolve));
});
