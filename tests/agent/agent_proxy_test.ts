// docs/proxies.md, "What the agent does". Opening a connection through a proxy is
// tested in proxy_test.ts, and answering a 407 in call_credentials_test.ts.

import { assertEquals, assertRejects } from "@std/assert";
import { HttpAuthBasic, HttpError } from "@pimalaya/io-http";
import { HttpAgent, type HttpCredentialsAsk } from "@pimalaya/io-http/agent";
import { HttpProxies } from "@pimalaya/io-http/proxy";
import { CA, SERVER } from "../_tls.ts";
import { FakeClock, settle } from "./_clock.ts";
import { ok, respond, serve } from "./_network.ts";
import { type Script, ScriptedProxy } from "./_scripted_proxy.ts";

const PROXY_LOGIN = `Basic ${btoa("proxy:p")}`;
const ORIGIN_LOGIN = `Basic ${btoa("origin:o")}`;
const NEED_LOGIN = respond("407 Login", "Login", {
  "Proxy-Authenticate": 'Basic realm="proxy"',
});

Deno.test("Proxies: HttpAgent sends http requests in absolute form, on connections to the proxy, and its login to it alone", async () => {
  const { network, agent } = serve(({ head }) =>
    /^GET http:.* HTTP/.test(head) && !head.includes(PROXY_LOGIN)
      ? NEED_LOGIN
      : head.startsWith("GET http://a.test/")
      ? respond("302 Found", "", { Location: "http://direct.test/" })
      : ok("hi")
  );
  await using _ = agent;
  const behind = agent.with({
    proxy: new HttpProxies({
      all: "http://proxy:p@proxy.test:3128",
      noProxy: "direct.test",
    }),
  });
  const { hops } = await behind.send("http://user:hush@a.test/x?y#z");
  await behind.send("http://b.test:81");
  await behind.send("http://b.test/", { proxy: null });
  assertEquals(hops.length, 1);
  const proxy = { hostname: "proxy.test", port: 3128 };
  assertEquals(network.targets, [
    proxy,
    ...["direct.test", "b.test"].map((hostname) => ({ hostname, port: 80 })),
  ]);
  assertEquals(
    network.requests.map(({ head, connection }) => {
      const [line, host] = head.split(/ HTTP\/1.1\r\n|\r\n/);
      return [line, host, head.includes(PROXY_LOGIN), connection];
    }),
    [
      ["GET http://a.test/x?y", "Host: a.test", false, 1],
      ["GET http://a.test/x?y", "Host: a.test", true, 1],
      ["GET /", "Host: direct.test", false, 2],
      ["GET http://b.test:81/", "Host: b.test:81", true, 1],
      ["GET /", "Host: b.test", false, 3],
    ],
  );
  const [origin] = agent.stats().origins.keys();
  assertEquals(origin, "http://proxy.test:3128");
});

Deno.test("Proxies: HttpAgent rejects with ProxyRefused for a 407 in absolute form that nobody answers", async () => {
  const { agent } = serve(() => NEED_LOGIN, {
    proxy: "http://proxy.test",
    credentials: () => null,
  });
  await using _ = agent;
  const sending = agent.send("http://a.test/");
  const error = await assertRejects(() => sending, HttpError);
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
  Deno.test(`Proxies: HttpAgent keeps the logins of ${scheme} proxy and origin apart, asks for each once, and answers no 407 from inside the tunnel`, async () => {
    const seen: string[] = [];
    await using origin = Deno.serve(
      { ...SERVER, hostname: "127.0.0.1", port: 0, onListen() {} },
      ({ headers, url }) => {
        for (const [name, value] of headers) {
          if (/auth/.test(name)) seen.push(`${name}: ${value}`);
        }
        const challenge = 'Basic realm="r"';
        if (url.endsWith("/407")) {
          const headers = { "Proxy-Authenticate": challenge };
          return new Response(null, { status: 407, headers });
        }
        return headers.get("authorization") === ORIGIN_LOGIN
          ? new Response("hi")
          : new Response(null, {
            status: 401,
            headers: { "WWW-Authenticate": challenge },
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
        credentials: (ask) => {
          asked.push(ask);
          return ask.proxy
            ? new HttpAuthBasic("proxy", "p")
            : new HttpAuthBasic("origin", "o");
        },
      });
      // Five tunnels are opened at the same time.
      const calls = Array.from({ length: 5 }, () => agent.send(url));
      for (const { response } of await Promise.all(calls)) {
        assertEquals(response.text(), "hi");
      }
      const { response, attempts } = await agent.send(`${url}407`);
      assertEquals([response.status, attempts], [407, 1]);
    }
    assertEquals(
      asked.map(({ url }) => url.href).toSorted(),
      [proxy.url(scheme).href, url].toSorted(),
    );
    assertEquals(new Set(seen), new Set([`authorization: ${ORIGIN_LOGIN}`]));
    assertEquals(heads.some((head) => head.includes("\nAuthorization")), false);
  });
}

Deno.test("Proxies: HttpAgent gives up on a proxy that does not reply within timeouts.connect", async () => {
  for (const scheme of ["http://", "socks5://"]) {
    await using proxy = new ScriptedProxy(async (conn) => {
      await conn.reader.toEnd().catch(() => "");
    });
    const clock = new FakeClock();
    const timeouts = { connect: 100 };
    await using agent = new HttpAgent({
      proxy: proxy.url(scheme),
      clock,
      timeouts,
    });
    const sending = agent.send("https://a.test/");
    const failing = assertRejects(() => sending, HttpError);
    while (proxy.connections === 0) await settle();
    await clock.pass(100);
    const { code, timeout, progress } = await failing;
    const facts = `${code} ${timeout} ${progress?.phase}`;
    assertEquals(facts, "Timeout connect connect");
  }
});
