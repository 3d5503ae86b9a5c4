// The agent, over the runtime's own sockets.

import type { HttpAgentOptions } from "../../../agent/mod.ts";
import { HttpRequest } from "../../../mod.ts";
import { equal } from "../../_sweep.ts";
import { casesOf, type Env, type Group, reasonOf } from "./_case.ts";

const overSockets = casesOf("sockets", {
  async "calls share connections within the limits"({ agent, url }) {
    const limited = agent({ pool: { maxConnectionsPerOrigin: 4 } });
    const ports = new Set<string | null>();
    await Promise.all(Array.from({ length: 40 }, async (_, i) => {
      const body = `call ${i}`;
      const request = HttpRequest.post(url("/echo"), { body });
      const { response } = await limited.send(request);
      equal("body", response.text(), body);
      ports.add(response.header("x-client-port"));
    }));
    equal("within the limit", ports.size <= 4, true);
    const { open, idle, busy, waiting } = limited.stats();
    equal("idle", [idle, busy, waiting], [open, 0, 0]);
  },

  async "a redirect is followed"({ agent, url }) {
    const output = await agent().send(url("/moved"));
    equal("status", output.response.status, 200);
    equal("url", output.url.href, url("/lines"));
    equal("hops", output.hops.map(({ status }) => status), [302]);
  },

  async "a busy server is asked again"({ agent, url }) {
    const call = agent({ retry: true }).send(url(`/busy?${Math.random()}`));
    const { response, attempts } = await call;
    equal("response", [response.status, response.text()], [200, "free"]);
    equal("attempts", attempts, 3);
  },

  async "an aborted call frees its connection"({ agent, url }) {
    const limited = agent({ pool: { maxConnectionsPerOrigin: 1 } });
    const controller = new AbortController();
    const { signal } = controller;
    const id = Math.random();
    const call = reasonOf(limited.send(url(`/hang?${id}`), { signal }));
    const witness = agent();
    await witness.send(url(`/arrived?${id}`));
    const reason = new RangeError("Enough");
    controller.abort(reason);
    equal("is the reason", await call === reason, true);
    await witness.send(url(`/ended?${id}`));
    const { response } = await limited.send(url("/hello"));
    equal("text", response.text(), "hello");
  },

  /** The connection ends as the second request is written (docs/policies.md). */
  async "a GET is sent again if its connection had ended"({ agent, peer }) {
    const ok = { write: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi" };
    const { port, facts } = await peer([
      ["head", ok, "head", "fin"],
      ["head", ok],
    ]);
    const own = agent();
    const url = `http://127.0.0.1:${port}/`;
    equal("first", (await own.send(url)).response.text(), "hi");
    const { response, attempts } = await own.send(url);
    equal("second", [response.text(), attempts], ["hi", 2]);
    const { connections, received } = await facts();
    equal("connections", connections, 2);
    equal("requests", received.split("GET / ").length - 1, 3);
  },
});

const overTls = casesOf("tls", {
  async "an https origin is reached with custom authorities"(env) {
    const url = `https://localhost:${env.tlsPort}/hello`;
    equal(
      "open",
      await getThrice(env, url, { tls: { caCerts: [env.caCert] } }),
      1,
    );
  },
});

const withCertificate = casesOf("clientCertificate", {
  async "a server that asks for a certificate gets it"(env) {
    const url = `https://localhost:${env.mutualPort}/hello`;
    const tls = { caCerts: [env.caCert], ...env.client };
    equal("open", await getThrice(env, url, { tls }), 1);
  },
});

const overUnix = casesOf("unix", {
  async "a Unix socket stands in for an origin"(env) {
    const connectTo = { unixPath: env.unixPath };
    const url = "http://docker/hello";
    equal("open", await getThrice(env, url, { connectTo }), 1);
  },
});

/** Gets "hello" three times, and returns how many connections are open. */
async function getThrice(
  { agent }: Env,
  url: string,
  options: HttpAgentOptions,
): Promise<number> {
  const connectTo = { hostname: "127.0.0.1" };
  const own = agent({ connectTo, ...options });
  for (let i = 0; i < 3; i++) {
    const { response } = await own.send(url);
    equal("text", response.text(), "hello");
  }
  return own.stats().open;
}

/** The agent. */
export const AGENTS: Group = {
  title: "The agent: pool, redirects, retries, fetch",
  cases: [...overSockets, ...overTls, ...withCertificate, ...overUnix],
};
