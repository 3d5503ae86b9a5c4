// What the agent sends again (docs/policies.md, "Sending again"), seen from the
// server: how often each request arrives, and on which connection. The rules
// themselves are tested in retry_test.ts.

import { assertEquals, assertRejects } from "@std/assert";
import { HttpError, HttpRequest } from "@pimalaya/io-http";
import type {
  HttpAgent,
  HttpAgentOptions,
  HttpAgentOutput,
  HttpAgentSendOptions,
} from "@pimalaya/io-http/agent";
import { settle } from "./_clock.ts";
import {
  type Handler,
  type Network,
  ok,
  respond,
  serve,
  URL_A,
} from "./_network.ts";

type Body = HttpAgentSendOptions["body"];
type Send = (agent: HttpAgent) => Promise<HttpAgentOutput>;

const close: Handler = () => ({ then: "close" });
const reset: Handler = () => ({ then: "reset" });
const timedOut: Handler = () => ({
  write: respond("408 Request Timeout", "", { Connection: "close" }),
  then: "close",
});
const cut = (text: string): Handler => () => ({ write: text, then: "close" });

const get: Send = (agent) => agent.send(URL_A);
const post = () => HttpRequest.post(URL_A, { body: "data" });
const put = (body: Body, options: HttpAgentSendOptions = {}): Send => (agent) =>
  agent.send(new HttpRequest("PUT", URL_A), { body, ...options });
const stream = () => new Blob(["data"]).stream();

// After one request, the server ends the connection within the next one. On which
// connections that arrives, and how it fails, if it does:
const OUTCOMES: [outcome: string, Handler, Send, seen: string][] = [
  ["again after end of file", close, get, "1 2"],
  ["again after a reset", reset, get, "1 2"],
  ["again after a 408 with close", timedOut, get, "1 2"],
  [
    "once if the method is not idempotent",
    close,
    (agent) => agent.send(post()),
    "1 NoResponse",
  ],
  ["once if part of a head came", cut("HTTP/1.1 2"), get, "1 UnexpectedEof"],
  [
    "once if part of a body came, also with retry",
    cut(ok("hi").slice(0, -1)),
    (agent) => agent.send(URL_A, { retry: { backoff: () => 0 } }),
    "1 UnexpectedEof",
  ],
  ["again with bytes", close, put(new TextEncoder().encode("data")), "1 2"],
  ["again with a string", close, put("data"), "1 2"],
  ["again with a Blob", close, put(new Blob(["data"])), "1 2"],
  [
    "again with what a function creates",
    close,
    put(() => Promise.resolve(stream())),
    "1 2",
  ],
  ["once with a stream", close, put(stream()), "1 NoResponse"],
  [
    "once with a stream, whatever the caller says",
    close,
    put(stream(), { idempotent: true, retry: true }),
    "1 NoResponse",
  ],
];

for (const [outcome, second, send, expected] of OUTCOMES) {
  Deno.test(`Sending again: HttpAgent sends a request ${outcome}`, async () => {
    const { network, agent } = serve((request) =>
      request.ordinal === 1 ? ok() : second(request)
    );
    await using _ = agent;
    await agent.send(URL_A);
    const end = await send(agent).catch((error: HttpError) => error);
    const sent = network.requests.slice(1);
    const seen = sent.map(({ connection }) => `${connection}`);
    if (end instanceof Error) seen.push(end.code);
    else assertEquals([end.response.status, end.attempts], [200, sent.length]);
    assertEquals(seen.join(" "), expected);
    assertEquals(new Set(sent.map(({ body }) => body)).size, 1);
  });
}

Deno.test("Sending again: HttpAgent does not send again what failed on a new connection", async () => {
  const { network, agent } = serve(close);
  await using _ = agent;
  await assertRejects(() => agent.send(URL_A), HttpError);
  assertEquals(network.requests.length, 1);
});

Deno.test("Sending again: HttpAgent sends on another connection, whatever the method, if one ended while idle", async () => {
  const endings: ((network: Network) => unknown)[] = [
    ({ servers: [server] }) => server!.close(),
    ({ servers: [server] }) => server!.abort(new Error("reset")),
    ({ servers: [server] }) => server!.write(respond("408 Request Timeout")),
  ];
  for (const end of endings) {
    for (const turn of [settle, () => {}]) {
      const { network, agent } = serve();
      await using _ = agent;
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

Deno.test("Sending again: HttpAgent gives up after 5 more connections in a row that end before the request", async () => {
  const { network, agent } = serve();
  await using _ = agent;
  const connect = network.connect.bind(network);
  network.connect = async (target) => {
    const connection = await connect(target);
    network.servers.at(-1)!.write("x");
    return connection;
  };
  const error = await assertRejects(() => agent.send(URL_A), HttpError);
  assertEquals(error.code, "UnexpectedBytes");
  assertEquals([network.servers.length, network.requests.length], [6, 0]);
});

Deno.test("Sending again: HttpAgent spares a request that cannot be resent a connection idle for more than 4 s", async () => {
  const { network, agent, clock } = serve();
  await using _ = agent;
  await agent.send(URL_A);
  await clock.pass(4001);
  await agent.send(post());
  assertEquals(network.requests.at(-1)?.connection, 2);
  await agent.send(URL_A);
  await clock.pass(4001);
  await agent.send(post(), { idempotent: true });
  assertEquals(network.servers.length, 2);
});

Deno.test("Sending again: HttpAgent retries after Retry-After, if it is told to", async () => {
  const busy = respond("503 Busy", "", { "Retry-After": "7" });
  const handle: Handler = ({ ordinal }) => ordinal === 1 ? busy : ok();
  const { network, agent, clock } = serve(handle, { retry: true });
  await using _ = agent;
  const sending = agent.send(URL_A);
  await clock.pass(6999);
  assertEquals(network.requests.length, 1);
  await clock.pass(1);
  assertEquals((await sending).attempts, 2);
});

Deno.test("Sending again: HttpAgent retries after timeouts.attempt, if it is told to, within timeouts.total", async () => {
  const { agent, clock } = serve(
    ({ connection }) => connection < 3 ? { then: "stall" } : ok(),
    { retry: { backoff: () => 500 }, timeouts: { attempt: 1000 } },
  );
  await using _ = agent;
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

Deno.test("Sending again: HttpAgent retries after timeouts.connect, if it is told to", async () => {
  const options: HttpAgentOptions = {
    timeouts: { connect: 50 },
    retry: { backoff: () => 100 },
  };
  const { network, agent, clock } = serve(() => ok("late"), options);
  await using _ = agent;
  const connect = network.connect.bind(network);
  let attempts = 0;
  network.connect = (target, options) =>
    attempts++ > 0 ? connect(target, options) : new Promise((_, reject) => {
      const { signal } = options!;
      signal!.addEventListener("abort", () => reject(signal!.reason));
    });
  const sending = agent.send(URL_A);
  await clock.pass(60);
  await clock.pass(110);
  assertEquals((await sending).response.text(), "late");
  assertEquals(attempts, 2);
});
