// What `HttpClient.connect` asks of a connector, and a few whole connections.

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
import { toBytes, toText } from "../../_text.ts";
import { CA, CLIENT, NAMED, SERVER } from "../../_tls.ts";

const TLS = { caCerts: [CA] };

/** Returns what is asked of a connector: the target, and the server's name. */
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

Deno.test("connect goes where the URL or the options say, and checks the URL's name", async () => {
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

Deno.test("connect rejects options that contradict each other, before it connects", async () => {
  for (
    const [url, options, message] of [
      ["a", {}, "URL"],
      ["ftp://a.test/", {}, '"ftp:"'],
      [`x${"y".repeat(100)}:z`, {}, `"x${"y".repeat(39)}..."`],
      ["http://a.test/", { tls: {} }, "`tls` is for https"],
      ["http://a.test/", { unixPath: "/s", port: 1 }, "`unixPath`"],
      ["https://a.test/", { tls: { cert: "" } }, "`cert` and `key`"],
      ["https://a.test/", { tls: { key: "" } }, "`cert` and `key`"],
    ] as [string, HttpConnectOptions, string][]
  ) {
    const connect = () => {
      throw new Error("It connects");
    };
    const all = { connector: { connect }, ...options };
    await assertRejects(
      () => HttpClient.connect(url, all),
      TypeError,
      message,
    );
  }
});

/** Accepts connections, and answers one request on each. */
function serve(identity: { cert: string; key: string } | null): Deno.Listener {
  const local = { hostname: "127.0.0.1", port: 0 };
  const listener = identity === null
    ? Deno.listen(local)
    : Deno.listenTls({ ...local, ...identity });
  (async () => {
    for await (const conn of listener) {
      const buffer = new Uint8Array(1000);
      try {
        const length = await conn.read(buffer) ?? 0;
        const text = toText(buffer.subarray(0, length));
        const head =
          `HTTP/1.1 200 OK\r\nContent-Length: ${text.length}\r\n\r\n`;
        await conn.write(toBytes(head + text));
        await conn.read(buffer);
      } catch {
        // The client refused the certificate.
      }
      conn.close();
    }
  })();
  return listener;
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
    using listener = serve(identity);
    const { hostname, port } = listener.addr as Deno.NetAddr;
    const host = identity === NAMED ? "example.test" : "localhost";
    const url = `${scheme}://${host}:81/`;
    await using client = await HttpClient.connect(url, { hostname, port, tls });
    assertEquals(client.info?.remote, { hostname, port });
    const { response } = await client.send(HttpRequest.get(url));
    assertEquals(response.text(), `GET / HTTP/1.1\r\nHost: ${host}:81\r\n\r\n`);
  }
});

Deno.test("connect checks the certificate against the URL's host, wherever it connects", async () => {
  using listener = serve(NAMED);
  const { hostname, port } = listener.addr as Deno.NetAddr;
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
  using listener = serve(SERVER);
  const { port } = listener.addr as Deno.NetAddr;
  for (const tls of [TLS, {}]) {
    const controller = new AbortController();
    const { signal } = controller;
    let listeners = 0;
    const { addEventListener, removeEventListener } = signal;
    signal.addEventListener = (...args: [string, EventListener]) => {
      listeners++;
      addEventListener.apply(signal, args);
    };
    signal.removeEventListener = (...args: [string, EventListener]) => {
      listeners--;
      removeEventListener.apply(signal, args);
    };
    const url = `https://localhost:${port}/`;
    const connecting = HttpClient.connect(url, { tls, signal });
    if (tls === TLS) {
      await using client = await connecting;
      assertEquals(listeners, 0);
      controller.abort();
      const { response } = await client.send(HttpRequest.get(url));
      assertEquals(response.status, 200);
    } else {
      assertInstanceOf(await assertRejects(() => connecting), HttpError);
      assertEquals(listeners, 0);
    }
  }
});

Deno.test("connect rejects with a reason of any kind", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const url = `https://localhost:${listener.addr.port}/`;
  const reason = { not: "an error" };
  const controller = new AbortController();
  const { signal } = controller;
  const connecting = HttpClient.connect(url, { signal }).then(
    () => null,
    (reason) => reason,
  );
  const conn = await listener.accept();
  // The client's hello: the handshake has begun.
  await conn.read(new Uint8Array(10_000));
  controller.abort(reason);
  assertStrictEquals(await connecting, reason);
  conn.close();
});
