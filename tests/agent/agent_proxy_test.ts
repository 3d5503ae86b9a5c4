// An agent behind proxies. How a connection through one is opened is tested in
// proxy_test.ts, and what a call does about a 407 in call_credentials_test.ts.

import { assertEquals, assertRejects } from "@std/assert";
import { HttpAuthBasic, HttpAuthBearer, HttpError } from "@pimalaya/io-http";
import { HttpAgent, type HttpCredentialsAsk } from "@pimalaya/io-http/agent";
import { HttpProxies } from "@pimalaya/io-http/proxy";
import { CA, SERVER } from "../_tls.ts";
import { FakeClock, settle } from "./_clock.ts";
import { Network, ok, respond } from "./_network.ts";
import { type Script, ScriptedProxy } from "./_scripted_proxy.ts";

const PROXY_LOGIN = `Basic ${btoa("proxy:p")}`;
const ORIGIN_LOGIN = `Basic ${btoa("origin:o")}`;
const NEED_LOGIN = "HTTP/1.1 407 Login\r\nContent-Length: 5\r\n" +
  'Proxy-Authenticate: Basic realm="proxy"\r\n\r\nLogin';

/** Credentials for whoever asks, and who did. */
function loginFor(asked: HttpCredentialsAsk[] = []) {
  return (ask: HttpCredentialsAsk) => {
    asked.push(ask);
    return ask.proxy
      ? new HttpAuthBasic("proxy", "p")
      : new HttpAuthBasic("origin", "o");
  };
}

Deno.test("HttpAgent sends requests for http URLs in absolute form, on connections to the proxy", async () => {
  const network = new Network();
  await using agent = new HttpAgent({
    connector: network,
    proxy: "http://proxy.test:3128",
  });
  for (const url of ["http://user:hush@a.test/x?y#z", "http://b.test:81"]) {
    await agent.send(url);
  }
  assertEquals(network.targets, [{ hostname: "proxy.test", port: 3128 }]);
  assertEquals(network.requests.map(({ head }) => head.split("\r\n", 2)), [
    ["GET http://a.test/x?y HTTP/1.1", "Host: a.test"],
    ["GET http://b.test:81/ HTTP/1.1", "Host: b.test:81"],
  ]);
  assertEquals([...agent.stats().origins.keys()], ["http://proxy.test:3128"]);
});

Deno.test("HttpAgent chooses the proxy of each hop, and sends its login nowhere else", async () => {
  const network = new Network(({ head }) =>
    head.startsWith("GET http://a.test/")
      ? head.includes(PROXY_LOGIN)
        ? "HTTP/1.1 302 Found\r\nLocation: http://direct.test/\r\n" +
          "Content-Length: 0\r\n\r\n"
        : NEED_LOGIN
      : ok("hi")
  );
  await using agent = new HttpAgent({
    connector: network,
    proxy: new HttpProxies({
      all: "http://proxy:p@proxy.test",
      noProxy: "direct.test",
    }),
  });
  const { hops } = await agent.send("http://a.test/");
  await agent.send("http://b.test/");
  await agent.send("http://b.test/", { proxy: null });
  assertEquals(hops.length, 1);
  assertEquals(
    network.requests.map(({ head, connection }) => [
      head.split("\r\n", 1)[0],
      head.includes(PROXY_LOGIN),
      connection,
    ]),
    [
      ["GET http://a.test/ HTTP/1.1", false, 1],
      ["GET http://a.test/ HTTP/1.1", true, 1],
      ["GET / HTTP/1.1", false, 2],
      ["GET http://b.test/ HTTP/1.1", true, 1],
      ["GET / HTTP/1.1", false, 3],
    ],
  );
});

Deno.test("HttpAgent rejects with ProxyRefused for a 407 that nobody answers", async () => {
  const network = new Network(() => NEED_LOGIN);
  await using agent = new HttpAgent({
    connector: network,
    proxy: "http://proxy.test",
    credentials: () => null,
  });
  const error = await assertRejects(
    () => agent.send("http://a.test/"),
    HttpError,
  );
  assertEquals([error.code, error.response?.status], ["ProxyRefused", 407]);
});

/** A proxy that wants a login, and opens tunnels to a port. */
function tunnelTo(port: number, heads: string[]): Script {
  return async (conn) => {
    while (true) {
      const head = await conn.readHead();
      heads.push(head);
      if (head.includes(PROXY_LOGIN)) break;
      await conn.write(NEED_LOGIN);
    }
    await conn.write("HTTP/1.1 200 OK\r\n\r\n");
    await conn.tunnelTo(port);
  };
}

for (const scheme of ["http://", "https://"]) {
  Deno.test(`HttpAgent keeps the logins of ${scheme} proxy and origin apart, and asks for each once`, async () => {
    const seen: string[] = [];
    await using origin = Deno.serve(
      { ...SERVER, hostname: "127.0.0.1", port: 0, onListen() {} },
      ({ headers }) => {
        for (const [name, value] of headers) {
          if (/auth/.test(name)) seen.push(`${name}: ${value}`);
        }
        return headers.get("authorization") === ORIGIN_LOGIN
          ? new Response("hi")
          : new Response(null, {
            status: 401,
            headers: { "WWW-Authenticate": 'Basic realm="origin"' },
          });
      },
    );
    const heads: string[] = [];
    const { port } = origin.addr;
    await using proxy = new ScriptedProxy(tunnelTo(port, heads), {
      tls: scheme === "https://",
    });
    const asked: HttpCredentialsAsk[] = [];
    const url = `https://localhost:${port}/`;
    {
      await using agent = new HttpAgent({
        proxy: proxy.url(scheme),
        tls: { caCerts: [CA] },
        credentials: loginFor(asked),
      });
      // Five tunnels are opened at the same time.
      const calls = Array.from({ length: 5 }, () => agent.send(url));
      for (const { response } of await Promise.all(calls)) {
        assertEquals(response.text(), "hi");
      }
    }
    assertEquals(
      asked.map(({ url }) => url.href).toSorted(),
      [proxy.url(scheme).href, url].toSorted(),
    );
    assertEquals(new Set(seen), new Set([`authorization: ${ORIGIN_LOGIN}`]));
    assertEquals(heads.some((head) => head.includes("\nAuthorization")), false);
  });
}

Deno.test("HttpAgent returns a 407 from inside a tunnel, and answers it never", async () => {
  await using origin = Deno.serve(
    { ...SERVER, hostname: "127.0.0.1", port: 0, onListen() {} },
    ({ headers }) =>
      new Response(`${headers.get("proxy-authorization")}`, {
        status: 407,
        headers: { "Proxy-Authenticate": 'Basic realm="proxy"' },
      }),
  );
  const { port } = origin.addr;
  await using proxy = new ScriptedProxy(tunnelTo(port, []));
  await using agent = new HttpAgent({
    proxy: proxy.url("http://proxy:p@"),
    tls: { caCerts: [CA] },
    credentials: loginFor(),
  });
  const { response, attempts } = await agent.send(`https://localhost:${port}/`);
  assertEquals([response.status, response.text(), attempts], [407, "null", 1]);
});

Deno.test("HttpAgent gives up on a proxy that does not reply within timeouts.connect", async () => {
  for (const scheme of ["http://", "socks5://"]) {
    await using proxy = new ScriptedProxy(async (conn) => {
      await conn.readToEnd().catch(() => "");
    });
    const clock = new FakeClock();
    await using agent = new HttpAgent({ proxy: proxy.url(scheme), clock });
    const sending = agent.send("https://a.test/", {
      timeouts: { connect: 100 },
    });
    const failing = assertRejects(() => sending, HttpError);
    while (proxy.connections === 0) await settle();
    await clock.pass(100);
    const { code, timeout, progress } = await failing;
    assertEquals([code, timeout, progress?.phase], [
      ...["Timeout", "connect", "connect"],
    ]);
  }
});

Deno.test("HttpAgent refreshes a token once for all the calls that need it", async () => {
  let good = "token-0";
  const network = new Network(({ head }) =>
    head.includes(`Bearer ${good}\r\n`) ? ok("hi") : "HTTP/1.1 401 No\r\n" +
      'Content-Length: 0\r\nWWW-Authenticate: Bearer error="invalid_token"\r\n\r\n'
  );
  let issued = 0;
  await using agent = new HttpAgent({
    connector: network,
    async credentials() {
      await settle();
      good = `token-${++issued}`;
      return new HttpAuthBearer(good);
    },
  });
  for (let round = 1; round <= 3; round++) {
    const calls = Array.from({ length: 5 }, () => agent.send("http://a.test/"));
    for (const { response } of await Promise.all(calls)) {
      assertEquals(response.status, 200);
    }
    assertEquals(issued, round);
    good = "another";
  }
});

Deno.test("HttpAgent fails each call that waits for credentials that cannot be found", async () => {
  const network = new Network(() =>
    "HTTP/1.1 401 No\r\nContent-Length: 0\r\nWWW-Authenticate: Basic\r\n\r\n"
  );
  let asked = 0;
  await using agent = new HttpAgent({
    connector: network,
    async credentials() {
      asked++;
      await settle();
      throw new Error(`no ${asked}`);
    },
  });
  const calls = [1, 2].map(() => agent.send("http://a.test/"));
  const reasons = await Promise.allSettled(calls);
  assertEquals(
    reasons.map((result) =>
      result.status === "rejected" && result.reason.message
    ),
    ["no 1", "no 1"],
  );
  // It is asked anew.
  await assertRejects(() => agent.send("http://a.test/"), Error, "no 2");
});

const READERS: [how: string, (agent: HttpAgent) => Promise<string>][] = [
  ["send", async (agent) => (await agent.send(DENIED)).response.text()],
  ["exchange", async (agent) => await (await agent.exchange(DENIED)).text()],
  ["fetch", async (agent) => await (await agent.fetch(DENIED)).text()],
];
const DENIED = "http://a.test/";
const LONG = "x".repeat(600_000);

for (const [how, read] of READERS) {
  Deno.test(`HttpAgent.${how} returns a 401 with its body if there are no credentials for it`, async () => {
    for (const body of ["", "denied", LONG]) {
      for (const credential of [null, new HttpAuthBasic("u", "p")]) {
        const network = new Network(() =>
          respond("401 No", body, { "WWW-Authenticate": "Bearer" })
        );
        await using agent = new HttpAgent({
          connector: network,
          credentials: () => credential,
        });
        assertEquals(await read(agent), body);
        assertEquals([network.requests.length, agent.stats().busy], [1, 0]);
      }
    }
  });

  Deno.test(`HttpAgent.${how} returns a 401 whose body is slower than its credentials`, async () => {
    const head = respond("401 No", "denied", { "WWW-Authenticate": "Basic" });
    const network = new Network(() => ({ write: head.slice(0, -2) }));
    await using agent = new HttpAgent({
      connector: network,
      credentials() {
        network.servers[0]!.write("ed");
        return null;
      },
    });
    assertEquals(await read(agent), "denied");
    assertEquals(agent.stats().busy, 0);
  });
}

Deno.test("HttpAgent lets who is asked for credentials use the connection of the challenge", async () => {
  const network = new Network(({ target, head }) =>
    target === "/token"
      ? ok("t")
      : head.includes("Bearer t")
      ? ok("in")
      : respond("401 No", "denied", { "WWW-Authenticate": "Bearer" })
  );
  await using agent: HttpAgent = new HttpAgent({
    connector: network,
    pool: { maxConnectionsPerOrigin: 1 },
    credentials: async () =>
      new HttpAuthBearer(
        (await agent.send(`${DENIED}token`)).response.text(),
      ),
  });
  const texts = await Promise.all([1, 2, 3].map(() => READERS[1]![1](agent)));
  assertEquals([texts, network.servers.length], [["in", "in", "in"], 1]);
});
