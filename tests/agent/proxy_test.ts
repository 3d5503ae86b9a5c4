// Connections through proxies, which a script plays. What real proxies do is in
// tests/interop.

import { assert, assertEquals, assertRejects } from "@std/assert";
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
import { type Script, ScriptedProxy } from "./_scripted_proxy.ts";

const ESTABLISHED = "HTTP/1.1 200 Connection established\r\n\r\n";
const TARGET = { hostname: "origin.test", port: 443 };
const CONNECT = "CONNECT origin.test:443 HTTP/1.1\r\nHost: origin.test:443\r\n";
const LOGIN = `Basic ${btoa("user:pa ss")}`;
const WITH_LOGIN = `${CONNECT}Proxy-Authorization: ${LOGIN}\r\n\r\n`;
const NEED_LOGIN = "HTTP/1.1 407 Proxy Authentication Required\r\n" +
  'Proxy-Authenticate: Basic realm="proxy"\r\n';
const EMPTY = "Content-Length: 0\r\n\r\n";

const CONNECTORS = { denoConnector, nodeConnector };

/** An origin that says what it got. */
class Origin implements AsyncDisposable {
  /** The `Proxy-Authorization` of each request. */
  readonly seen: (string | null)[] = [];
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  constructor({ tls = false } = {}) {
    const options = { hostname: "127.0.0.1", port: 0, onListen() {} };
    this.#server = Deno.serve(
      { ...options, ...(tls && SERVER) } as Deno.ServeTcpOptions,
      (request) => {
        this.seen.push(request.headers.get("proxy-authorization"));
        return new Response("Hello from the origin");
      },
    );
  }

  get port(): number {
    return this.#server.addr.port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }
}

/** Opens a tunnel, and closes it. */
async function openAndClose(
  proxy: URL,
  options: HttpProxyConnectorOptions = {},
): Promise<void> {
  const connector = proxyConnector(proxy, options);
  (await connector.connect(TARGET)).abort?.();
}

async function failure(
  proxy: URL,
  options?: HttpProxyConnectorOptions,
): Promise<HttpError> {
  const error = await assertRejects(
    () => openAndClose(proxy, options),
    HttpError,
  );
  // No byte of what the caller wants to send was written.
  assertEquals(error.progress, {
    phase: "connect",
    reused: false,
    requestBytes: 0,
    responseBytes: 0,
  });
  return error;
}

for (const [name, connector] of Object.entries(CONNECTORS)) {
  for (const scheme of ["http", "https"]) {
    for (const isTls of [false, true]) {
      const what = isTls ? "TLS" : "plaintext";
      Deno.test(`proxyConnector carries ${what} through CONNECT over ${scheme} (${name})`, async () => {
        await using origin = new Origin({ tls: isTls });
        await using proxy = new ScriptedProxy(async (conn) => {
          const authority = `localhost:${origin.port}`;
          assertEquals(
            await conn.readHead(),
            `CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`,
          );
          await conn.write(ESTABLISHED);
          await conn.tunnelTo(origin.port);
        }, { tls: scheme === "https" });
        await exchangeTwice(
          origin,
          isTls,
          proxy.url(`${scheme}://`),
          connector,
        );
        assertEquals(proxy.connections, 1);
      });
    }
  }

  for (const isTls of [false, true]) {
    const what = isTls ? "TLS" : "plaintext";
    Deno.test(`proxyConnector carries ${what} through SOCKS5 (${name})`, async () => {
      await using origin = new Origin({ tls: isTls });
      await using proxy = new ScriptedProxy(async (conn) => {
        assertEquals(await conn.readBytes(4), "\x05\x02\x00\x02");
        await conn.write("\x05\x02");
        assertEquals(await conn.readBytes(12), "\x01\x04user\x05pa ss");
        await conn.write("\x01\x00");
        const { port } = origin;
        assertEquals(
          await conn.readBytes(16),
          `\x05\x01\x00\x03\x09localhost${
            String.fromCharCode(port >> 8, port & 0xff)
          }`,
        );
        await conn.write("\x05\x00\x00\x01\x7f\x00\x00\x01\x00\x00");
        await conn.tunnelTo(port);
      });
      const url = proxy.url("socks5://user:pa%20ss@");
      await exchangeTwice(origin, isTls, url, connector);
    });
  }
}

/** Two exchanges over one tunnel to an origin. */
async function exchangeTwice(
  origin: Origin,
  isTls: boolean,
  proxy: URL,
  connector: HttpConnector,
): Promise<void> {
  const url = `${isTls ? "https" : "http"}://localhost:${origin.port}/`;
  const tls = { caCerts: [CA] };
  await using client = await HttpClient.connect(url, {
    connector: proxyConnector(proxy, { connector, tls }),
    ...(isTls && { tls }),
  });
  for (let i = 0; i < 2; i++) {
    const { response } = await client.send(HttpRequest.get(url));
    assertEquals(response.text(), "Hello from the origin");
  }
  assertEquals(origin.seen, [null, null]);
}

Deno.test("proxyConnector names the port of the target always, and brackets IPv6", async () => {
  for (
    const [hostname, port, authority] of [
      ["a.test", 80, "a.test:80"],
      ["a.test", 443, "a.test:443"],
      ["::1", 443, "[::1]:443"],
      ["192.0.2.1", 8080, "192.0.2.1:8080"],
    ] as const
  ) {
    await using proxy = new ScriptedProxy(async (conn) => {
      assertEquals(
        await conn.readHead(),
        `CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`,
      );
      await conn.write(ESTABLISHED);
    });
    const connector = proxyConnector(proxy.url("http://"));
    (await connector.connect({ hostname, port })).abort?.();
  }
});

Deno.test("proxyConnector opens a tunnel for any 2xx, however it arrives", async () => {
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
    const connector = proxyConnector(proxy.url("http://"));
    const tunnel = await connector.connect(TARGET);
    const writer = tunnel.writable.getWriter();
    await writer.write(new TextEncoder().encode("ping"));
    assertEquals(await new Response(tunnel.readable).text(), "pong");
    tunnel.abort?.();
  }
});

Deno.test("proxyConnector gives the first bytes behind a SOCKS reply to the tunnel", async () => {
  await using proxy = new ScriptedProxy(async (conn) => {
    await conn.readBytes(3);
    await conn.write(
      "\x05\x00\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00220 ready",
    );
    await conn.readBytes(18);
  });
  const connector = proxyConnector(proxy.url("socks5h://"));
  const tunnel = await connector.connect(TARGET);
  assertEquals(await new Response(tunnel.readable).text(), "220 ready");
  tunnel.abort?.();
});

const VIA = "Cannot connect to origin.test:443 through the proxy http://HOST: ";

for (
  const [what, response, code, message] of [
    [
      "bytes behind the head of a 2xx",
      `${ESTABLISHED}SSH-2.0`,
      "InvalidProxyReply",
      `${VIA}bytes follow its response to CONNECT: "SSH-2.0"`,
    ],
    [
      "what is not HTTP",
      "\x05\x00",
      "InvalidProxyReply",
      `${VIA}Cannot read the status line`,
    ],
    [
      "a head that is cut short",
      "HTTP/1.1 200 OK\r\n",
      "InvalidProxyReply",
      `${VIA}Cannot read the`,
    ],
    ["nothing", "", "ConnectFailed", VIA],
    [
      "a refusal",
      "HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nNo",
      "ProxyRefused",
      `${VIA}it responded 403 "Forbidden"`,
    ],
    [
      "a redirect",
      "HTTP/1.1 302\r\nLocation: http://login.test/\r\nContent-Length: 2\r\n\r\nNo",
      "ProxyRefused",
      `${VIA}it responded 302`,
    ],
    [
      "a 401, which is the origin's to send",
      'HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm="x"\r\n' +
      "Content-Length: 2\r\n\r\nNo",
      "ProxyRefused",
      `${VIA}it responded 401 "No"`,
    ],
  ] as const
) {
  Deno.test(`proxyConnector rejects with ${code} after ${what}`, async () => {
    await using proxy = new ScriptedProxy(async (conn) => {
      await conn.readHead();
      await conn.write(response);
    });
    const url = proxy.url("http://user:pa%20ss@");
    const error = await failure(url);
    assertEquals(error.code, code);
    const start = message.replace("HOST", url.host);
    assertEquals(error.message.slice(0, start.length), start);
    assert(!error.message.includes("pa"));
    if (code === "ProxyRefused") assertEquals(error.response?.text(), "No");
    assertEquals(proxy.connections, 1);
  });
}

Deno.test("proxyConnector rejects with ProxyRefused if the body of a refusal is too long or cut short", async () => {
  for (
    const [length, body, cause] of [
      [2 ** 20 + 1, "x".repeat(2 ** 20 + 1), "BodyTooLarge"],
      [2, "x", "UnexpectedEof"],
    ] as const
  ) {
    await using proxy = new ScriptedProxy(async (conn) => {
      await conn.readHead();
      await conn.write(
        `HTTP/1.1 503 Overloaded\r\nContent-Length: ${length}\r\n\r\n${body}`,
      ).catch(() => {}); // The client may hang up.
    });
    const error = await failure(proxy.url("http://"));
    assertEquals([error.code, error.response?.status], ["ProxyRefused", 503]);
    assertEquals((error.cause as HttpError).code, cause);
  }
});

Deno.test("proxyConnector rejects with ProxyRefused for a refusal of SOCKS", async () => {
  await using proxy = new ScriptedProxy(async (conn) => {
    await conn.readBytes(3);
    await conn.write("\x05\x00\x05\x02");
  });
  const error = await failure(proxy.url("socks5://"));
  assertEquals(error.code, "ProxyRefused");
  assert(error.message.includes("connection not allowed by ruleset"));
});

Deno.test("proxyConnector rejects with ConnectFailed if there is no proxy", async () => {
  const proxy = new ScriptedProxy(async () => {});
  await proxy[Symbol.asyncDispose]();
  for (const start of ["http://", "https://", "socks5://"]) {
    const url = proxy.url(start);
    const { code, message } = await failure(url);
    assertEquals(
      [code, message],
      [
        "ConnectFailed",
        `Cannot connect to origin.test:443 through the proxy ${start}` +
        `${url.host}: Cannot connect to ${url.host}: connection refused`,
      ],
    );
  }
});

Deno.test("proxyConnector rejects with TlsFailed if the proxy is not trusted", async () => {
  await using proxy = new ScriptedProxy(async (conn) => {
    await conn.readToEnd().catch(() => "");
  }, { tls: true });
  const { code, message } = await failure(proxy.url("https://"));
  assertEquals(code, "TlsFailed");
  assert(message.includes("through the proxy https://127.0.0.1"), message);
});

Deno.test("proxyConnector answers 407 on the same connection, and then ahead of it", async () => {
  await using proxy = new ScriptedProxy([
    async (conn) => {
      assertEquals(await conn.readHead(), `${CONNECT}\r\n`);
      await conn.write(`${NEED_LOGIN}Content-Length: 5\r\n\r\nLogin`);
      assertEquals(await conn.readHead(), WITH_LOGIN);
      await conn.write(ESTABLISHED);
    },
    async (conn) => {
      assertEquals(await conn.readHead(), WITH_LOGIN);
      await conn.write(ESTABLISHED);
    },
  ]);
  const connector = proxyConnector(proxy.url("http://user:pa%20ss@"));
  for (let i = 0; i < 2; i++) (await connector.connect(TARGET)).abort?.();
  assertEquals(proxy.connections, 2);
});

Deno.test("proxyConnector answers 407 on another connection if the proxy closes", async () => {
  await using proxy = new ScriptedProxy([
    async (conn) => {
      await conn.readHead();
      await conn.write(`${NEED_LOGIN}Connection: close\r\n${EMPTY}`);
    },
    async (conn) => {
      assertEquals(await conn.readHead(), WITH_LOGIN);
      await conn.write(ESTABLISHED);
    },
  ]);
  await openAndClose(proxy.url("http://user:pa%20ss@"));
  assertEquals(proxy.connections, 2);
});

Deno.test("proxyConnector answers 407 on another connection if the proxy hangs up without a word", async () => {
  await using proxy = new ScriptedProxy([
    async (conn) => {
      await conn.readHead();
      await conn.write(NEED_LOGIN + EMPTY);
      assertEquals(await conn.readHead(), WITH_LOGIN);
    },
    async (conn) => {
      assertEquals(await conn.readHead(), WITH_LOGIN);
      await conn.write(ESTABLISHED);
    },
  ]);
  await openAndClose(proxy.url("http://user:pa%20ss@"));
  assertEquals(proxy.connections, 2);
});

Deno.test("proxyConnector asks for the credentials of a proxy once, and shares them", async () => {
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
  for (let i = 0; i < 2; i++) (await connector.connect(TARGET)).abort?.();
  assertEquals(
    asked.map(({ url, proxy, challenges }) => [
      url.href,
      proxy,
      challenges.map(({ scheme }) => scheme),
    ]),
    [[proxy.url("http://").href, true, ["basic"]]],
  );
});

Deno.test("proxyConnector rejects with the 407 that nobody answers, or whose answer is wrong", async () => {
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
        await conn.readHead();
        await conn.write(`${NEED_LOGIN}Content-Length: 5\r\n\r\nLogin`);
      }
      assertEquals(await conn.readToEnd(), "");
    });
    const error = await failure(proxy.url(start), { credentials });
    assertEquals([error.code, error.response?.status], ["ProxyRefused", 407]);
    assertEquals(error.response?.text(), "Login");
    assertEquals([proxy.connections, seen], [1, tries]);
  }
});

Deno.test("proxyConnector answers Digest, checks the proxy, and counts on", async () => {
  const counts: string[] = [];
  const script = (isHonest: boolean): Script => async (conn) => {
    while (true) {
      const head = await conn.readHead();
      const value = /^Proxy-Authorization: (.*)$/m.exec(head)?.[1];
      if (value === undefined) {
        await conn.write(
          "HTTP/1.1 407 Login\r\nProxy-Authenticate: Digest realm=p, " +
            `nonce=n, qop=auth, algorithm=SHA-256\r\n${EMPTY}`,
        );
        continue;
      }
      const params = parseRaw(value);
      const known = { username: "user", password: "pa ss", method: "CONNECT" };
      assertEquals(params.response, `"${expectedResponse(params, known)}"`);
      assertEquals(params.uri, '"origin.test:443"');
      counts.push(params.nc!);
      const rspauth = expectedResponse(params, {
        ...known,
        method: isHonest ? "" : "CONNECT",
      });
      await conn.write(
        `HTTP/1.1 200 OK\r\nProxy-Authentication-Info: rspauth="${rspauth}", ` +
          `nc=${params.nc}, cnonce=${params.cnonce}\r\n\r\n`,
      );
      return;
    }
  };
  await using proxy = new ScriptedProxy([
    script(true),
    script(true),
    script(false),
  ]);
  const connector = proxyConnector(proxy.url("http://user:pa%20ss@"));
  for (let i = 0; i < 2; i++) (await connector.connect(TARGET)).abort?.();
  const error = await assertRejects(() => connector.connect(TARGET), HttpError);
  assertEquals(error.code, "InvalidAuthenticationInfo");
  assertEquals(counts, ["00000001", "00000002", "00000003"]);
});

Deno.test("proxyConnector rejects with the reason of its signal, and hangs up, at each stage", async () => {
  const stages: Record<string, Script> = {
    "before a response": async (conn) => {
      await conn.readHead();
    },
    "inside a head": async (conn) => {
      await conn.readHead();
      await conn.write("HTTP/1.1 200");
    },
    "inside the body of a refusal": async (conn) => {
      await conn.readHead();
      await conn.write("HTTP/1.1 403 No\r\nContent-Length: 100\r\n\r\nNo");
    },
    "while credentials are sought": async (conn) => {
      await conn.readHead();
      await conn.write(NEED_LOGIN + EMPTY);
    },
  };
  for (const [stage, script] of Object.entries(stages)) {
    const reached = Promise.withResolvers<void>();
    const hungUp = Promise.withResolvers<string>();
    await using proxy = new ScriptedProxy(async (conn) => {
      await script(conn);
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
    assertEquals(await opening.catch((reason) => reason), "enough", stage);
    assertEquals(await hungUp.promise, "", stage);
  }
});

Deno.test("proxyConnector connects through a chain of proxies", async () => {
  await using origin = new Origin();
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
  const url = `http://127.0.0.1:${origin.port}/`;
  await using client = await HttpClient.connect(url, { connector });
  const { response } = await client.send(HttpRequest.get(url));
  assertEquals(response.text(), "Hello from the origin");
});

Deno.test("proxyConnector rejects with a TypeError for TLS inside TLS if its connector cannot", async () => {
  await using proxy = new ScriptedProxy(async (conn) => {
    await conn.readHead();
    await conn.write(ESTABLISHED);
    // Nothing that is meant for the origin arrives at the proxy in plaintext.
    assertEquals(await conn.readToEnd(), "");
  });
  // As on Workers: it speaks TLS, once.
  const connector: HttpConnector = {
    async connect(target, options) {
      const { info, readable, writable, abort } = await denoConnector.connect(
        target,
        options,
      );
      const tls = { alpnProtocol: null };
      return {
        info: { ...info, tls },
        readable,
        writable,
        ...(abort && { abort }),
      };
    },
  };
  await assertRejects(
    () =>
      HttpClient.connect("https://origin.test/", {
        connector: proxyConnector(proxy.url("https://"), { connector }),
      }),
    TypeError,
    "Cannot start TLS inside the TLS with the proxy",
  );
});

Deno.test("proxyConnector throws a TypeError for what no proxy can do", async () => {
  for (const url of ["ftp://a.test", "socks4://a.test", "http://u:p@"]) {
    let error;
    try {
      proxyConnector(url);
    } catch (thrown) {
      error = thrown;
    }
    assert(error instanceof TypeError && !error.message.includes("u:p"), url);
  }
  const connector = proxyConnector("http://a.test");
  await assertRejects(
    () => connector.connect({ unixPath: "/tmp/socket" }),
    TypeError,
    "Cannot connect to a Unix socket through a proxy",
  );
});
