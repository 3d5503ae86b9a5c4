// docs/policies.md, "Pool": how an agent ends, and why connections end before.

import v8 from "node:v8";
import vm from "node:vm";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { HttpRequest } from "@pimalaya/io-http";
import type {
  HttpAgent,
  HttpAgentOptions,
  HttpAgentSendOptions,
  HttpClock,
  HttpWarning,
} from "@pimalaya/io-http/agent";
import type { PipeServer } from "../_pipe.ts";
import { toText } from "../_text.ts";
import { expand, type Wire } from "../_vectors.ts";
import vectors from "../vectors/agent_reuse.json" with { type: "json" };
import { FakeClock, isPending, settle } from "./_clock.ts";
import {
  type Handler,
  type Network,
  ok,
  READERS,
  type Reply,
  serve,
  URL_A,
  URL_B,
} from "./_network.ts";

const SLOW = `${URL_A}slow`;
const stall: Handler = ({ target }) =>
  target === "/" ? ok() : { then: "stall" };

/** A server whose bodies are cut short by a byte, which it sends when told to. */
function serveSlowly() {
  const { promise: finished, resolve: finish } = Promise.withResolvers<void>();
  const { network, agent } = serve(({ target, connection }) => {
    if (target !== "/slow") return ok("hello");
    finished.then(() => network.servers[connection - 1]!.write("o"));
    return { write: ok("hello").slice(0, -1) };
  });
  return { network, agent, finish };
}

/** A server that answers when told to. */
function serveLater(options: HttpAgentOptions = {}) {
  const { promise: after, resolve: answer } = Promise.withResolvers<void>();
  return { ...serve(() => ({ write: ok("hi"), after }), options), answer };
}

Deno.test("Pool: HttpAgent.close closes idle connections, and refuses further calls", async () => {
  const { network, agent, clock } = serve();
  await agent.send(URL_A);
  await agent.send(URL_B);
  assertEquals(network.open, 2);
  await agent.close();
  assertEquals([network.open, agent.stats().open, clock.running], [0, 0, 0]);
  await assertRejects(() => agent.send(URL_A), TypeError, "closed");
  await assertRejects(() => agent.exchange(URL_A), TypeError, "closed");
  await agent.close();
});

Deno.test("Pool: HttpAgent.close lets calls in progress and queued calls finish, also of agents that share the pool", async () => {
  const { network, agent, answer } = serveLater({
    pool: { maxConnectionsPerOrigin: 1 },
  });
  const calls = [agent, agent, agent.with({})].map((each) => each.send(URL_A));
  await settle();
  const closing = agent.close();
  await assertRejects(() => agent.send(URL_A), TypeError);
  answer();
  for (const call of calls) assertEquals((await call).response.text(), "hi");
  await closing;
  assertEquals(network.open, 0);
});

for (const [way, read] of Object.entries(READERS)) {
  Deno.test(`Pool: HttpAgent.close waits for a body that is being read through ${way}`, async () => {
    const { network, agent, finish } = serveSlowly();
    const reading = read(agent, SLOW);
    await settle();
    const closing = agent.close();
    assertEquals([await isPending(closing), network.open], [true, 1]);
    finish();
    assertEquals(await reading, "hello");
    await closing;
    assertEquals(network.open, 0);
  });
}

Deno.test("Pool: HttpAgent.close lets a reader begin whose head has just arrived", async () => {
  const { agent } = serve(() => ok("hello"));
  const reading = agent.exchange(URL_A).then((exchange) => exchange.text());
  await agent.close();
  assertEquals(await reading, "hello");
});

Deno.test("Pool: HttpAgent.close drops bodies that nobody reads", async () => {
  const { network, agent } = serveSlowly();
  const exchanges = [
    await agent.exchange(SLOW),
    await agent.exchange(SLOW),
    // All of its body has arrived.
    await agent.exchange(URL_A),
  ];
  assert(!exchanges[1]!.body.locked);
  const response = await agent.fetch(SLOW);
  const cloned = await agent.fetch(SLOW);
  const clones = [cloned, cloned.clone(), cloned.clone()];
  await agent.close();
  assertEquals(network.open, 0);
  for (const { body } of [response, ...clones]) {
    await assertRejects(() => body!.getReader().read(), TypeError);
  }
  for (const exchange of exchanges) {
    await assertRejects(() => exchange.text());
    await exchange.discard();
  }
});

Deno.test("Pool: HttpAgent.abort ends everything at once with its reason", async () => {
  const { network, agent } = serve(
    ({ target }) =>
      target === "/" ? { then: "stall" } : { write: ok("hello").slice(0, -1) },
    { pool: { maxConnectionsPerOrigin: 2 } },
  );
  const reason = new Error("stop");
  const reading = (await agent.exchange(SLOW)).text();
  const calls = [reading, ...[1, 2, 3].map(() => agent.send(URL_A))];
  for (const call of calls) call.catch(() => {});
  await settle();
  agent.abort(reason);
  for (const call of calls) {
    assertEquals(await assertRejects(() => call), reason);
  }
  await agent.close();
  assertEquals([network.open, agent.stats().waiting], [0, 0]);
  const error = await assertRejects(() => agent.send(URL_A), TypeError);
  assertEquals(error.cause, reason);
});

Deno.test("Pool: closing an agent made by with() concerns its own calls, and leaves the pool", async () => {
  const { network, agent } = serve(stall);
  const derived = agent.with({});
  await derived.send(URL_A);
  const others = agent.send(SLOW);
  others.catch(() => {});
  await derived.close();
  assertEquals(network.open, 1);
  await assertRejects(() => derived.send(URL_A), TypeError, "closed");
  const aborted = agent.with({});
  const own = aborted.send(`${URL_B}slow`);
  own.catch(() => {});
  await settle();
  aborted.abort(new Error("mine"));
  await assertRejects(() => own, Error, "mine");
  assertEquals((await agent.send(URL_A)).response.status, 200);
  const grandchild = agent.with({}).with({});
  agent.abort(new Error("all"));
  await assertRejects(() => others, Error, "all");
  await assertRejects(() => grandchild.send(URL_A), TypeError, "closed");
});

Deno.test("Pool: an idle connection is closed after its time, by one timer", async () => {
  const { network, agent, clock } = serve(
    ({ target }) => ok("", target === "/" ? {} : { "Keep-Alive": "timeout=5" }),
  );
  await using _ = agent;
  await Promise.all([agent.send(URL_A), agent.send(SLOW)]);
  await clock.pass(3999);
  assertEquals(network.open, 2);
  await clock.pass(1);
  assertEquals(network.servers.map(({ isClosed }) => isClosed), [false, true]);
  await clock.pass(55_999);
  assertEquals(network.open, 1);
  await clock.pass(1);
  assertEquals([network.open, agent.stats().open], [0, 0]);
});

Deno.test("Pool: an idle connection is not used again by a machine that was suspended", async () => {
  const fake = new FakeClock();
  // While a machine is suspended, this one stands still, and so do its timers.
  const clock: HttpClock = {
    now: () => fake.now(),
    elapsed: () => 0,
    startTimer: (ms, callback) => fake.startTimer(ms, callback),
  };
  const { network, agent } = serve(undefined, { clock });
  await using _ = agent;
  await agent.send(URL_A);
  fake.jump(60_000);
  await agent.send(URL_A);
  assertEquals(network.requests.map(({ connection }) => connection), [1, 2]);
});

Deno.test("Pool: an idle connection that ends leaves the pool at once", async () => {
  const endings: ((server: PipeServer) => unknown)[] = [
    (server) => server.close(),
    (server) => server.abort(new Error("reset")),
    (server) => server.write("unsolicited"),
  ];
  for (const end of endings) {
    const { network, agent } = serve();
    await using _ = agent;
    await agent.send(URL_A);
    end(network.servers[0]!);
    await settle();
    assertEquals([agent.stats().open, network.open], [0, 0]);
  }
});

const WAYS: Record<string, (agent: HttpAgent) => Promise<unknown>> = {
  send: (agent) => agent.send(URL_A),
  cancel: async (agent) => await (await agent.exchange(URL_A)).body.cancel(),
  discard: async (agent) => await (await agent.exchange(URL_A)).discard(),
};

for (const { name, rule, write: wire, then, via, used } of vectors) {
  Deno.test(`${rule}: a connection is ${used ? "used" : "not used"} again after ${name}`, async () => {
    const write = expand(wire as Wire);
    const reply = { write, ...(then && { then }) } as Reply;
    const { network, agent } = serve(({ target }) =>
      target === "/" ? reply : ok()
    );
    await using _ = agent;
    await WAYS[via]!(agent).catch(() => {});
    await agent.send(`${URL_A}next`);
    assertEquals(network.servers.length, used ? 1 : 2);
  });
}

Deno.test("Pool: the pool's limits hold: maxConnections, maxConnectionsPerOrigin, maxExchanges, maxAge", async () => {
  const { network, agent, clock } = serve(undefined, {
    pool: {
      maxConnections: 3,
      maxConnectionsPerOrigin: 2,
      maxExchanges: 5,
      maxAge: 1000,
    },
  });
  await using _ = agent;
  const urls = Array.from({ length: 60 }, (_, i) => `http://${i % 4}.example/`);
  await Promise.all(urls.map((url) => agent.send(url)));
  assert(network.peak <= 3);
  assertEquals(network.requests.length, 60);
  assert(network.requests.every(({ ordinal }) => ordinal <= 5));
  const before = network.servers.length;
  await clock.pass(1000);
  assertEquals(network.open, 0);
  await agent.send(URL_A);
  assertEquals(network.servers.length, before + 1);
});

Deno.test("Pool: stats counts connections and calls, in total and per origin, and closeIdle closes idle connections", async () => {
  const { network, agent } = serve(stall, {
    pool: { maxConnectionsPerOrigin: 1 },
  });
  const calls = [SLOW, SLOW, URL_B].map((url) => agent.send(url));
  for (const call of calls) call.catch(() => {});
  await settle();
  const { origins, ...total } = agent.stats();
  const counts = { open: 2, idle: 1, busy: 1, connecting: 0, waiting: 1 };
  assertEquals(total, counts);
  assertEquals(Object.fromEntries(origins), {
    "http://a.example": { ...counts, open: 1, idle: 0 },
    "http://b.example": { ...counts, open: 1, busy: 0, waiting: 0 },
  });
  agent.closeIdle();
  await settle();
  assertEquals([agent.stats().open, network.open], [1, 1]);
  agent.abort();
  await agent.close();
});

/** Makes further connections of a network wait until they are let through. */
function holdConnections(network: Network): () => void {
  const connect = network.connect.bind(network);
  let open = () => {};
  // It does not know of signals.
  network.connect = (target) =>
    new Promise((resolve) => open = () => resolve(connect(target)));
  return () => open();
}

Deno.test("Pool: a call is served by a freed connection while its own is being opened, which then joins the pool", async () => {
  const { network, agent, answer } = serveLater();
  await using _ = agent;
  const first = agent.send(URL_A);
  await settle();
  const open = holdConnections(network);
  const second = agent.send(URL_A);
  await settle();
  assertEquals(agent.stats().connecting, 1);
  answer();
  await first;
  const { reused, timings } = await second;
  assertEquals([reused, timings.connect], [true, null]);
  open();
  await settle();
  assertEquals([agent.stats().idle, network.servers.length], [2, 2]);
});

Deno.test("Pool: a connection that arrives after its call was aborted is closed, and one just before is closed or idle", async () => {
  for (let between = -1; between < 30; between++) {
    const { network, agent } = serve(() => ({ then: "stall" }));
    const open = holdConnections(network);
    const controller = new AbortController();
    const call = agent.send(URL_A, { signal: controller.signal });
    await settle();
    if (between >= 0) open();
    for (let i = 0; i < between; i++) await Promise.resolve();
    controller.abort();
    await assertRejects(() => call, DOMException);
    if (between < 0) open();
    await settle();
    const { open: kept, idle } = agent.stats();
    assertEquals([kept, network.open], [idle, idle]);
    assert(between >= 0 || idle === 0);
    await agent.close();
  }
});

for (const end of ["detach", "discard", "close", "abort"] as const) {
  Deno.test(`Pool: an upgraded exchange gives its connection away, or closes it: ${end}()`, async () => {
    const { network, agent } = serve(() =>
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\nfirst"
    );
    const headers = { Connection: "upgrade", Upgrade: "x" };
    const exchange = await agent.exchange(HttpRequest.get(URL_A, { headers }));
    assertEquals([exchange.upgraded, agent.stats().busy], [true, 1]);
    // It has no body, whether anybody looks for one or not.
    if (end === "close") assertEquals(await exchange.text(), "");
    if (end === "abort") exchange.body.getReader();
    if (end === "detach") {
      const { readable, writable } = exchange.detach();
      assertEquals(agent.stats().open, 0);
      await agent.close();
      const { value } = await readable.getReader().read();
      assertEquals([toText(value!), network.open], ["first", 1]);
      await writable.close();
    } else {
      await (end === "discard" ? exchange.discard() : agent[end]());
      await agent.close();
      await settle();
      assertEquals(network.open, 0);
    }
  });
}

Deno.test("Pool: an exchange that is dropped unread gives its slot back, and is reported once", async () => {
  const warnings: HttpWarning[] = [];
  const { network, agent } = serve(
    ({ target }) =>
      target === "/" ? { write: ok("hello").slice(0, -1) } : ok("hello"),
    { onWarning: (warning) => warnings.push(warning) },
  );
  await using _ = agent;
  const { body } = await agent.exchange(URL_A); // Its stream is still in use.
  await (async () => {
    const dropped = await agent.exchange(`${URL_A}dropped`);
    assertEquals(dropped.response.status, 200);
    const read = await agent.exchange(`${URL_A}read`);
    await read.text();
  })();
  await collect(() => warnings.length > 0);
  assertEquals(warnings.map(({ code, url }) => [code, url.pathname]), [
    ["ExchangeDropped", "/dropped"],
  ]);
  assertEquals([agent.stats().busy, network.open], [1, 2]);
  await body.cancel();
});

Deno.test("a request body is let go of once it is sent, while the response lasts", async () => {
  const { agent } = serve(() => ({ write: ok("hello").slice(0, -1) }));
  async function* generate() {
    yield new Uint8Array(20_000);
  }
  const makers: (() => HttpAgentSendOptions["body"] & object)[] = [
    () => new Uint8Array(20_000),
    () => new Blob(["x".repeat(20_000)]),
    () => ReadableStream.from(generate()),
    generate,
    () => () => generate(),
  ];
  let collected = 0;
  const registry = new FinalizationRegistry(() => collected++);
  for (const [i, make] of makers.entries()) {
    const send = async () => {
      const body = make();
      registry.register(body, null);
      const request = HttpRequest.post(URL_A);
      const exchange = await agent.exchange(request, { body });
      assertEquals(await exchange.uploaded, true);
      return exchange;
    };
    const exchange = await send();
    await collect(() => collected > i);
    assertEquals(collected, i + 1, `${make}`);
    await exchange.body.cancel();
  }
  await agent.close();
});

/** Collects garbage until a condition holds. */
async function collect(isDone: () => boolean): Promise<void> {
  v8.setFlagsFromString("--expose-gc");
  const gc: () => void = vm.runInNewContext("gc");
  for (let turn = 0; turn < 50 && !isDone(); turn++) {
    gc();
    await settle();
  }
}
