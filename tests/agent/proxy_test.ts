// docs/proxies.md, "What the agent does": connections through proxies, which a
// script plays. What real proxies do is in tests/interop.

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { HttpAuthBasic, HttpError, HttpRequest } from "@pimalaya/io-http";
import {
  type HttpCredentialsAsk,
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
import { expectedResponse, parseRaw } from "../auth/digest/_server.ts";
import vectors from "../vectors/connect.json" with { type: "json" };
import {
  type ProxyConn,
  type Script,
  ScriptedProxy,
} from "./_scripted_proxy.ts";

const ESTABLISHED = "HTTP/1.1 200 Connection established\r\n\r\n";
const TARGET = { hostname: "origin.test", port: 443 };
const CONNECT = "CONNECT origin.test:443 HTTP/1.1\r\nHost: origin.test:443\r\n";
const LOGIN = `Basic ${btoa("user:pa ss")}`;
const USER = "http://user:pa%20ss@";
const WITH_LOGIN = `${CONNECT}Proxy-Authorization: ${LOGIN}\r\n\r\n`;
const NEED_LOGIN = "HTTP/1.1 407 Proxy Authentication Required\r\n" +
  'Proxy-Authenticate: Basic realm="proxy"\r\n';
const EMPTY = "Content-Length: 0\r\n\r\n";
const HELLO = "Hello from the origin";

/** Reads a request and responds. */
function respond(response: string): Script {
  return async (conn) => {
    await conn.readHead();
    await conn.write(response);
  };
}

/** Reads a request, which must be the one that is expected, and opens a tunnel. */
function establish(head: string): Script {
  return async (conn) => {
    assertEquals(await conn.readHead(), head);
    await conn.write(ESTABLISHED);
  };
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
  // No byte of what the caller wants to send was written.
  const nothing = { reused: false, requestBytes: 0, responseBytes: 0 };
  assertEquals(error.progress, { phase: "connect", ...nothing });
  return error;
}

/** An origin that says hello, unless it gets what is for the proxy. */
function startOrigin(isTls: boolean): Deno.HttpServer<Deno.NetAddr> {
  const options = { hostname: "127.0.0.1", port: 0, onListen() {} };
  return Deno.serve(
    { ...options, ...(isTls && SERVER) } as Deno.ServeTcpOptions,
    ({ headers }) =>
      new Response(headers.get("proxy-authorization") === null ? HELLO : "?"),
  );
}

async function acceptConnect(conn: ProxyConn, port: number): Promise<void> {
  const authority = `localhost:${port}`;
  await establish(
    `CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`,
  )(conn);
}

async function acceptSocks(conn: ProxyConn, port: number): Promise<void> {
  assertEquals(await conn.readBytes(4), "\x05\x02\x00\x02");
  await conn.write("\x05\x02");
  assertEquals(await conn.readBytes(12), "\x01\x04user\x05pa ss");
  await conn.write("\x01\x00");
  const bytes = String.fromCharCode(port >> 8, port & 0xff);
  const request = `\x05\x01\x00\x03\x09localhost${bytes}`;
  assertEquals(await conn.readBytes(16), request);
  await conn.write("\x05\x00\x00\x01\x7f\x00\x00\x01\x00\x00");
}

for (
  const [scheme, start, accept] of [
    ["http", "http://", acceptConnect],
    ["https", "https://", acceptConnect],
    ["socks5", "socks5://user:pa%20ss@", acceptSocks],
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
          await accept(conn, port);
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

Deno.test("Proxies: proxyConnector names the port of the target always, and brackets IPv6", async () => {
  for (
    const [hostname, port, authority] of [
      ["a.test", 80, "a.test:80"],
      ["a.test", 443, "a.test:443"],
      ["::1", 443, "[::1]:443"],
      ["192.0.2.1", 8080, "192.0.2.1:8080"],
    ] as const
  ) {
    await using proxy = new ScriptedProxy(
      establish(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`),
    );
    const connector = proxyConnector(proxy.url("http://"));
    (await connector.connect({ hostname, port })).abort?.();
  }
});

Deno.test("Proxies: proxyConnector opens a tunnel for any 2xx, however it arrives", async () => {
  for (
    const head of [
      "HTTP/1.0 200 OK\r\n\r\n",
      "HTTP/1.1 204 No Content\r\n\r\n",
      "HTTP/1.1 299\r\nContent-Length: 100\r\nTransfer-Encoding: gzip\r\n\r\n",
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nConnection: close\r\n\r\n",
    ]
  ) {
    await using proxy = new ScriptedProxy(async (conn) => {
      await conn.readHead();
      for (const char of head) await conn.write(char);
      assertEquals(await conn.readBytes(4), "ping");
      await conn.write("pong");
    });
    const tunnel = await proxyConnector(proxy.url("http://")).connect(TARGET);
    await tunnel.writable.getWriter().write(new TextEncoder().encode("ping"));
    assertEquals(await new Response(tunnel.readable).text(), "pong");
    tunnel.abort?.();
  }
});

Deno.test("Proxies: proxyConnector gives the first bytes behind a SOCKS reply to the tunnel", async () => {
  await using proxy = new ScriptedProxy(async (conn) => {
    await conn.readBytes(3);
    await conn.write(`\x05\x00\x05\x00\x00\x01${"\x00".repeat(6)}220 ready`);
    await conn.readBytes(18);
  });
  const tunnel = await proxyConnector(proxy.url("socks5h://")).connect(TARGET);
  assertEquals(await new Response(tunnel.readable).text(), "220 ready");
  tunnel.abort?.();
});

for (const { name, wire, expect: { error: code, reason } } of vectors) {
  Deno.test(`Proxies: proxyConnector rejects with ${code} after ${name}`, async () => {
    await using proxy = new ScriptedProxy(respond(wire));
    const url = proxy.url(USER);
    const error = await failure(url);
    assertEquals(error.code, code);
    const start = "Cannot connect to origin.test:443 through the proxy " +
      `http://${url.host}: ${reason}`;
    assertEquals(error.message.slice(0, start.length), start);
    assert(!error.message.includes("pa"));
    if (code === "ProxyRefused") assertEquals(error.response?.text(), "No");
    assertEquals(proxy.connections, 1);
  });
}

Deno.test("Proxies: proxyConnector rejects with ProxyRefused if the body of a refusal is too long or cut short", async () => {
  for (
    const [length, body, cause] of [
      [2 ** 20 + 1, "x".repeat(2 ** 20 + 1), "BodyTooLarge"],
      [2, "x", "UnexpectedEof"],
    ] as const
  ) {
    const head = `HTTP/1.1 503 Busy\r\nContent-Length: ${length}\r\n\r\n`;
    await using proxy = new ScriptedProxy((conn) =>
      respond(head + body)(conn).catch(() => {}) // The client may hang up.
    );
    const error = await failure(proxy.url("http://"));
    assertEquals([error.code, error.response?.status], ["ProxyRefused", 503]);
    assertEquals((error.cause as HttpError).code, cause);
  }
});

Deno.test("Proxies: proxyConnector rejects with ProxyRefused for a refusal of SOCKS", async () => {
  await using proxy = new ScriptedProxy(async (conn) => {
    await conn.readBytes(3);
    await conn.write("\x05\x00\x05\x02");
  });
  const error = await failure(proxy.url("socks5://"));
  assertEquals(error.code, "ProxyRefused");
  assert(error.message.includes("connection not allowed by ruleset"));
});

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
    await conn.readToEnd().catch(() => "");
  }, { tls: true });
  const { code, message } = await failure(proxy.url("https://"));
  assertEquals(code, "TlsFailed");
  assert(message.includes("through the proxy https://127.0.0.1"), message);
});

for (
  const [what, times, ...scripts] of [
    [
      "on the same connection, and then ahead of it",
      2,
      async (conn: ProxyConn) => {
        assertEquals(await conn.readHead(), `${CONNECT}\r\n`);
        await conn.write(`${NEED_LOGIN}Content-Length: 5\r\n\r\nLogin`);
        await establish(WITH_LOGIN)(conn);
      },
      establish(WITH_LOGIN),
    ],
    [
      "on another connection if the proxy closes",
      1,
      respond(`${NEED_LOGIN}Connection: close\r\n${EMPTY}`),
      establish(WITH_LOGIN),
    ],
    [
      "on another connection if the proxy hangs up without a word",
      1,
      async (conn: ProxyConn) => {
        await respond(NEED_LOGIN + EMPTY)(conn);
        assertEquals(await conn.readHead(), WITH_LOGIN);
      },
      establish(WITH_LOGIN),
    ],
  ] as const
) {
  Deno.test(`Proxies: proxyConnector answers 407 ${what}`, async () => {
    await using proxy = new ScriptedProxy(scripts);
    await connectTo(proxyConnector(proxy.url(USER)), times);
    assertEquals(proxy.connections, 2);
  });
}

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

Deno.test("Proxies: proxyConnector rejects with the 407 that nobody answers, or whose answer is wrong", async () => {
  for (
    const [start, credentials, tries] of [
      ["http://", undefined, 1],
      ["http://", () => null, 1],
      ["http://user:wrong@", undefined, 2],
      ["http://", () => ({ username: "user", password: "wrong" }), 2],
    ] as const
  ) {
    let seen = 0;
    await using proxy = new ScriptedProxy(async (conn) => {
      for (; seen < tries; seen++) {
        await respond(`${NEED_LOGIN}Content-Length: 5\r\n\r\nLogin`)(conn);
      }
      assertEquals(await conn.readToEnd(), "");
    });
    const error = await failure(proxy.url(start), { credentials });
    assertEquals([error.code, error.response?.status], ["ProxyRefused", 407]);
    assertEquals(error.response?.text(), "Login");
    assertEquals([proxy.connections, seen], [1, tries]);
  }
});

Deno.test("Proxies: proxyConnector answers Digest, checks the proxy, and counts on", async () => {
  const counts: string[] = [];
  const script = (isHonest: boolean): Script => async (conn) => {
    let value: string | undefined;
    while (true) {
      const head = await conn.readHead();
      value = /^Proxy-Authorization: (.*)$/m.exec(head)?.[1];
      if (value !== undefined) break;
      await conn.write(
        "HTTP/1.1 407 Login\r\nProxy-Authenticate: Digest realm=p, " +
          `nonce=n, qop=auth, algorithm=SHA-256\r\n${EMPTY}`,
      );
    }
    const params = parseRaw(value);
    const known = { username: "user", password: "pa ss", method: "CONNECT" };
    assertEquals(params.response, `"${expectedResponse(params, known)}"`);
    assertEquals(params.uri, '"origin.test:443"');
    counts.push(params.nc!);
    const method = isHonest ? "" : "CONNECT";
    const rspauth = expectedResponse(params, { ...known, method });
    await conn.write(
      `HTTP/1.1 200 OK\r\nProxy-Authentication-Info: rspauth="${rspauth}", ` +
        `nc=${params.nc}, cnonce=${params.cnonce}\r\n\r\n`,
    );
  };
  const scripts = [script(true), script(true), script(false)];
  await using proxy = new ScriptedProxy(scripts);
  const connector = proxyConnector(proxy.url(USER));
  await connectTo(connector, 2);
  const error = await assertRejects(() => connectTo(connector), HttpError);
  assertEquals(error.code, "InvalidAuthenticationInfo");
  assertEquals(counts, ["00000001", "00000002", "00000003"]);
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
      hungUp.resolve(await conn.readToEnd().catch(() => ""));
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
    assertEquals(await conn.readToEnd(), "");
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

Deno.test("Proxies: proxyConnector throws a TypeError for what no proxy can do", async () => {
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
