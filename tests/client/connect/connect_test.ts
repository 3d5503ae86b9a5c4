// How `HttpClient.connect` calls a connector, and a few whole connections.

import {
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStrictEquals,
} from "@std/assert";
import { HttpError, HttpRequest } from "@pimalaya/io-http";
import {
  HttpClient,
  type HttpConnection,
  type HttpConnectOptions,
} from "@pimalaya/io-http/client";
import { CA, CLIENT, NAMED, SERVER } from "../../_tls.ts";
import { fails, rejection, watchedSignal } from "../_client.ts";

const TLS = { caCerts: [CA] };
const LOCAL = { hostname: "127.0.0.1", port: 0 };

/** Returns the arguments of a connector: the target, and the server's name. */
async function asked(
  url: string | URL,
  options: HttpConnectOptions = {},
): Promise<unknown[]> {
  const log: unknown[] = [];
  const connect = (target: unknown): Promise<HttpConnection> => {
    log.push(target);
    return Promise.resolve({
      info: { remote: null, local: null, tls: null },
      ...new TransformStream<Uint8Array, Uint8Array>(),
      startTls: ({ serverName }) => {
        log.push(serverName);
        return Promise.reject(new TypeError("Enough"));
      },
    });
  };
  await HttpClient.connect(url, { connector: { connect }, ...options })
    .then((client) => client.close(), () => {});
  return log;
}

Deno.test("connect connects to the address of the URL or the options, and checks the URL's name", async () => {
  const to = (hostname: string, port: number) => ({ hostname, port });
  for (
    const [url, options, ...expected] of [
      ["http://a.test/b?c#d", {}, to("a.test", 80)],
      [new URL("http://a.test:81"), {}, to("a.test", 81)],
      ["http://[::1]:81/", {}, to("::1", 81)],
      ["https://a.test", {}, to("a.test", 443), "a.test"],
      ["https://[::1]/", {}, to("::1", 443), "::1"],
      ["https://a.test", { hostname: "b" }, to("b", 443), "a.test"],
      ["https://a.test:1", { port: 2 }, to("a.test", 2), "a.test"],
      ["https://a.test", { tls: { serverName: "c" } }, to("a.test", 443), "c"],
      ["http://a.test", { unixPath: "/s" }, { unixPath: "/s" }],
      ["https://a.test", { unixPath: "/s" }, { unixPath: "/s" }, "a.test"],
    ] as [string | URL, HttpConnectOptions, ...unknown[]][]
  ) {
    assertEquals(await asked(url, options), expected);
  }
});

type ErrorClass = typeof RangeError | typeof HttpError;

Deno.test("connect rejects mistakes, before it connects", async () => {
  const connect = () => Promise.reject(new Error("It connects"));
  for (
    const [url, options, message, type = TypeError] of [
      ["a", {}, "URL"],
      ["ftp://a.test/", {}, '"ftp:"'],
      [`x${"y".repeat(100)}:z`, {}, `"x${"y".repeat(39)}..."`],
      ["http://a.test/", { tls: {} }, "`tls` is for https"],
      ["http://a.test/", { unixPath: "/s", port: 1 }, "`unixPath`"],
      ["http://a.test/", { unixPath: "/s", hostname: "b" }, "`unixPath`"],
      ["http://a.test/", { unixPath: "" }, "Unix path"],
      ["http://a.test/", { unixPath: "/s\0t" }, '"/s\\x00t"'],
      ["http://a.test/", { hostname: "" }, '"" is not a host'],
      ["http://a.test/", { hostname: "a\0b" }, '"a\\x00b" is not a host'],
      ["http://a.test/", { hostname: "a b" }, '"a b" is not a host'],
      ["http://a.test/", { port: 0 }, "port 0 ", RangeError],
      ["http://a.test/", { port: 1.5 }, "port 1.5 ", RangeError],
      ["http://a.test/", { port: 65536 }, "port 65536 ", RangeError],
      ["http://a.test:0/", {}, "a.test:0: the port is reserved", HttpError],
      ["http://a.test/", { origin: "x:/" }, '"x:"'],
      ["http://a.test/", { maxHeadBytes: -1 }, "maxHeadBytes", RangeError],
      ["https://a.test/", { tls: { cert: "" } }, "`cert` and `key`"],
      ["https://a.test/", { tls: { key: "" } }, "`cert` and `key`"],
      ["https://a.test/", { tls: { alpnProtocols: "h2" } }, "Invalid tls.alpn"],
      ["https://a.test/", { connector: {} }, "Invalid connector"],
    ] as [string, object, string, ErrorClass?][]
  ) {
    const all = { connector: { connect }, ...options };
    await assertRejects(() => HttpClient.connect(url, all), type, message);
  }
  // Deno throws a TypeError, the other runtimes an error of the system.
  const tooLong = { unixPath: "/".padEnd(200, "x") };
  await fails(HttpClient.connect("http://a/", tooLong), "ConnectFailed");
  const noSignal = { connector: { connect }, signal: null } as object;
  await fails(HttpClient.connect("http://a/", noSignal), "ConnectFailed");
  const signal = AbortSignal.abort("No");
  const connecting = HttpClient.connect("http://a/", {
    signal,
    connector: { connect },
  });
  assertEquals(await rejection(connecting), "No");
});

Deno.test("connect ends a connection that no client can drive", async () => {
  const info = { remote: null, local: null, tls: null };
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  readable.getReader();
  const log: unknown[] = [];
  const abort = (reason: unknown) => log.push(reason);
  const broken = { readable, writable, info, abort };
  const connector = { connect: () => Promise.resolve(broken) };
  const connecting = HttpClient.connect("http://a/", { connector });
  const error = await assertRejects(() => connecting, TypeError, "locked");
  assertEquals(log, [error]);
});

/** A server that answers with the request's method and host. */
function serve(
  identity: { cert: string; key: string } | null,
): Deno.HttpServer<Deno.NetAddr> {
  return Deno.serve(
    { ...LOCAL, ...identity, onListen() {} },
    ({ method, headers }) => new Response(`${method} ${headers.get("host")}`),
  );
}

Deno.test("connect opens connections of the runtime's own, also elsewhere with a client certificate", async () => {
  for (
    const [identity, scheme, tls] of [
      [null, "http", undefined],
      [SERVER, "https", TLS],
      [SERVER, "https", { ...TLS, ...CLIENT }],
      [NAMED, "https", { ...TLS, ...CLIENT }],
    ] as const
  ) {
    await using server = serve(identity);
    const { hostname, port } = server.addr;
    const host = identity === NAMED ? "example.test" : "localhost";
    const url = `${scheme}://${host}:81/`;
    await using client = await HttpClient.connect(url, { hostname, port, tls });
    assertEquals(client.info?.remote, { hostname, port });
    const { response } = await client.send(HttpRequest.get(url));
    assertEquals(response.text(), `GET ${host}:81`);
  }
});

Deno.test("connect checks the certificate against the URL's host, wherever it connects", async () => {
  await using server = serve(NAMED);
  const { hostname, port } = server.addr;
  for (const host of ["localhost", "sub.example.test", "[::1]", hostname]) {
    const options = { hostname, port, tls: TLS };
    const error = await assertRejects(
      () => HttpClient.connect(`https://${host}/`, options),
      HttpError,
    );
    assertEquals(error.code, "TlsFailed");
  }
});

Deno.test("connect leaves no listener on a signal, which has no effect later", async () => {
  await using server = serve(SERVER);
  const url = `https://localhost:${server.addr.port}/`;
  for (const tls of [TLS, {}]) {
    const { signal, abort, listeners } = watchedSignal();
    const connecting = HttpClient.connect(url, { tls, signal });
    if (tls === TLS) {
      await using client = await connecting;
      assertEquals(listeners(), 0);
      abort();
      const { response } = await client.send(HttpRequest.get(url));
      assertEquals(response.status, 200);
    } else {
      assertInstanceOf(await rejection(connecting), HttpError);
      assertEquals(listeners(), 0);
    }
  }
});

Deno.test("connect rejects with a reason of any kind", async () => {
  using listener = Deno.listen(LOCAL);
  const url = `https://localhost:${listener.addr.port}/`;
  const reason = { not: "an error" };
  const { signal, abort } = watchedSignal();
  const connecting = rejection(HttpClient.connect(url, { signal }));
  using conn = await listener.accept();
  // The client's hello: the handshake has begun.
  await conn.read(new Uint8Array(10_000));
  abort(reason);
  assertStrictEquals(await connecting, reason);
});
