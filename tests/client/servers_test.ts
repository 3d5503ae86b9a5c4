// Buffered exchanges with servers that others wrote: Deno's, and Node's as Deno
// has it. Over TCP, TLS and Unix sockets.

import { assert, assertEquals } from "@std/assert";
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
} from "node:http";
import { type AddressInfo, connect as connectNode } from "node:net";
import { HttpRequest } from "@pimalaya/io-http";
import { HttpClient } from "@pimalaya/io-http/client";
import { CA, SERVER } from "../_tls.ts";
import { drain } from "./_exchange.ts";

/** Bytes that no two places share, so that what is lost or swapped shows. */
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
async function echo(request: Request): Promise<Response> {
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
  if (pathname === "/empty") return new Response(null, { status: 204 });
  if (pathname === "/away") return Response.redirect("https://a.test/b", 307);
  if (pathname === "/once") {
    return new Response("once", { headers: { Connection: "close" } });
  }
  return new Response(
    `${request.method} ${pathname} ${request.headers.get("x-turn")}`,
  );
}

/** Starts a server of Deno's; it is on a port, or on a socket's path. */
function serve(
  options: { cert?: string; key?: string; path?: string },
): Deno.HttpServer<Deno.Addr> {
  const where = options.path === undefined
    ? { hostname: "127.0.0.1", port: 0, ...options }
    : { transport: "unix" as const, path: options.path };
  return Deno.serve(
    { ...where, onListen() {} } as Deno.ServeTcpOptions,
    echo,
  );
}

type Kind = "TCP" | "TLS" | "a Unix socket";

/** Runs a test against a server, with what opens connections to it. */
async function withServer(
  kind: Kind,
  fn: (open: () => Promise<HttpClient>, site: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  const unixPath = `${folder}/socket`;
  {
    await using server = serve(
      kind === "TLS" ? SERVER : kind === "TCP" ? {} : { path: unixPath },
    );
    const port = "port" in server.addr ? server.addr.port : 80;
    const site = `${kind === "TLS" ? "https" : "http"}://localhost:${port}`;
    const options = kind === "TLS"
      ? { tls: { caCerts: [CA] }, hostname: "127.0.0.1" }
      : kind === "TCP"
      ? { hostname: "127.0.0.1" }
      : { unixPath };
    await fn(() => HttpClient.connect(site, options), site);
  }
  await Deno.remove(folder, { recursive: true });
}

for (const kind of ["TCP", "TLS", "a Unix socket"] as const) {
  const ignore = kind === "a Unix socket" && Deno.build.os === "windows";

  Deno.test({
    name: `Deno.serve over ${kind} answers many requests on one connection`,
    ignore,
    fn: () =>
      withServer(kind, async (open, site) => {
        await using client = await open();
        for (let turn = 0; turn < 200; turn++) {
          const method = turn % 2 === 0 ? "GET" : "DELETE";
          const { response, keepAlive } = await client.send(
            new HttpRequest(method, `${site}/${turn}`, {
              headers: { "X-Turn": `${turn}` },
            }),
          );
          assertEquals(response.text(), `${method} /${turn} ${turn}`);
          assertEquals(keepAlive, true);
          assertEquals(client.reusable, true);
        }
      }),
  });

  Deno.test({
    name: `Deno.serve over ${kind} gives and takes some MB, intact`,
    ignore,
    fn: () =>
      withServer(kind, async (open, site) => {
        await using client = await open();
        const bytes = makeBytes(5_000_000);
        const expected = await digest(bytes);
        const down = await client.send(HttpRequest.get(`${site}/download`));
        assertEquals(down.response.body.length, bytes.length);
        assertEquals(await digest(copy(down.response.body)), expected);
        const up = HttpRequest.post(`${site}/upload`, { body: bytes });
        for (let turn = 0; turn < 2; turn++) {
          assertEquals((await client.send(up)).response.text(), expected);
        }
        const chunked = await client.send(HttpRequest.get(`${site}/chunked`));
        assertEquals(chunked.response.body.length, 140_003);
        assertEquals(chunked.response.body.subarray(70_003), makeBytes(70_000));
        up.header("Transfer-Encoding", "chunked");
        assertEquals((await client.send(up)).response.text(), expected);
        assertEquals(client.reusable, true);
      }),
  });

  Deno.test({
    name:
      `Deno.serve over ${kind} answers HTTP/1.0, HEAD, 204, a redirect, and closes`,
    ignore,
    fn: () =>
      withServer(kind, async (open, site) => {
        await using client = await open();
        const head = await client.send(HttpRequest.head(`${site}/download`));
        assertEquals(head.response.header("content-length"), "5000000");
        assertEquals(head.response.body.length, 0);
        const empty = await client.send(HttpRequest.get(`${site}/empty`));
        assertEquals(empty.response.status, 204);
        const away = await client.send(HttpRequest.get(`${site}/away`));
        assertEquals(away.redirect?.url.href, "https://a.test/b");
        assertEquals(away.redirect?.sameOrigin, false);
        const once = await client.send(HttpRequest.get(`${site}/once`));
        assertEquals(once.response.text(), "once");
        assertEquals(once.closeReason, "ResponseClose");
        assertEquals(client.reusable, false);
        await using old = await open();
        const ancient = await old.sendHttp10(HttpRequest.get(`${site}/1`));
        assertEquals(ancient.response.version, "HTTP/1.0");
        assertEquals(ancient.response.text(), "GET /1 null");
        assertEquals(ancient.keepAlive, false);
        assertEquals(old.reusable, false);
      }),
  });
}

Deno.test("Deno.serve answers many connections at once", async () => {
  await using server = serve({});
  const site = `http://127.0.0.1:${(server.addr as Deno.NetAddr).port}`;
  const expected = await digest(makeBytes(5_000_000));
  await Promise.all(Array.from({ length: 10 }, async (_, index) => {
    await using client = await HttpClient.connect(site);
    const { response } = await client.send(
      HttpRequest.get(
        index % 2 === 0 ? `${site}/download` : `${site}/${index}`,
      ),
    );
    if (index % 2 === 0) {
      assertEquals(await digest(copy(response.body)), expected);
    } else assertEquals(response.text(), `GET /${index} null`);
  }));
});

/** Runs a test against a server of Node's. */
async function withNode(
  listener: RequestListener,
  fn: (site: string, server: Server) => Promise<void>,
): Promise<void> {
  const server = createServer(listener);
  await new Promise<void>((resolve) =>
    server.listen(0, "127.0.0.1", () => resolve())
  );
  const { port } = server.address() as AddressInfo;
  try {
    await fn(`http://127.0.0.1:${port}`, server);
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const piece of request) text += piece;
  return text;
}

Deno.test("node:http answers many requests on one connection", async () => {
  await withNode(async (request, response) => {
    const body = await bodyOf(request);
    response.setHeader("X-Method", request.method!);
    response.end(`${request.url} ${body}`);
  }, async (site) => {
    await using client = await HttpClient.connect(site);
    for (let turn = 0; turn < 100; turn++) {
      const body = `${turn}`;
      const request = turn % 2 === 0
        ? HttpRequest.post(`${site}/${turn}`, { body })
        : HttpRequest.put(`${site}/${turn}`, {
          body,
          headers: { "Transfer-Encoding": "chunked" },
        });
      const { response, keepAlive } = await client.send(request);
      assertEquals(response.text(), `/${turn} ${turn}`);
      assertEquals(response.header("X-Method"), request.method);
      assertEquals(keepAlive, true);
    }
  });
});

Deno.test("node:http gives pieces as it writes them, and several fields of a name", async () => {
  await withNode((_, response) => {
    response.writeHead(200, "Good", {
      "Set-Cookie": ["a=1", "b=2"],
      "X-Empty": "",
    });
    response.write("one ");
    response.write("two ");
    response.end("three");
  }, async (site) => {
    await using client = await HttpClient.connect(site);
    const { response } = await client.send(HttpRequest.get(site));
    assertEquals(response.reason, "Good");
    assertEquals(response.headers.getAll("set-cookie"), ["a=1", "b=2"]);
    assertEquals(response.header("x-empty"), "");
    assertEquals(response.text(), "one two three");
    assertEquals(client.reusable, true);
  });
});

Deno.test("node:http refuses a large request before it has read it", async () => {
  await withNode((_, response) => {
    response.writeHead(413, { "Connection": "close" });
    response.end("too large");
  }, async (site) => {
    await using client = await HttpClient.connect(site);
    const { response, closeReason } = await client.send(
      HttpRequest.post(site, { body: new Uint8Array(50_000_000) }),
    );
    assertEquals(response.status, 413);
    assertEquals(response.text(), "too large");
    assertEquals(closeReason, "RequestIncomplete");
    assertEquals(client.reusable, false);
  });
});

Deno.test("node:http takes what sendHttp10 writes", async () => {
  await withNode(async (request, response) => {
    response.end(`${request.httpVersion} ${await bodyOf(request)}`);
  }, async (site) => {
    await using client = await HttpClient.connect(site);
    const { response, keepAlive } = await client.sendHttp10(
      HttpRequest.post(site, { body: "body" }),
    );
    assertEquals(response.text(), "1.0 body");
    assertEquals(keepAlive, false);
  });
});

Deno.test("node:http upgrades a connection, which detach then gives", async () => {
  await withNode(() => {}, async (site, server) => {
    server.on("upgrade", (_request, socket) => {
      socket.write(
        "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\n" +
          "Upgrade: echo\r\n\r\nready ",
      );
      socket.on("data", (data: Uint8Array) => socket.write(data));
      socket.on("end", () => socket.end());
    });
    const client = await HttpClient.connect(site);
    const headers = { Connection: "upgrade", Upgrade: "echo" };
    const { response, upgraded } = await client.send(
      HttpRequest.get(site, { headers }),
    );
    assertEquals(response.status, 101);
    assertEquals(upgraded, true);
    const { readable, writable } = client.detach();
    const writer = writable.getWriter();
    await writer.write(new TextEncoder().encode("hello"));
    await writer.close();
    assertEquals(await drain(readable), "ready hello");
  });
});

Deno.test("node:http tunnels to another server, and a second client goes through", async () => {
  await using inner = serve({});
  const { port } = inner.addr as Deno.NetAddr;
  await withNode(() => {}, async (site, server) => {
    server.on("connect", (request, socket) => {
      assertEquals(request.url, `127.0.0.1:${port}`);
      const far = connectNode(port, "127.0.0.1", () => {
        socket.write("HTTP/1.1 200 Connection Established\r\n\r\n");
        far.pipe(socket);
        socket.pipe(far);
      });
    });
    const proxy = await HttpClient.connect(site);
    const target = `http://127.0.0.1:${port}/`;
    const { response, upgraded } = await proxy.send(
      new HttpRequest("CONNECT", target),
    );
    assertEquals(response.status, 200);
    assert(upgraded);
    await using client = new HttpClient(proxy.detach());
    for (let turn = 0; turn < 3; turn++) {
      const { response } = await client.send(HttpRequest.get(target));
      assertEquals(response.text(), "GET / null");
      assertEquals(client.reusable, true);
    }
    const large = await client.send(HttpRequest.get(`${target}download`));
    assertEquals(
      await digest(copy(large.response.body)),
      await digest(makeBytes(5_000_000)),
    );
  });
});

function copy(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes);
}
