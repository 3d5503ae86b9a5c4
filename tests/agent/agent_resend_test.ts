// What the agent sends again (docs/policies.md, "Sending again"), seen from the server: how often
// each request arrives, and on which connection.

import { assertEquals, assertRejects } from "@std/assert";
import { HttpError, HttpRequest } from "@pimalaya/io-http";
import { HttpAgent, type HttpAgentSendOptions } from "@pimalaya/io-http/agent";
import { FakeClock, settle } from "./_clock.ts";
import { type Handler, Network, ok, respond } from "./_network.ts";

const URL_A = "http://a.example/";

interface Case {
  readonly outcome: string;
  /** What the server does with the second request of the first connection. */
  readonly second: Handler;
  readonly request?: () => HttpRequest;
  readonly options?: () => HttpAgentSendOptions;
  /** On which connections the request arrives. */
  readonly seen: number[];
  readonly fails?: string;
}

const post = () => HttpRequest.post(URL_A, { body: "data" });
const close: Handler = () => ({ then: "close" });
const reset: Handler = () => ({ then: "reset" });
const timedOut: Handler = () => ({
  write: respond("408 Request Timeout", "", { Connection: "close" }),
  then: "close",
});
const stream = () => new Blob(["data"]).stream();

const CASES: Case[] = [
  { outcome: "again after end of file (B)", second: close, seen: [1, 2] },
  { outcome: "again after a reset (B)", second: reset, seen: [1, 2] },
  {
    outcome: "again after a 408 with close (B)",
    second: timedOut,
    seen: [1, 2],
  },
  {
    outcome: "once if the method is not idempotent (C)",
    second: close,
    request: post,
    seen: [1],
    fails: "NoResponse",
  },
  {
    outcome: "again with `idempotent: true`",
    second: close,
    request: post,
    options: () => ({ idempotent: true }),
    seen: [1, 2],
  },
  {
    outcome: "again with an Idempotency-Key",
    second: close,
    request: () => post().header("Idempotency-Key", "7"),
    seen: [1, 2],
  },
  {
    outcome: "once with `idempotent: false`",
    second: close,
    options: () => ({ idempotent: false }),
    seen: [1],
    fails: "NoResponse",
  },
  {
    outcome: "once if part of a response arrived (C)",
    second: () => ({ write: "HTTP/1.1 2", then: "close" }),
    seen: [1],
    fails: "UnexpectedEof",
  },
  {
    outcome: "once if its body can be read only once",
    second: close,
    request: () => new HttpRequest("PUT", URL_A),
    options: () => ({ body: stream() }),
    seen: [1],
    fails: "NoResponse",
  },
  {
    outcome: "again if a function creates its body",
    second: close,
    request: () => new HttpRequest("PUT", URL_A),
    options: () => ({ body: () => Promise.resolve(stream()) }),
    seen: [1, 2],
  },
];

for (const { outcome, second, request, options, seen, fails } of CASES) {
  Deno.test(`HttpAgent sends a request ${outcome}`, async () => {
    const network = new Network((request) =>
      request.ordinal === 1 ? ok() : second(request)
    );
    await using agent = new HttpAgent({
      connector: network,
      clock: new FakeClock(),
    });
    await agent.send(URL_A);
    const sending = agent.send(
      request?.() ?? HttpRequest.get(URL_A),
      options?.(),
    );
    if (fails === undefined) {
      assertEquals((await sending).response.status, 200);
      assertEquals((await sending).attempts, 2);
    } else {
      const error = await assertRejects(() => sending, HttpError);
      assertEquals(error.code, fails);
    }
    const sent = network.requests.slice(1);
    assertEquals(sent.map(({ connection }) => connection), seen);
    assertEquals(new Set(sent.map(({ body }) => body)).size, 1);
  });
}

Deno.test("HttpAgent does not send again what failed on a fresh connection", async () => {
  const network = new Network(close);
  await using agent = new HttpAgent({ connector: network });
  await assertRejects(() => agent.send(URL_A), HttpError);
  assertEquals(network.requests.length, 1);
});

Deno.test("HttpAgent sends on another connection, whatever the method, if one ended while idle (A)", async () => {
  const endings: ((network: Network) => unknown)[] = [
    (network) => network.servers[0]!.close(),
    (network) => network.servers[0]!.abort(new Error("reset")),
    (network) => network.servers[0]!.write(timedOut as unknown as string),
  ];
  endings[2] = (network) =>
    network.servers[0]!.write(respond("408 Request Timeout"));
  for (const end of endings) {
    for (const turn of [settle, () => {}]) {
      const network = new Network();
      await using agent = new HttpAgent({ connector: network });
      await agent.send(URL_A);
      end(network);
      await turn();
      const { attempts } = await agent.send(post(), { body: stream() });
      assertEquals(attempts, 1);
      const [, sent] = network.requests;
      assertEquals([sent?.connection, sent?.body], [2, "data"]);
      assertEquals(network.open, 1);
    }
  }
});

Deno.test("HttpAgent gives up after 5 connections in a row that end before the request (A)", async () => {
  const network = new Network();
  const connect = network.connect.bind(network);
  network.connect = async (target) => {
    const connection = await connect(target);
    network.servers.at(-1)!.write("x");
    return connection;
  };
  await using agent = new HttpAgent({ connector: network });
  const error = await assertRejects(() => agent.send(URL_A), HttpError);
  assertEquals(error.code, "UnexpectedBytes");
  assertEquals(network.servers.length, 6);
  assertEquals(network.requests.length, 0);
});

Deno.test("HttpAgent spares a request that cannot be resent a connection idle for more than 4 s", async () => {
  const network = new Network();
  const clock = new FakeClock();
  await using agent = new HttpAgent({ connector: network, clock });
  await agent.send(URL_A);
  await clock.pass(4001);
  await agent.send(post());
  assertEquals(network.requests.at(-1)?.connection, 2);
  await agent.send(URL_A);
  await clock.pass(4001);
  await agent.send(post(), { idempotent: true });
  assertEquals(network.servers.length, 2);
});

Deno.test("HttpAgent retries after Retry-After, if it is told to", async () => {
  const network = new Network(({ ordinal }) =>
    ordinal === 1 ? respond("503 Busy", "", { "Retry-After": "7" }) : ok()
  );
  const clock = new FakeClock();
  await using agent = new HttpAgent({ connector: network, clock, retry: true });
  const sending = agent.send(URL_A);
  await clock.pass(6999);
  assertEquals(network.requests.length, 1);
  await clock.pass(1);
  assertEquals((await sending).attempts, 2);
});

Deno.test("HttpAgent retries after timeouts.attempt, if it is told to, within timeouts.total", async () => {
  const clock = new FakeClock();
  const network = new Network(({ connection }) =>
    connection < 3 ? { then: "stall" } : ok()
  );
  await using agent = new HttpAgent({
    connector: network,
    clock,
    retry: { backoff: () => 500 },
    timeouts: { attempt: 1000 },
  });
  const sending = agent.send(URL_A);
  const limited = assertRejects(
    () => agent.send(URL_A, { timeouts: { total: 1400 } }),
    HttpError,
    "timeouts.total",
  );
  await clock.pass(1400);
  await limited;
  await clock.pass(100);
  assertEquals((await sending).attempts, 2);
  assertEquals([agent.stats().busy, clock.running], [0, 1]);
});
