// The agent, over the runtime's own sockets.

import { HttpAgent } from "../../../agent/mod.ts";
import { HttpRequest } from "../../../mod.ts";
import { equal } from "../../_sweep.ts";
import type { Env, Group } from "./_case.ts";

const needs = ["sockets" as const];

export const AGENTS: Group = {
  title: "The agent: pool, redirects, retries, fetch",
  cases: [
    { name: "calls share connections within the limits", needs, run: share },
    { name: "a redirect is followed", needs, run: redirect },
    { name: "a busy server is asked again", needs, run: retry },
    { name: "a coded body is decoded", needs, run: decode },
    { name: "fetch returns a Response", needs, run: useFetch },
    { name: "an aborted call frees its connection", needs, run: abort },
    {
      name: "a GET is sent again if its connection had ended",
      needs,
      run: again,
    },
    {
      name: "an https origin is reached with custom authorities",
      needs: ["tls"],
      run: tls,
    },
    {
      name: "a server that asks for a certificate gets it",
      needs: ["clientCertificate"],
      run: certificate,
    },
    {
      name: "a Unix socket stands in for an origin",
      needs: ["unix"],
      run: unix,
    },
  ],
};

async function share({ connector, url, use }: Env) {
  const agent = use(
    new HttpAgent({ connector, pool: { maxConnectionsPerOrigin: 4 } }),
  );
  const ports = new Set<string | null>();
  await Promise.all(Array.from({ length: 40 }, async (_, i) => {
    const body = `call ${i}`;
    const request = HttpRequest.post(url("/echo"), { body });
    const { response } = await agent.send(request);
    equal("body", response.text(), body);
    ports.add(response.header("x-client-port"));
  }));
  equal("within the limit", ports.size <= 4, true);
  const { open, idle, busy, waiting } = agent.stats();
  equal("idle", [idle, busy, waiting], [open, 0, 0]);
}

async function redirect({ connector, url, use }: Env) {
  const agent = use(new HttpAgent({ connector }));
  const output = await agent.send(url("/moved"));
  equal("status", output.response.status, 200);
  equal("url", output.url.href, url("/lines"));
  equal("hops", output.hops.map(({ status }) => status), [302]);
}

async function retry({ connector, url, use }: Env) {
  const agent = use(new HttpAgent({ connector, retry: true }));
  const { response, attempts } = await agent.send(
    url(`/busy?${Math.random()}`),
  );
  equal("response", [response.status, response.text()], [200, "free"]);
  equal("attempts", attempts, 3);
}

async function decode({ connector, url, use }: Env) {
  const agent = use(new HttpAgent({ connector }));
  const { response, decoded } = await agent.send(url("/gzip"));
  equal("decoded", decoded, ["gzip"]);
  equal("text", response.text(), "squeezed ".repeat(1000));
}

async function useFetch({ connector, url, use }: Env) {
  const agent = use(new HttpAgent({ connector }));
  const response = await agent.fetch(url("/echo"), {
    method: "POST",
    body: new Blob(["one ", "two"]),
  });
  equal("response", [response.status, await response.text()], [200, "one two"]);
  const moved = await agent.fetch(url("/moved"));
  equal("moved", [moved.url, moved.redirected], [url("/lines"), true]);
  await moved.body?.cancel();
}

async function abort({ connector, url, use }: Env) {
  const pool = { maxConnectionsPerOrigin: 1 };
  const agent = use(new HttpAgent({ connector, pool }));
  const controller = new AbortController();
  const id = Math.random();
  const { signal } = controller;
  const call = agent.send(url(`/hang?${id}`), { signal });
  const witness = use(new HttpAgent({ connector }));
  await witness.send(url(`/arrived?${id}`));
  controller.abort(new RangeError("Enough"));
  const error = await call.then(() => null, (error) => error);
  equal("reason", error?.name, "RangeError");
  await witness.send(url(`/ended?${id}`));
  const { response } = await agent.send(url("/hello"));
  equal("text", response.text(), "hello");
}

/** docs/policies.md, "Sending again": the connection ends as the second request is written. */
async function again({ connector, peer, use }: Env) {
  const ok = { write: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi" };
  const { port, facts } = await peer([["head", ok, "head", "fin"], [
    "head",
    ok,
  ]]);
  const agent = use(new HttpAgent({ connector }));
  const url = `http://127.0.0.1:${port}/`;
  equal("first", (await agent.send(url)).response.text(), "hi");
  const { response, attempts } = await agent.send(url);
  equal("second", [response.text(), attempts], ["hi", 2]);
  const { connections, received } = await facts();
  equal("connections", connections, 2);
  equal("requests", received.split("GET / ").length - 1, 3);
}

async function tls({ connector, tlsPort, caCert, use }: Env) {
  const agent = use(
    new HttpAgent({
      connector,
      tls: { caCerts: [caCert] },
      connectTo: { hostname: "127.0.0.1" },
    }),
  );
  for (let i = 0; i < 3; i++) {
    const url = `https://localhost:${tlsPort}/hello`;
    const { response } = await agent.send(url);
    equal("text", response.text(), "hello");
  }
  equal("open", agent.stats().open, 1);
}

async function certificate(
  { connector, mutualPort, caCert, client, use }: Env,
) {
  const agent = use(
    new HttpAgent({
      connector,
      tls: { caCerts: [caCert], ...client },
      connectTo: { hostname: "127.0.0.1" },
    }),
  );
  const { response } = await agent.send(
    `https://localhost:${mutualPort}/hello`,
  );
  equal("text", response.text(), "hello");
}

async function unix({ connector, unixPath, use }: Env) {
  const agent = use(new HttpAgent({ connector, connectTo: { unixPath } }));
  const { response } = await agent.send("http://docker/hello");
  equal("text", response.text(), "hello");
}
