// Proxies, through the connectors of the runtime.

import { HttpAgent, type HttpAgentOptions } from "../../../agent/mod.ts";
import { equal } from "../../_sweep.ts";
import type { Env, Group } from "./_case.ts";

export const PROXIES: Group = {
  title: "Proxies: CONNECT, TLS inside TLS, SOCKS5, Digest",
  cases: [
    {
      name: "an agent reaches an https URL through CONNECT",
      needs: ["tls"],
      run: (env) => tunnel(env, `http://127.0.0.1:${env.port}`),
    },
    {
      name: "an agent starts TLS inside the TLS with a proxy",
      needs: ["tls"],
      run: (env) => tunnel(env, `https://127.0.0.1:${env.tlsPort}`),
    },
    {
      name: "an agent reaches an http URL through SOCKS5",
      needs: ["sockets"],
      run: socks,
    },
    {
      name: "an agent answers Digest, with the same hashes everywhere",
      needs: ["sockets"],
      run: digest,
    },
  ],
};

async function tunnel(env: Env, proxy: string): Promise<void> {
  const agent = open(env, { proxy, tls: { caCerts: [env.caCert] } });
  const { response } = await agent.send(
    `https://localhost:${env.tlsPort}/hello`,
  );
  equal("text", response.text(), "hello");
}

async function socks(env: Env): Promise<void> {
  const peer = await env.peer([[
    { read: 3 },
    { write: "\x05\x00" },
    { read: 13 },
    { write: "\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00" },
    "head",
    { write: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello" },
  ]]);
  const agent = open(env, { proxy: `socks5://127.0.0.1:${peer.port}` });
  const { response } = await agent.send("http://a.test/");
  equal("text", response.text(), "hello");
  const { received } = await peer.facts();
  equal(
    "received",
    received.slice(0, 16),
    "\x05\x01\x00\x05\x01\x00\x03\x06a.test\x00\x50",
  );
}

async function digest(env: Env): Promise<void> {
  const peer = await env.peer([[
    "head",
    {
      write: "HTTP/1.1 407 Login\r\nContent-Length: 0\r\nProxy-Authenticate: " +
        "Digest realm=r, nonce=n, qop=auth, algorithm=SHA-512-256\r\n\r\n",
    },
    "head",
    { write: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello" },
  ]]);
  const agent = open(env, {
    proxy: `http://user:p%C3%A4ss@127.0.0.1:${peer.port}`,
    random: () => 0,
  });
  const { response } = await agent.send("http://a.test/");
  equal("text", response.text(), "hello");
  const { received } = await peer.facts();
  equal(
    "response",
    /response="(.*?)"/.exec(received)?.[1],
    "11ca620d0e8dbfa0a2502c44de4162f29582787bd49f5861e1bf71c9d713ff84",
  );
}

function open(env: Env, options: HttpAgentOptions): HttpAgent {
  return env.use(new HttpAgent({ connector: env.connector, ...options }));
}
