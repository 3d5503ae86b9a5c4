// The time limits of docs/policies.md, "Time limits", each by a clock that the test moves.

import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import {
  HttpError,
  type HttpProgress,
  HttpRequest,
  type HttpTimeouts,
} from "@pimalaya/io-http";
import { HttpAgent, type HttpAgentOptions } from "@pimalaya/io-http/agent";
import { FakeClock, settle } from "./_clock.ts";
import { type Handler, Network, ok } from "./_network.ts";

const URL_A = "http://a.example/";
const never = new Promise<never>(() => {});
const muteConnector = { connect: () => never };

interface Case {
  /** When the limit comes up. */
  readonly phase: HttpProgress["phase"];
  readonly options?: HttpAgentOptions;
  readonly handle?: Handler;
  readonly call?: (agent: HttpAgent) => Promise<unknown>;
  readonly message?: RegExp;
}

const post = (agent: HttpAgent) =>
  agent.send(HttpRequest.post(URL_A, { body: "x" }));
const read = async (agent: HttpAgent) =>
  await (await agent.exchange(URL_A)).text();
const halfBody: Handler = () => ({ write: ok("hello").slice(0, -2) });

const CASES: [keyof HttpTimeouts, Case][] = [
  ["connect", { phase: "connect", options: { connector: muteConnector } }],
  ["tls", {
    phase: "tls",
    options: {
      connector: {
        async connect(target) {
          const connection = await new Network().connect(target);
          return { ...connection, startTls: () => never };
        },
      },
    },
    call: (agent) => agent.send("https://a.example/"),
  }],
  ["head", { phase: "head", handle: () => ({ then: "stall" }) }],
  ["head", {
    phase: "head",
    handle: () => ({ write: "HTTP/1.1 200 OK\r\nX-Slow", then: "stall" }),
  }],
  ["body", { phase: "body", handle: halfBody }],
  ["body", { phase: "body", handle: halfBody, call: read }],
  ["body", {
    phase: "request",
    options: { connector: new Network(undefined, { isDeaf: true }) },
    call: (agent) =>
      agent.send(HttpRequest.post(URL_A, { body: new Uint8Array(20_000) })),
  }],
  ["attempt", { phase: "head", handle: () => ({ then: "stall" }) }],
  ["attempt", { phase: "body", handle: halfBody, call: read }],
  ["total", { phase: "head", handle: () => ({ then: "stall" }), call: post }],
  ["total", { phase: "connect", options: { connector: muteConnector } }],
  ["total", {
    phase: "body",
    handle: halfBody,
    call: async (agent) => {
      // Also while nobody reads.
      const exchange = await agent.exchange(URL_A);
      await exchange.closed;
    },
  }],
];

for (const [timeout, { phase, options, handle, call }] of CASES) {
  Deno.test(`timeouts.${timeout} ends a call in the phase "${phase}", as an abort does`, async () => {
    const network = new Network(handle);
    const clock = new FakeClock();
    const timeouts = { [timeout]: 70 };
    const agent = new HttpAgent({
      connector: network,
      clock,
      ...options,
      timeouts,
    });
    const calling = (call ?? ((agent) => agent.send(URL_A)))(agent);
    calling.catch(() => {});
    await clock.pass(69);
    let settled = false;
    calling.catch(() => settled = true);
    await settle();
    assertEquals(settled, false);
    await clock.pass(1);
    const error = await assertRejects(() => calling, HttpError);
    assertEquals([error.code, error.timeout], ["Timeout", timeout]);
    assertEquals(error.progress?.phase, phase);
    assertMatch(error.message, new RegExp(`70 ms.*timeouts\\.${timeout}`));
    assertEquals(error.response?.status ?? null, phase === "body" ? 200 : null);
    assertEquals(network.open, 0);
    const { open, connecting, waiting } = agent.stats();
    assertEquals([open, connecting, waiting], [0, 0, 0]);
    await agent.close();
    assertEquals(clock.running, 0);
  });
}

Deno.test("timeouts.queue counts from when a connection of the key was last freed, and says what is busy", async () => {
  const network = new Network(({ target }) =>
    target === "/" ? ok() : { write: "HTTP/1.1 200 OK\r\n\r\n", then: "stall" }
  );
  const clock = new FakeClock();
  const agent = new HttpAgent({
    connector: network,
    clock,
    timeouts: { queue: 100 },
    pool: { maxConnectionsPerOrigin: 2 },
  });
  const unread = await agent.exchange(`${URL_A}stream`);
  const other = await agent.exchange(`${URL_A}stream`);
  const waiting = [agent.send(URL_A), agent.send(URL_A)];
  for (const call of waiting) call.catch(() => {});
  await clock.pass(90);
  await other.body.cancel();
  await clock.pass(90);
  assertEquals((await waiting[0])?.response.status, 200);
  assertEquals((await waiting[1])?.response.status, 200);
  const busy = [
    await agent.exchange(`${URL_A}stream`),
    agent.send(URL_A),
  ] as const;
  busy[1].catch(() => {});
  await clock.pass(99);
  assertEquals(agent.stats().waiting, 1);
  await clock.pass(1);
  const error = await assertRejects(() => busy[1], HttpError);
  assertEquals([error.timeout, error.progress?.phase], ["queue", "queue"]);
  assertMatch(error.message, /2 are busy, 2 of them with bodies that nobody/);
  await unread.discard();
  agent.abort();
});

Deno.test("timeouts.head starts at the last byte of the request", async () => {
  const clock = new FakeClock();
  await using agent = new HttpAgent({
    connector: new Network(),
    clock,
    timeouts: { head: 50 },
  });
  async function* slowly() {
    for (let piece = 0; piece < 3; piece++) {
      await clock.pass(40);
      yield new TextEncoder().encode("x");
    }
  }
  const { response } = await agent.send(HttpRequest.post(URL_A), {
    body: slowly(),
  });
  assertEquals(response.status, 200);
});

Deno.test("timeouts.body counts only while somebody waits, and anew with each piece", async () => {
  const clock = new FakeClock();
  const network = new Network(() => ({ write: ok("hello").slice(0, -4) }));
  const agent = new HttpAgent({
    connector: network,
    clock,
    timeouts: { body: 50 },
  });
  const { body } = await agent.exchange(URL_A);
  const reader = body.getReader();
  await reader.read();
  await clock.pass(1000);
  for (const piece of ["e", "l", "l"]) {
    const reading = reader.read();
    await clock.pass(40);
    await network.servers[0]!.write(piece);
    assertEquals((await reading).value?.length, 1);
  }
  const reading = reader.read();
  reading.catch(() => {});
  await clock.pass(50);
  const error = await assertRejects(() => reading, HttpError);
  assertEquals(error.timeout, "body");
  await agent.close();
});

Deno.test("timeouts: `null` and more than 2^31-1 ms are no limit", async () => {
  const clock = new FakeClock();
  const agent = new HttpAgent({
    connector: new Network(() => ({ then: "stall" })),
    clock,
    timeouts: { head: 1, total: null },
  });
  const call = agent.send(URL_A, { timeouts: { head: 2 ** 31 } });
  let isOver = false;
  call.catch(() => isOver = true);
  await clock.pass(2 ** 33);
  assertEquals(isOver, false);
  agent.abort();
  await assertRejects(() => call);
});

Deno.test("timeouts: one timer serves all calls and idle connections of a pool", async () => {
  const clock = new FakeClock();
  const agent = new HttpAgent({ connector: new Network(), clock });
  for (let i = 0; i < 3; i++) {
    await Promise.all(
      Array.from(
        { length: 5 },
        () => agent.send(URL_A, { timeouts: { total: 100, attempt: 50 } }),
      ),
    );
    assertEquals(clock.running, 1);
    await clock.pass(200);
  }
  await agent.close();
  assertEquals(clock.running, 0);
});
