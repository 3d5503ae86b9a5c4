// docs/policies.md, "Time limits", by a clock that the test moves.

import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import {
  HttpError,
  type HttpProgress,
  HttpRequest,
  type HttpTimeouts,
} from "@pimalaya/io-http";
import type { HttpAgent, HttpAgentOptions } from "@pimalaya/io-http/agent";
import type { HttpConnector } from "@pimalaya/io-http/client";
import { isPending } from "./_clock.ts";
import {
  type Handler,
  Network,
  ok,
  respond,
  serve,
  URL_A,
} from "./_network.ts";

type Call = (agent: HttpAgent) => Promise<unknown>;

const never = new Promise<never>(() => {});
const mute = { connector: { connect: () => never } };
// Only TLS never starts.
const halfMute: HttpAgentOptions = {
  connector: {
    connect: async (target) => ({
      ...await new Network().connect(target),
      startTls: () => never,
    }),
  },
};
const deaf = { connector: new Network(undefined, { isDeaf: true }) };
const stall: Handler = () => ({ then: "stall" });
const halfHead: Handler = () => ({
  write: "HTTP/1.1 200 OK\r\nX",
  then: "stall",
});
const halfBody: Handler = () => ({ write: ok("hello").slice(0, -2) });

const send: Call = (agent) => agent.send(URL_A);
const sendTls: Call = (agent) => agent.send("https://a.example/");
const post = (body: string): Call => (agent) =>
  agent.send(HttpRequest.post(URL_A, { body }));
const read: Call = async (agent) => await (await agent.exchange(URL_A)).text();
// Even while nobody reads. It would be dropped if it were garbage.
const wait: Call = async (agent) => {
  const exchange = await agent.exchange(URL_A);
  return [await exchange.closed, exchange];
};

/** The limits of an agent that is told nothing of them. */
const DEFAULTS: HttpTimeouts = {
  connect: 10_000,
  tls: 10_000,
  head: 300_000,
  body: 300_000,
};

const CASES: [
  timeout: keyof HttpTimeouts,
  phase: HttpProgress["phase"],
  what: string,
  call: Call,
  options: Handler | HttpAgentOptions,
][] = [
  ["connect", "connect", "connecting", send, mute],
  ["tls", "tls", "starting TLS", sendTls, halfMute],
  ["head", "head", "no head", send, stall],
  ["head", "head", "a part of a head", send, halfHead],
  ["body", "body", "a part of a body", send, halfBody],
  ["body", "body", "a part of a body that is read", read, halfBody],
  ["body", "request", "a blocked write", post("x".repeat(20_000)), deaf],
  ["attempt", "head", "no head", send, stall],
  ["attempt", "body", "a part of a body", read, halfBody],
  ["total", "head", "no head", post("x"), stall],
  ["total", "connect", "connecting", send, mute],
  ["total", "body", "a part of a body that nobody reads", wait, halfBody],
];

for (const [timeout, phase, what, call, options] of CASES) {
  Deno.test(`Time limits: timeouts.${timeout} ends a call at ${what}, as an abort does`, async () => {
    for (const given of [70, undefined]) {
      const limit = given ?? DEFAULTS[timeout] ?? null;
      if (limit === null) continue;
      const [handle, more] = typeof options === "function"
        ? [options, {}]
        : [undefined, options];
      const timeouts = { [timeout]: given };
      const { network, clock, agent } = serve(handle, { ...more, timeouts });
      const calling = call(agent);
      calling.catch(() => {});
      await clock.pass(limit - 1);
      assertEquals(await isPending(calling), true);
      await clock.pass(1);
      const error = await assertRejects(() => calling, HttpError);
      assertEquals([error.code, error.timeout], ["Timeout", timeout]);
      assertEquals(error.progress?.phase, phase);
      const message = new RegExp(`${limit} ms.*timeouts\\.${timeout}`);
      assertMatch(error.message, message);
      const status = error.response?.status ?? null;
      assertEquals(status, phase === "body" ? 200 : null);
      assertEquals(network.open, 0);
      const { open, connecting, waiting } = agent.stats();
      assertEquals([open, connecting, waiting], [0, 0, 0]);
      await agent.close();
      assertEquals(clock.running, 0);
    }
  });
}

for (const limit of [100, 300_000]) {
  Deno.test(`Time limits: timeouts.queue of ${limit} ms counts from when a connection of the key was last freed, and says what is busy`, async () => {
    const { agent, clock } = serve(
      () => ({ write: "HTTP/1.1 200 OK\r\n\r\n", then: "stall" }),
      {
        timeouts: { head: null, ...(limit === 100 && { queue: limit }) },
        pool: { maxConnectionsPerOrigin: 2 },
      },
    );
    // It would be dropped if it were garbage.
    const unread = await agent.exchange(URL_A);
    const { body } = await agent.exchange(URL_A);
    const first = agent.exchange(URL_A);
    const second = agent.exchange(URL_A);
    second.catch(() => {});
    await clock.pass(limit - 10);
    await body.cancel();
    const got = await first;
    assertEquals(got.response.status, 200);
    await clock.pass(limit - 1);
    assertEquals(agent.stats().waiting, 1);
    await clock.pass(1);
    const error = await assertRejects(() => second, HttpError);
    assertEquals([error.timeout, error.progress?.phase], ["queue", "queue"]);
    assertMatch(error.message, /2 busy, 2 with a body that nobody reads/);
    for (const exchange of [unread, got]) await exchange.discard();
    await agent.close();
  });
}

Deno.test("Time limits: timeouts.head starts at the last byte of the request, and no byte of a head extends it", async () => {
  const { network, clock, agent } = serve(
    ({ target }) => target === "/" ? ok() : { write: "HTTP/1.1 200 OK\r\nX:" },
    { timeouts: { head: 50 } },
  );
  async function* slowly() {
    for (let piece = 0; piece < 3; piece++) {
      await clock.pass(40);
      yield new TextEncoder().encode("x");
    }
  }
  await agent.send(HttpRequest.post(URL_A), { body: slowly() });
  const trickling = agent.send(`${URL_A}slow`);
  const failing = assertRejects(() => trickling, HttpError, "timeouts.head");
  for (let ms = 0; ms < 50; ms += 10) {
    await clock.pass(10);
    if (ms < 40) await network.servers[0]!.write("x");
  }
  await failing;
  await agent.close();
});

Deno.test("Time limits: timeouts.body counts only while somebody waits, and anew with each piece", async () => {
  const { network, clock, agent } = serve(
    () => ({ write: ok("hello").slice(0, -4) }),
    { timeouts: { body: 50 } },
  );
  const { body } = await agent.exchange(URL_A);
  const reader = body.getReader();
  await reader.read();
  await clock.pass(1000);
  for (const piece of ["e", "l", "l"]) {
    const reading = reader.read();
    await clock.pass(40);
    await network.servers[0]!.write(piece);
    assertEquals((await reading).value?.length, 1);
    // Nobody waits for any longer.
    await clock.pass(60);
  }
  const reading = reader.read();
  reading.catch(() => {});
  await clock.pass(50);
  const error = await assertRejects(() => reading, HttpError);
  assertEquals(error.timeout, "body");
  await agent.close();
});

for (const late of ["a connection", "a body"]) {
  Deno.test(`Time limits: timeouts.body counts a first write from when there is ${late}`, async () => {
    const network = new Network(undefined, { isDeaf: true });
    const { promise: there, resolve } = Promise.withResolvers<void>();
    const connector: HttpConnector = {
      async connect(target) {
        if (late === "a connection") await there;
        return await network.connect(target);
      },
    };
    const timeouts = { body: 50 };
    const { clock, agent } = serve(undefined, { connector, timeouts });
    const body = async () => {
      if (late === "a body") await there;
      return "x";
    };
    const sending = agent.send(HttpRequest.post(URL_A), { body });
    await clock.pass(60);
    resolve();
    await clock.pass(49);
    assertEquals(await isPending(sending), true);
    await clock.pass(1);
    const error = await assertRejects(() => sending, HttpError);
    assertEquals(error.timeout, "body");
    await agent.close();
  });
}

Deno.test("Time limits: timeouts.continue sends a body that no 100 was sent for, by the agent's clock", async () => {
  const { agent, clock } = serve();
  await using _ = agent;
  const headers = { Expect: "100-continue" };
  const sending = agent.send(HttpRequest.post(URL_A, { headers, body: "x" }));
  await clock.pass(999);
  assertEquals(await isPending(sending), true);
  await clock.pass(1);
  assertEquals(await isPending(sending), false);
  assertEquals((await sending).uploaded, true);
});

Deno.test("Time limits: timeouts.total covers hops, and the waits between them", async () => {
  const location = { Location: "/" };
  for (
    const [response, options] of [
      [respond("302 Found", "", location), {}],
      [respond("503 Busy"), { retry: { backoff: () => 50 } }],
      [
        respond("401 No", "", { "WWW-Authenticate": "Basic" }),
        { credentials: () => never },
      ],
    ] as const
  ) {
    const { agent, clock } = serve(({ ordinal }) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      clock.startTimer(40, resolve);
      return ordinal === 1
        ? { write: response, after: promise }
        : { then: "stall" };
    }, { timeouts: { total: 70 }, ...options });
    const calling = agent.send(URL_A);
    const failing = assertRejects(() => calling, HttpError, "timeouts.total");
    await clock.pass(69);
    assertEquals(await isPending(calling), true);
    await clock.pass(1);
    await failing;
    await agent.close();
  }
});

Deno.test("Time limits: timeouts.attempt does not count while a call pauses", async () => {
  const network = new Network();
  const connect = network.connect.bind(network);
  const failures = [new HttpError("ConnectFailed", "refused")];
  network.connect = (...args) => {
    const failure = failures.pop();
    return failure === undefined ? connect(...args) : Promise.reject(failure);
  };
  const { agent, clock } = serve(undefined, {
    connector: network,
    retry: { backoff: () => 300 },
    timeouts: { attempt: 100 },
  });
  await using _ = agent;
  const sent = agent.send(URL_A);
  sent.catch(() => {});
  await clock.pass(300);
  assertEquals((await sent).response.text(), "hi");
});

Deno.test("Time limits: `null` and more than 2^31-1 ms are no limit", async () => {
  const { clock, agent } = serve(stall, { timeouts: { head: 1, total: null } });
  const call = agent.send(URL_A, { timeouts: { head: 2 ** 31 } });
  call.catch(() => {});
  await clock.pass(2 ** 33);
  assertEquals(await isPending(call), true);
  agent.abort();
  await assertRejects(() => call);
});

Deno.test("Time limits: one timer serves all calls and idle connections of a pool", async () => {
  const { clock, agent } = serve();
  for (let i = 0; i < 3; i++) {
    const timeouts = { total: 100, attempt: 50 };
    const calls = [1, 2, 3, 4, 5].map(() => agent.send(URL_A, { timeouts }));
    await Promise.all(calls);
    assertEquals(clock.running, 1);
    await clock.pass(200);
  }
  await agent.close();
  assertEquals(clock.running, 0);
});
