// How an agent ends, and what ends connections before (docs/policies.md, "Pool").

import v8 from "node:v8";
import vm from "node:vm";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { HttpRequest } from "@pimalaya/io-http";
import {
  HttpAgent,
  type HttpAgentOptions,
  type HttpWarning,
} from "@pimalaya/io-http/agent";
import type { PipeServer } from "../_pipe.ts";
import { toText } from "../_text.ts";
import { FakeClock, settle } from "./_clock.ts";
import { type Handler, Network, ok, respond } from "./_network.ts";

const URL_A = "http://a.example/";
const URL_B = "http://b.example/";

function serve(handle?: Handler, options: HttpAgentOptions = {}) {
  const network = new Network(handle);
  const clock = new FakeClock();
  const agent = new HttpAgent({ connector: network, clock, ...options });
  return { network, clock, agent };
}

/** A server whose bodies are cut short by a byte, which it sends when told to. */
function serveSlowly() {
  let finish = () => {};
  const finished = new Promise<void>((resolve) => finish = resolve);
  const network = new Network(({ target, connection }) => {
    if (target !== "/slow") return ok("hello");
    finished.then(() => network.servers[connection - 1]!.write("o"));
    return { write: ok("hello").slice(0, -1) };
  });
  const agent = new HttpAgent({ connector: network });
  return { network, agent, finish };
}

Deno.test("HttpAgent.close closes idle connections, and refuses further calls", async () => {
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

Deno.test("HttpAgent.close lets calls in progress and queued calls finish", async () => {
  let answer = () => {};
  const answered = new Promise<void>((resolve) => answer = resolve);
  const { network, agent } = serve(
    () => ({ write: ok("hi"), after: answered }),
    { pool: { maxConnectionsPerOrigin: 1 } },
  );
  const calls = [1, 2, 3].map(() => agent.send(URL_A));
  await settle();
  const closing = agent.close();
  await assertRejects(() => agent.send(URL_A), TypeError);
  answer();
  for (const call of calls) assertEquals((await call).response.status, 200);
  await closing;
  assertEquals(network.open, 0);
});

const READERS: [string, (agent: HttpAgent) => Promise<string>][] = [
  [
    "text()",
    async (agent) => await (await agent.exchange(`${URL_A}slow`)).text(),
  ],
  ["its stream", async (agent) => {
    const { body } = await agent.exchange(`${URL_A}slow`);
    let text = "";
    for await (const piece of body) text += toText(piece);
    return text;
  }],
  [
    "its Response",
    async (agent) =>
      await (await agent.exchange(`${URL_A}slow`)).toResponse().text(),
  ],
  [
    "the Response of fetch",
    async (agent) => await (await agent.fetch(`${URL_A}slow`)).text(),
  ],
  [
    "a clone of it",
    async (agent) => await (await agent.fetch(`${URL_A}slow`)).clone().text(),
  ],
];

for (const [reader, read] of READERS) {
  Deno.test(`HttpAgent.close waits for a body that is being read through ${reader}`, async () => {
    const { network, agent, finish } = serveSlowly();
    const reading = read(agent);
    await settle();
    let isClosed = false;
    const closing = agent.close().then(() => isClosed = true);
    await settle();
    assertEquals([isClosed, network.open], [false, 1]);
    finish();
    assertEquals(await reading, "hello");
    await closing;
    assertEquals(network.open, 0);
  });
}

Deno.test("HttpAgent.close lets a reader begin whose head has just arrived", async () => {
  const { agent } = serve(() => ok("hello"));
  const reading = agent.exchange(URL_A).then((exchange) => exchange.text());
  await agent.close();
  assertEquals(await reading, "hello");
});

Deno.test("HttpAgent.close drops bodies that nobody reads", async () => {
  const { network, agent } = serveSlowly();
  const exchanges = [
    await agent.exchange(`${URL_A}slow`),
    await agent.exchange(`${URL_A}slow`),
  ];
  assert(!exchanges[1]!.body.locked);
  const response = await agent.fetch(`${URL_A}slow`);
  const cloned = await agent.fetch(`${URL_A}slow`);
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

Deno.test("HttpAgent.abort ends everything at once with its reason", async () => {
  const { network, agent } = serve(
    ({ target }) =>
      target === "/" ? { then: "stall" } : { write: ok("hello").slice(0, -1) },
    { pool: { maxConnectionsPerOrigin: 2 } },
  );
  const reason = new Error("stop");
  const exchange = await agent.exchange(`${URL_A}body`);
  const reading = exchange.text();
  const calls = [1, 2, 3].map(() => agent.send(URL_A));
  for (const call of [reading, ...calls]) call.catch(() => {});
  await settle();
  agent.abort(reason);
  for (const call of [reading, ...calls]) {
    assertEquals(await assertRejects(() => call), reason);
  }
  await agent.close();
  assertEquals([network.open, agent.stats().waiting], [0, 0]);
  const error = await assertRejects(() => agent.send(URL_A), TypeError);
  assertEquals(error.cause, reason);
});

Deno.test("closing an agent made by with() concerns its own calls, and leaves the pool", async () => {
  const { network, agent } = serve(
    ({ target }) => target === "/" ? ok() : { then: "stall" },
  );
  const derived = agent.with({});
  await derived.send(URL_A);
  const others = agent.send(`${URL_A}stall`);
  others.catch(() => {});
  await derived.close();
  assertEquals(network.open, 1);
  await assertRejects(() => derived.send(URL_A), TypeError, "closed");
  const aborted = agent.with({});
  const own = aborted.send(`${URL_B}stall`);
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

Deno.test("closing an agent waits for the calls of agents that share its pool", async () => {
  let answer = () => {};
  const answered = new Promise<void>((resolve) => answer = resolve);
  const { network, agent } = serve(() => ({
    write: ok("hi"),
    after: answered,
  }));
  const call = agent.with({}).send(URL_A);
  await settle();
  const closing = agent.close();
  answer();
  assertEquals((await call).response.text(), "hi");
  await closing;
  assertEquals(network.open, 0);
});

Deno.test("an idle connection is closed after its time, by one timer", async () => {
  const { network, agent, clock } = serve(
    ({ target }) => ok("", target === "/" ? {} : { "Keep-Alive": "timeout=5" }),
  );
  await using _ = agent;
  await Promise.all([agent.send(URL_A), agent.send(`${URL_B}promise`)]);
  await clock.pass(3999);
  assertEquals(network.open, 2);
  await clock.pass(1);
  assertEquals(network.servers.map(({ isClosed }) => isClosed), [false, true]);
  await clock.pass(55_999);
  assertEquals(network.open, 1);
  await clock.pass(1);
  assertEquals([network.open, agent.stats().open], [0, 0]);
});

Deno.test("an idle connection that ends leaves the pool at once", async () => {
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

const UNUSABLE: [string, Handler, ((agent: HttpAgent) => Promise<unknown>)?][] =
  [
    ["a close", () => ok("hi", { Connection: "close" })],
    ["an HTTP/1.0 response", () => ok("hi").replace("1.1", "1.0")],
    ["a body that ends with the connection", () => ({
      write: "HTTP/1.1 200 OK\r\n\r\nhi",
      then: "close",
    })],
    [
      "a body that was canceled",
      () => ok("hi"),
      async (agent) => await (await agent.exchange(URL_A)).body.cancel(),
    ],
    ["bytes after the response", () => ok("hi") + "x"],
  ];

for (const [what, handle, call] of UNUSABLE) {
  Deno.test(`a connection is not used again after ${what}`, async () => {
    const { network, agent } = serve(handle);
    await using _ = agent;
    await (call ?? ((agent) => agent.send(URL_A)))(agent);
    await agent.send(URL_A);
    assertEquals(network.servers.length, 2);
  });
}

Deno.test("the pool's limits hold: maxConnections, maxConnectionsPerOrigin, maxExchanges, maxAge", async () => {
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

Deno.test("stats counts connections and calls, in total and per origin, and closeIdle closes what is idle", async () => {
  const { network, agent } = serve(
    ({ target }) => target === "/" ? ok() : { then: "stall" },
    { pool: { maxConnectionsPerOrigin: 1 } },
  );
  const calls = [`${URL_A}stall`, `${URL_A}stall`, URL_B].map((url) =>
    agent.send(url)
  );
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

Deno.test("a call is served by a freed connection while its own is being opened, which then joins the pool", async () => {
  let answer = () => {};
  const answered = new Promise<void>((resolve) => answer = resolve);
  const { network, agent } = serve(({ ordinal }) =>
    ordinal === 1 ? { write: ok("1"), after: answered } : ok("2")
  );
  await using _ = agent;
  const first = agent.send(URL_A);
  await settle();
  const connect = network.connect.bind(network);
  let open = () => {};
  network.connect = (...args) =>
    new Promise((resolve) => open = () => resolve(connect(...args)));
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

Deno.test("a connection that arrives after its call was aborted is closed", async () => {
  const { network, agent } = serve();
  const connect = network.connect.bind(network);
  let open = () => {};
  // It does not know of signals.
  network.connect = (target) =>
    new Promise((resolve) => open = () => resolve(connect(target)));
  const controller = new AbortController();
  const call = agent.send(URL_A, { signal: controller.signal });
  await settle();
  controller.abort();
  await assertRejects(() => call, DOMException);
  open();
  await settle();
  assertEquals([network.servers.length, network.open], [1, 0]);
  await agent.close();
});

Deno.test("an upgraded exchange gives its connection away, or closes it", async () => {
  const handle: Handler = () =>
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\nfirst";
  const request = HttpRequest.get(URL_A, {
    headers: { Connection: "upgrade", Upgrade: "x" },
  });
  for (const end of ["detach", "discard", "close", "abort"] as const) {
    const { network, agent } = serve(handle);
    const exchange = await agent.exchange(request);
    assertEquals([exchange.upgraded, agent.stats().busy], [true, 1]);
    if (end === "detach") {
      const { readable, writable } = exchange.detach();
      assertEquals(agent.stats().open, 0);
      await agent.close();
      const { value } = await readable.getReader().read();
      assertEquals(toText(value!), "first");
      assertEquals(network.open, 1);
      await writable.close();
    } else if (end === "discard") {
      await exchange.discard();
    } else {
      await agent[end]();
    }
    await agent.close();
    await settle();
    if (end !== "detach") assertEquals(network.open, 0, end);
  }
});

Deno.test("HttpAgent discards the body of a redirect, and closes the connection if it is long or slow", async () => {
  const location = { Location: "/" };
  const long = "x".repeat(300_000);
  for (
    const [redirect, connections] of [
      [{ write: respond("302 Found", "short", location) }, 1],
      [{ write: respond("302 Found", long, location) }, 2],
      [{ write: respond("302 Found", "slow", location).slice(0, -1) }, 2],
    ] as const
  ) {
    const { network, agent } = serve(({ target }) =>
      target === "/" ? ok("end") : redirect
    );
    await using _ = agent;
    const { response } = await agent.send(`${URL_A}old`);
    assertEquals(response.text(), "end");
    assertEquals(network.servers.length, connections);
  }
});

Deno.test("an exchange that is dropped unread gives its slot back, and is reported once", async () => {
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
  assertEquals(agent.stats().busy, 1);
  assertEquals(network.open, 2);
  await body.cancel();
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
