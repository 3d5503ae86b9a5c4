// Requests that the agent sends again (docs/policies.md, "Sending again"), as the
// server sees them: how often each arrives, and on which connection. The rules
// themselves are tested in retry_test.ts.

import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { HttpError, HttpRequest } from "@pimalaya/io-http";
import type {
  HttpAgentOptions,
  HttpAgentSendOptions,
} from "@pimalaya/io-http/agent";
import vectors from "../vectors/agent_resends.json" with { type: "json" };
import { settle } from "./_clock.ts";
import {
  type Handler,
  type Network,
  ok,
  type Reply,
  respond,
  serve,
  URL_A,
} from "./_network.ts";

const post = () => HttpRequest.post(URL_A, { body: "data" });
const stream = () => new Blob(["data"]).stream();

const BODIES: Record<string, () => HttpAgentSendOptions["body"]> = {
  none: () => undefined,
  bytes: () => new TextEncoder().encode("data"),
  string: () => "data",
  Blob: () => new Blob(["data"]),
  function: () => () => Promise.resolve(stream()),
  stream,
  async *iterable() {
    yield new TextEncoder().encode("data");
  },
};

// After one request, the server ends the connection within the next one. On which
// connections that arrives, and how it fails, if it does, is expected.
for (const vector of vectors) {
  const { name, rule, write, then, method, body = "none", expect } = vector;
  Deno.test(`${rule}: HttpAgent sends a request ${name}`, async () => {
    const { network, agent } = serve(({ ordinal }) =>
      ordinal === 1 ? ok() : { write, then } as Reply
    );
    await using _ = agent;
    await agent.send(URL_A);
    const request = new HttpRequest(method, URL_A);
    const options = { ...vector.options, body: BODIES[body]!() };
    const end = await agent.send(request, options)
      .catch((error: HttpError) => error);
    const sent = network.requests.slice(1);
    const seen = sent.map(({ connection }) => `${connection}`);
    if (end instanceof Error) seen.push(end.code);
    else assertEquals([end.response.status, end.attempts], [200, sent.length]);
    assertEquals(seen.join(" "), expect);
    assertEquals(new Set(sent.map(({ body }) => body)).size, 1);
  });
}

Deno.test("Sending again: HttpAgent does not resend a request that failed on a new connection", async () => {
  const { network, agent } = serve(() => ({ then: "close" }));
  await using _ = agent;
  await assertRejects(() => agent.send(URL_A), HttpError);
  assertEquals(network.requests.length, 1);
});

Deno.test("Sending again: HttpAgent sends any method on another connection if one ended while idle", async () => {
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

Deno.test("Sending again: HttpAgent sends nothing again because of an error of the caller's functions", async () => {
  // As that of another call, which was passed on.
  const progress = { reused: true, requestBytes: 0, responseBytes: 0 };
  const error = new HttpError("NoResponse", "Mine", {
    progress: { ...progress, phase: "idle" },
  });
  const fail = () => Promise.reject(error);
  const onInterim = () => {
    throw error;
  };
  for (
    const options of [
      { onInterim },
      { onInterim: fail },
      { body: () => new ReadableStream<Uint8Array>({ pull: fail }) },
      { body: "x", trailers: fail },
    ]
  ) {
    const { network, agent } = serve(() => `HTTP/1.1 103 \r\n\r\n${ok()}`);
    await using _ = agent;
    const put = new HttpRequest("PUT", URL_A);
    await agent.send(put);
    const failed = await agent.send(put, options).catch((error) => error);
    assertStrictEquals(failed, error);
    assertEquals(network.servers.length, 1);
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

Deno.test("Sending again: HttpAgent waits longer than a timer can, if it is told to", async () => {
  const DAYS = 30 * 24 * 3600;
  const asked = [DAYS, DAYS, "9".repeat(400)];
  const { agent, clock } = serve(() => {
    const seconds = asked.shift();
    return seconds === undefined
      ? ok()
      : respond("503 Busy", "", { "Retry-After": `${seconds}` });
  }, { retry: { maxRetryAfter: Infinity, attempts: 3 } });
  await using _ = agent;
  const controller = new AbortController();
  const sending = agent.send(URL_A, { signal: controller.signal });
  for (const left of [2, 1]) {
    await clock.pass(DAYS * 1000 - 1);
    assertEquals(asked.length, left);
    await clock.pass(1);
    assertEquals(asked.length, left - 1);
  }
  await clock.pass(100 * DAYS * 1000);
  controller.abort("why");
  assertEquals(await sending.catch((reason) => reason), "why");
  assertEquals(clock.running, 0);
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
