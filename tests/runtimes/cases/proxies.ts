// Proxies, through the connectors of the runtime.

import type { HttpAgent } from "../../../agent/mod.ts";
import { equal } from "../../_sweep.ts";
import { type Action, casesOf, type Env, type Group } from "./_case.ts";

const HELLO = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

const overTls = casesOf("tls", {
  "an agent reaches an https URL through CONNECT": (env) =>
    tunnel(env, `http://127.0.0.1:${env.port}`),
  "an agent starts TLS inside the TLS with a proxy": (env) =>
    tunnel(env, `https://127.0.0.1:${env.tlsPort}`),
});

const overSockets = casesOf("sockets", {
  async "an agent reaches an http URL through SOCKS5"({ agent, peer }) {
    const { port, facts } = await peer([[
      { read: 3 },
      { write: "\x05\x00" },
      { read: 13 },
      { write: "\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00" },
      "head",
      { write: HELLO },
    ]]);
    await getHello(agent({ proxy: `socks5://127.0.0.1:${port}` }));
    equal(
      "received",
      (await facts()).received.slice(0, 16),
      "\x05\x01\x00\x05\x01\x00\x03\x06a.test\x00\x50",
    );
  },

  async "an agent answers Digest, with the same hashes everywhere"(env) {
    const challenge =
      "Digest realm=r, nonce=n, qop=auth, algorithm=SHA-512-256";
    const refusal = "HTTP/1.1 407 Login\r\nContent-Length: 0\r\n" +
      `Proxy-Authenticate: ${challenge}\r\n\r\n`;
    const script: Action[] = ["head", { write: refusal }, "head", {
      write: HELLO,
    }];
    const peer = await env.peer([script]);
    const proxy = `http://user:p%C3%A4ss@127.0.0.1:${peer.port}`;
    await getHello(env.agent({ proxy, random: () => 0 }));
    equal(
      "response",
      /response="(.*?)"/.exec((await peer.facts()).received)?.[1],
      "11ca620d0e8dbfa0a2502c44de4162f29582787bd49f5861e1bf71c9d713ff84",
    );
  },
});

/** Proxies. */
export const PROXIES: Group = {
  title: "Proxies: CONNECT, TLS inside TLS, SOCKS5, Digest",
  cases: [...overTls, ...overSockets],
};

async function tunnel(env: Env, proxy: string): Promise<void> {
  const agent = env.agent({ proxy, tls: { caCerts: [env.caCert] } });
  await getHello(agent, `https://localhost:${env.tlsPort}/hello`);
}

async function getHello(agent: HttpAgent, url = "http://a.test/") {
  const { response } = await agent.send(url);
  equal("text", response.text(), "hello");
}
