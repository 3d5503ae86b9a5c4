// Opening plain connections: TCP, Unix sockets, elsewhere than the URL says, and
// giving up meanwhile. TLS has tests of its own.

import {
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStrictEquals,
} from "@std/assert";
import { HttpRequest } from "@pimalaya/io-http";
import { HttpClient, type HttpConnectOptions } from "@pimalaya/io-http/client";
import {
  HI,
  readToEnd,
  readUntil,
  tcpPair,
  watchedSignal,
  writeText,
} from "./_buffered.ts";
import { rejection } from "./_exchange.ts";
import { CLIENT } from "../_tls.ts";

/** A listener that takes one connection at a time. */
function listen(hostname = "127.0.0.1"): Deno.TcpListener {
  return Deno.listen({ hostname, port: 0 });
}

/** Opens a connection, sends one request, and gives what the server saw of it. */
async function exchange(
  listener: Deno.Listener,
  url: string,
  options?: HttpConnectOptions,
): Promise<string> {
  const connecting = HttpClient.connect(url, options);
  const conn = await listener.accept();
  await using client = await connecting;
  assertEquals(client.reusable, true);
  const sending = client.send(HttpRequest.get(url));
  const wire = await readUntil(conn, "\r\n\r\n");
  await writeText(conn, HI);
  assertEquals((await sending).response.text(), "hi");
  await client.close();
  assertEquals(await readToEnd(conn), "");
  conn.close();
  return wire;
}

Deno.test("connect opens TCP to the host and port of the URL", async () => {
  using listener = listen();
  const { port } = listener.addr;
  for (
    const url of [`http://127.0.0.1:${port}/a?b#c`, `http://localhost:${port}`]
  ) {
    const wire = await exchange(listener, url);
    assertEquals(wire.includes(`\r\nHost: ${new URL(url).host}\r\n`), true);
  }
});

Deno.test("connect takes a URL object", async () => {
  using listener = listen();
  const url = new URL(`http://127.0.0.1:${listener.addr.port}/`);
  const connecting = HttpClient.connect(url);
  const conn = await listener.accept();
  await (await connecting).close();
  conn.close();
});

Deno.test("connect opens TCP to an IPv6 address without its brackets, and to default ports", async () => {
  const realConnect = Deno.connect;
  const opened: unknown[] = [];
  Deno.connect = ((options: unknown) => {
    opened.push(options);
    return Promise.reject(new Error("Seen"));
  }) as unknown as typeof Deno.connect;
  try {
    for (
      const url of ["http://[::1]:81/", "http://a.test/", "https://[::2]/"]
    ) {
      await assertRejects(() => HttpClient.connect(url), Error, "Seen");
    }
  } finally {
    Deno.connect = realConnect;
  }
  assertEquals(opened, [
    { hostname: "::1", port: 81 },
    { hostname: "a.test", port: 80 },
    { hostname: "::2", port: 443 },
  ]);
});

Deno.test("connect goes to another host and port, which the request does not name", async () => {
  using listener = listen();
  const { port } = listener.addr;
  const wire = await exchange(listener, "http://example.test/a", {
    hostname: "127.0.0.1",
    port,
  });
  assertEquals(wire, "GET /a HTTP/1.1\r\nHost: example.test\r\n\r\n");
});

Deno.test("connect goes to another host at the URL's port, and the other way round", async () => {
  using listener = listen();
  const { port } = listener.addr;
  await exchange(listener, `http://example.test:${port}/`, {
    hostname: "127.0.0.1",
  });
  await exchange(listener, "http://127.0.0.1:1/", { port });
});

Deno.test({
  name: "connect opens a Unix socket, whatever host the URL names",
  ignore: Deno.build.os === "windows",
  async fn() {
    const folder = await Deno.makeTempDir();
    const path = `${folder}/socket`;
    {
      using listener = Deno.listen({ transport: "unix", path });
      const wire = await exchange(listener, "http://example.test/a", {
        unixPath: path,
      });
      assertEquals(wire, "GET /a HTTP/1.1\r\nHost: example.test\r\n\r\n");
      const { signal, listeners } = watchedSignal();
      await exchange(listener, "http://example.test/", {
        unixPath: path,
        signal,
      });
      assertEquals(listeners(), 0);
    }
    await Deno.remove(folder, { recursive: true });
  },
});

Deno.test({
  name: "connect gives up a Unix socket that opens too late",
  ignore: Deno.build.os === "windows",
  async fn() {
    const folder = await Deno.makeTempDir();
    const unixPath = `${folder}/socket`;
    {
      using listener = Deno.listen({ transport: "unix", path: unixPath });
      const { signal, abort, listeners } = watchedSignal();
      const connecting = rejection(
        HttpClient.connect("http://a/", { unixPath, signal }),
      );
      abort("Enough");
      assertEquals(await connecting, "Enough");
      assertEquals(listeners(), 0);
      const conn = await listener.accept();
      assertEquals(await readToEnd(conn), "");
      conn.close();
    }
    await Deno.remove(folder, { recursive: true });
  },
});

Deno.test({
  name: "connect rejects where there is no Unix socket",
  ignore: Deno.build.os === "windows",
  async fn() {
    const folder = await Deno.makeTempDir();
    const unixPath = `${folder}/socket`;
    for (const signal of [undefined, new AbortController().signal]) {
      await assertRejects(
        () =>
          HttpClient.connect(
            "http://a/",
            signal === undefined ? { unixPath } : { unixPath, signal },
          ),
        Deno.errors.NotFound,
      );
    }
    await Deno.remove(folder);
  },
});

Deno.test("connect rejects where nobody listens", async () => {
  const free = listen();
  free.close();
  const closed = `http://127.0.0.1:${free.addr.port}/`;
  const { signal, listeners } = watchedSignal();
  for (const options of [{}, { signal }, { port: free.addr.port, signal }]) {
    await assertRejects(
      () => HttpClient.connect(closed, options),
      Deno.errors.ConnectionRefused,
    );
  }
  assertEquals(listeners(), 0);
});

Deno.test({
  name: "connect rejects with the reason of a signal that was aborted before",
  // Without the permission, whoever connects all the same is found out.
  permissions: { net: false, read: false, write: false },
  async fn() {
    const { signal, abort, listeners } = watchedSignal();
    const reason = { not: "an error" };
    abort(reason);
    for (
      const [url, options] of [
        ["http://127.0.0.1/", {}],
        ["https://127.0.0.1/", {}],
        ["https://127.0.0.1/", { tls: CLIENT }],
        ["http://127.0.0.1/", { unixPath: "/none" }],
      ] as const
    ) {
      const connecting = HttpClient.connect(url, { ...options, signal });
      assertStrictEquals(await rejection(connecting), reason);
    }
    assertEquals(listeners(), 0);
  },
});

Deno.test("connect rejects where the signal is aborted as the connection opens", async () => {
  const { near, far } = await tcpPair();
  const realConnect = Deno.connect;
  const opened = Promise.resolve(near);
  Deno.connect = (() => opened) as unknown as typeof Deno.connect;
  try {
    const { signal, abort } = watchedSignal();
    const connecting = rejection(
      HttpClient.connect("http://127.0.0.1/", { signal }),
    );
    abort("Enough");
    assertEquals(await connecting, "Enough");
  } finally {
    Deno.connect = realConnect;
  }
  assertEquals(await readToEnd(far), "");
  far.close();
});

Deno.test("connect rejects with the reason of a signal that is aborted meanwhile", async () => {
  using listener = listen();
  const { signal, abort, listeners } = watchedSignal();
  const url = `http://127.0.0.1:${listener.addr.port}/`;
  const connecting = rejection(HttpClient.connect(url, { signal }));
  const reason = new Error("Enough");
  abort(reason);
  assertStrictEquals(await connecting, reason);
  assertEquals(listeners(), 0);
});

Deno.test("connect closes a TLS connection that opens after the abort", async () => {
  using listener = listen();
  const { near, far } = await tcpPair();
  const realStart = Deno.startTls;
  const { signal, abort, listeners } = watchedSignal();
  Deno.startTls = ((tcp: Deno.TcpConn) => {
    tcp.close();
    abort("Enough");
    return Promise.resolve(near);
  }) as unknown as typeof Deno.startTls;
  try {
    const url = `https://127.0.0.1:${listener.addr.port}/`;
    const connecting = HttpClient.connect(url, { signal });
    assertEquals(await rejection(connecting), "Enough");
  } finally {
    Deno.startTls = realStart;
  }
  assertEquals(await readToEnd(far), "");
  assertEquals(listeners(), 0);
  far.close();
});

Deno.test("connect rejects with a timeout that is over", async () => {
  using listener = listen();
  const url = `https://127.0.0.1:${listener.addr.port}/`;
  const signal = AbortSignal.timeout(10);
  // The server takes the connection, and says nothing.
  const connecting = rejection(HttpClient.connect(url, { signal }));
  const error = await connecting;
  assertInstanceOf(error, DOMException);
  assertEquals(error.name, "TimeoutError");
});

Deno.test("connect does not hand its signal on to the client", async () => {
  using listener = listen();
  const { signal, abort, listeners } = watchedSignal();
  const url = `http://127.0.0.1:${listener.addr.port}/`;
  const connecting = HttpClient.connect(url, { signal });
  const conn = await listener.accept();
  await using client = await connecting;
  assertEquals(listeners(), 0);
  abort();
  const sending = client.send(HttpRequest.get(url));
  await readUntil(conn, "\r\n\r\n");
  await writeText(conn, HI);
  assertEquals((await sending).response.text(), "hi");
  conn.close();
});

for (
  const [what, url, options] of [
    ["a URL that is none", "not a URL", {}],
    ["a scheme other than http and https", "ftp://127.0.0.1/", {}],
    ["a web socket's scheme", "ws://127.0.0.1/", {}],
    ["TLS over a Unix socket", "https://a/", { unixPath: "/dev/null" }],
    ["a certificate without its key", "https://127.0.0.1/", {
      tls: { cert: CLIENT.cert },
    }],
    ["a key without its certificate", "https://127.0.0.1/", {
      tls: { key: CLIENT.key },
    }],
    ["a client certificate and another host", "https://a.test/", {
      tls: CLIENT,
      hostname: "127.0.0.1",
    }],
  ] as [string, string, HttpConnectOptions][]
) {
  Deno.test({
    name: `connect rejects ${what}, before it connects`,
    // Without the permission, whoever connects is found out.
    permissions: { net: false, read: false, write: false },
    async fn() {
      await assertRejects(() => HttpClient.connect(url, options), TypeError);
    },
  });
}

Deno.test("connect shows a scheme escaped and cut short", async () => {
  const url = `x${"y".repeat(100)}:z`;
  await assertRejects(
    () => HttpClient.connect(url),
    TypeError,
    `its scheme "x${"y".repeat(39)}..." is not http or https`,
  );
});
