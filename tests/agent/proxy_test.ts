// docs/proxies.md, "What the agent does": connections through proxies that a script
// plays. Real proxies are in tests/interop.

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { HttpAuthBasic, HttpError, HttpRequest } from "@pimalaya/io-http";
import {
  type HttpCredentialsAsk,
  type HttpPassword,
  type HttpProxyConnectorOptions,
  proxyConnector,
} from "@pimalaya/io-http/agent";
import {
  denoConnector,
  HttpClient,
  type HttpConnector,
  nodeConnector,
} from "@pimalaya/io-http/client";
import { CA, SERVER } from "../_tls.ts";
import vectors from "../vectors/connect.json" with { type: "json" };
import {
  type ProxyConn,
  type Script,
  ScriptedProxy,
} from "./_scripted_proxy.ts";

const ESTABLISHED = "HTTP/1.1 200 Connection established\r\n\r\n";
const TARGET = { hostname: "origin.test", port: 443 };
const LOGIN = `Basic ${btoa("user:pa ss")}`;
const NEED_LOGIN = "HTTP/1.1 407 Proxy Authentication Required\r\n" +
  'Proxy-Authenticate: Basic realm="proxy"\r\n';
const EMPTY = "Content-Length: 0\r\n\r\n";
const HELLO = "Hello from the origin";

/** A proxy's actions on each connection, and the outcome. */
interface ConnectVector {
  readonly name: string;
  /** The start of its URL. */
  readonly proxy: string;
  readonly target?: { readonly hostname: string; readonly port: number };
  readonly credentials?: HttpPassword | null;
  /** How many tunnels are opened; one unless it is said. */
  readonly connects?: number;
  /** The bytes written into a tunnel. */
  readonly ping?: string;
  readonly connections: readonly string[][];
  readonly expect:
    | { readonly tunnel: string }
    | {
      readonly error: string;
      /** The message, or its reason. */
      readonly message?: string;
      readonly reason?: string;
      /** The body of the proxy's response. */
      readonly body?: string;
      readonly cause?: string;
    };
}

/** Reads a request and responds. */
function respond(response: string): Script {
  return async (conn) => {
    await conn.readHead();
    await conn.write(response);
  };
}

/**
 * Follows the lines: `< TEXT` is read, and must be that text or, without one,
 * the end; `> TEXT` is written, and `. TEXT` byte by byte.
 */
async function play(conn: ProxyConn, lines: readonly string[]): Promise<void> {
  for (const line of lines) {
    const text = line.slice(2);
    if (line === "<") assertEquals(await conn.reader.toEnd(), "");
    else if (line.startsWith("<")) {
      assertEquals(await conn.reader.take(text.length), text);
    } else if (line.startsWith(".")) {
      for (const char of text) await conn.write(char);
    } else await conn.write(text);
  }
}

/** Opens tunnels, and closes them. */
async function connectTo(connector: HttpConnector, times = 1): Promise<void> {
  for (let i = 0; i < times; i++) {
    (await connector.connect(TARGET)).abort?.();
  }
}

async function failure(
  proxy: URL,
  options?: HttpProxyConnectorOptions,
): Promise<HttpError> {
  const connecting = connectTo(proxyConnector(proxy, options));
  const error = await assertRejects(() => connecting, HttpError);
  // No byte of the caller's request was written.
  const nothing = { reused: false, requestBytes: 0, responseBytes: 0 };
  assertEquals(error.progress, { phase: "connect", ...nothing });
  return error;
}

/** An origin that says hello, unless it gets the proxy's credentials. */
function startOrigin(isTls: boolean): Deno.HttpServer<Deno.NetAddr> {
  const options = { hostname: "127.0.0.1", port: 0, onListen() {} };
  return Deno.serve(
    { ...options, ...(isTls && SERVER) } as Deno.ServeTcpOptions,
    ({ headers }) =>
      new Response(headers.get("proxy-authorization") === null ? HELLO : "?"),
  );
}

function connectLines(port: number): string[] {
  const authority = `localhost:${port}`;
  return [
    `< CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`,
    `> ${ESTABLISHED}`,
  ];
}

function socksLines(port: number): string[] {
  const bytes = String.fromCharCode(port >> 8, port & 0xff);
  return [
    ...["< \x05\x02\x00\x02", "> \x05\x02"],
    ...["< \x01\x04user\x05pa ss", "> \x01\x00"],
    `< \x05\x01\x00\x03\x09localhost${bytes}`,
    "> \x05\x00\x00\x01\x7f\x00\x00\x01\x00\x00",
  ];
}

for (
  const [scheme, start, linesFor] of [
    ["http", "http://", connectLines],
    ["https", "https://", connectLines],
    ["socks5", "socks5://user:pa%20ss@", socksLines],
  ] as const
) {
  for (
    const [name, connector] of Object.entries({ denoConnector, nodeConnector })
  ) {
    for (const isTls of [false, true]) {
      const what = isTls ? "TLS" : "plaintext";
      Deno.test(`Proxies: proxyConnector carries ${what} through a proxy that speaks ${scheme} (${name})`, async () => {
        await using origin = startOrigin(isTls);
        const { port } = origin.addr;
        await using proxy = new ScriptedProxy(async (conn) => {
          await play(conn, linesFor(port));
          await conn.tunnelTo(port);
        }, { tls: scheme === "https" });
        const url = `${isTls ? "https" : "http"}://localhost:${port}/`;
        const tls = { caCerts: [CA] };
        await using client = await HttpClient.connect(url, {
          connector: proxyConnector(proxy.url(start), { connector, tls }),
          ...(isTls && { tls }),
        });
        for (let i = 0; i < 2; i++) {
          const { response } = await client.send(HttpRequest.get(url));
          assertEquals(response.text(), HELLO);
        }
        assertEquals(proxy.connections, 1);
      });
    }
  }
}

for (const vector of vectors as readonly ConnectVector[]) {
  Deno.test(`Proxies: proxyConnector ${vector.name}`, async () => {
    const { proxy: start, connections, target = TARGET, expect } = vector;
    await using proxy = new ScriptedProxy(
      connections.map((lines) => (conn) => play(conn, lines)),
    );
    const url = proxy.url(start);
    const { credentials } = vector;
    const options = {
      random: () => 0.5,
      ...(credentials !== undefined && { credentials: () => credentials }),
    };
    if (!("error" in expect)) {
      const connector = proxyConnector(url, options);
      for (let i = 0; i < (vector.connects ?? 1); i++) {
        const tunnel = await connector.connect(target);
        const ping = new TextEncoder().encode(vector.ping ?? "");
        await tunnel.writable.getWriter().write(ping);
        assertEquals(await new Response(tunnel.readable).text(), expect.tunnel);
        tunnel.abort?.();
      }
    } else {
      const { code, message, response, cause } = await failure(url, options);
      assertEquals(code, expect.error);
      const via = "Cannot connect to origin.test:443 through the proxy " +
        `http://${url.host}: `;
      const text = expect.message ?? via + expect.reason;
      assert(message.includes(text), message);
      assert(!/pa(?: |%20)ss|:wrong/.test(message), message);
      if (expect.body) assertEquals(response?.text(), expect.body);
      if (expect.cause) assertEquals((cause as HttpError).code, expect.cause);
    }
    assertEquals(proxy.connections, connections.length);
  });
}

Deno.test("Proxies: proxyConnector rejects with ConnectFailed if there is no proxy", async () => {
  const proxy = new ScriptedProxy(async () => {});
  await proxy[Symbol.asyncDispose]();
  for (const start of ["http://", "https://", "socks5://"]) {
    const url = proxy.url(start);
    const { code, message } = await failure(url);
    assertEquals(code, "ConnectFailed");
    assertEquals(
      message,
      `Cannot connect to origin.test:443 through the proxy ${start}` +
        `${url.host}: Cannot connect to ${url.host}: connection refused`,
    );
  }
});

Deno.test("Proxies: proxyConnector rejects with TlsFailed if the proxy is not trusted", async () => {
  await using proxy = new ScriptedProxy(async (conn) => {
    await conn.reader.toEnd().catch(() => "");
  }, { tls: true });
  const { code, message } = await failure(proxy.url("https://"));
  assertEquals(code, "TlsFailed");
  assert(message.includes("through the proxy https://127.0.0.1"), message);
});

Deno.test("Proxies: proxyConnector asks for the credentials of a proxy once, and shares them", async () => {
  await using proxy = new ScriptedProxy(async (conn) => {
    while (!(await conn.readHead()).includes(LOGIN)) {
      await conn.write(NEED_LOGIN + EMPTY);
    }
    await conn.write(ESTABLISHED);
  });
  const asked: HttpCredentialsAsk[] = [];
  const connector = proxyConnector(proxy.url("http://"), {
    credentials: (ask) => {
      asked.push(ask);
      return new HttpAuthBasic("user", "pa ss");
    },
  });
  await connectTo(connector, 2);
  const [ask, ...others] = asked;
  assertEquals([ask?.url, ask?.proxy, others], [
    ...[proxy.url("http://"), true, []],
  ]);
  assertEquals(ask?.challenges.map(({ scheme }) => scheme), ["basic"]);
});

const STAGES: [stage: string, response: string][] = [
  ["before a response", ""],
  ["inside a head", "HTTP/1.1 200"],
  [
    "inside the body of a refusal",
    "HTTP/1.1 403 No\r\nContent-Length: 100\r\n\r\nNo",
  ],
  ["while credentials are sought", NEED_LOGIN + EMPTY],
];

for (const [stage, response] of STAGES) {
  Deno.test(`Proxies: proxyConnector rejects with the reason of its signal, and hangs up, ${stage}`, async () => {
    const reached = Promise.withResolvers<void>();
    const hungUp = Promise.withResolvers<string>();
    await using proxy = new ScriptedProxy(async (conn) => {
      await respond(response)(conn);
      if (!stage.startsWith("while")) reached.resolve();
      hungUp.resolve(await conn.reader.toEnd().catch(() => ""));
    });
    const controller = new AbortController();
    const connector = proxyConnector(proxy.url("http://"), {
      credentials: () => {
        reached.resolve();
        return new Promise(() => {});
      },
    });
    const opening = connector.connect(TARGET, { signal: controller.signal });
    await reached.promise;
    controller.abort("enough");
    assertEquals(await opening.catch((reason) => reason), "enough");
    assertEquals(await hungUp.promise, "");
  });
}

Deno.test("Proxies: proxyConnector connects through a chain of proxies", async () => {
  await using origin = startOrigin(false);
  const script: Script = async (conn) => {
    const [, port] = /^CONNECT 127.0.0.1:(\d+) /.exec(await conn.readHead())!;
    await conn.write(ESTABLISHED);
    await conn.tunnelTo(Number(port));
  };
  await using first = new ScriptedProxy(script);
  await using second = new ScriptedProxy(script);
  const connector = proxyConnector(second.url("http://"), {
    connector: proxyConnector(first.url("http://")),
  });
  const url = `http://127.0.0.1:${origin.addr.port}/`;
  await using client = await HttpClient.connect(url, { connector });
  assertEquals(
    (await client.send(HttpRequest.get(url))).response.text(),
    HELLO,
  );
});

Deno.test("Proxies: proxyConnector rejects with a TypeError for TLS inside TLS if its connector cannot", async () => {
  await using proxy = new ScriptedProxy(async (conn) => {
    await respond(ESTABLISHED)(conn);
    // Nothing that is meant for the origin arrives at the proxy in plaintext.
    assertEquals(await conn.reader.toEnd(), "");
  });
  // As on Workers: it speaks TLS, once.
  const connector: HttpConnector = {
    async connect(target, options) {
      const connection = await denoConnector.connect(target, options);
      const { info, readable, writable } = connection;
      return {
        info: { ...info, tls: { alpnProtocol: null } },
        readable,
        writable,
        abort: (reason) => connection.abort?.(reason),
      };
    },
  };
  const tunnel = proxyConnector(proxy.url("https://"), { connector });
  await assertRejects(
    () => HttpClient.connect("https://origin.test/", { connector: tunnel }),
    TypeError,
    "Cannot start TLS inside the TLS with the proxy",
  );
});

Deno.test("Proxies: proxyConnector throws a TypeError for a target that no proxy can reach", async () => {
  for (const url of ["ftp://a.test", "socks4://a.test", "http://u:p@"]) {
    const { message } = assertThrows(() => proxyConnector(url), TypeError);
    assert(!message.includes("u:p"), url);
  }
  const connector = proxyConnector("http://a.test");
  await assertRejects(
    () => connector.connect({ unixPath: "/tmp/socket" }),
    TypeError,
    "Cannot connect to a Unix socket through a proxy",
  );
});
