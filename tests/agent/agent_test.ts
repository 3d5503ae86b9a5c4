// The agent over servers in memory, and a clock that tests move.

import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStrictEquals,
} from "@std/assert";
import { HttpError, HttpHeaders, HttpRequest } from "@pimalaya/io-http";
import { HttpAgent, type HttpAgentOptions } from "@pimalaya/io-http/agent";
import { FakeClock, settle } from "./_clock.ts";
import { type Handler, Network, ok, respond } from "./_network.ts";

const URL_A = "http://a.example/";
const URL_B = "http://b.example/";

/** An agent whose servers answer as a handler says. */
function serve(handle?: Handler, options: HttpAgentOptions = {}) {
  const network = new Network(handle);
  const clock = new FakeClock();
  const agent = new HttpAgent({ connector: network, clock, ...options });
  return { network, clock, agent };
}

Deno.test("HttpAgent.send returns the response, and how the call went", async () => {
  const { agent } = serve(({ target }) =>
    target === "/old"
      ? respond("302 Found", "", { Location: "/new" })
      : ok("hi", { "Content-Type": "text/plain" })
  );
  await using _ = agent;
  const { timings, info, ...output } = await agent.send(`${URL_A}old`);
  assertEquals(output.response.text(), "hi");
  assertEquals(output.response.header("content-type"), "text/plain");
  assertEquals(output.url.href, `${URL_A}new`);
  assertEquals(output.hops.map(({ status, to }) => [status, to.pathname]), [
    [302, "/new"],
  ]);
  assertEquals(output.attempts, 2);
  assertEquals(output.reused, true);
  assertEquals(output.uploaded, true);
  assertEquals(output.keepAlive, true);
  assertEquals(output.decoded, []);
  assertEquals(info?.remote, { hostname: "a.example", port: 80 });
  const { connect, tls, ...others } = timings;
  assertEquals([connect, tls], [null, null]);
  assert(Object.values(others).every((time) => time !== null && time >= 0));
});

Deno.test("HttpAgent reports how long it took to connect, on the call that did", async () => {
  const { agent, network, clock } = serve();
  await using _ = agent;
  const connect = network.connect.bind(network);
  network.connect = async (...args) => {
    await clock.pass(30);
    return await connect(...args);
  };
  const first = await agent.send(URL_A);
  const second = await agent.send(URL_A);
  assertEquals(first.timings.connect, 30);
  assertEquals(first.timings.queued, 0);
  assertEquals(second.timings.connect, null);
});

Deno.test("HttpAgent.exchange streams a body, and reuses the connection once it is read", async () => {
  const { agent, network } = serve(() => ok("hello"));
  await using _ = agent;
  const exchange = await agent.exchange(HttpRequest.get(URL_A));
  assertEquals(agent.stats().busy, 1);
  assertEquals(exchange.timings.receive, null);
  assertEquals(await exchange.text(), "hello");
  assertEquals(exchange.timings.receive !== null, true);
  assertEquals((await exchange.closed).keepAlive, true);
  assertEquals(await exchange.uploaded, true);
  await agent.send(URL_A);
  assertEquals(network.servers.length, 1);
});

Deno.test("HttpAgent keeps connections of different targets apart", async () => {
  const { agent, network } = serve();
  await using _ = agent;
  await agent.send(URL_A);
  await agent.send("http://a.example:81/");
  await agent.send(URL_B);
  await agent.send(URL_A, { connectTo: { port: 8080 } });
  await agent.send(URL_A, { connectTo: () => ({ unixPath: "/run/a" }) });
  await agent.send(URL_A);
  assertEquals(network.targets, [
    { hostname: "a.example", port: 80 },
    { hostname: "a.example", port: 81 },
    { hostname: "b.example", port: 80 },
    { hostname: "a.example", port: 8080 },
    { unixPath: "/run/a" },
  ]);
});

Deno.test("HttpAgent adds the agent's fields and those of the call, but not over the request's", async () => {
  const { agent, network } = serve(undefined, {
    headers: { "X-Agent": "agent", "X-Both": "agent", "X-Own": "agent" },
    decode: false,
  });
  await using _ = agent;
  await agent.with({ headers: { "X-With": ["1", "2"], "x-agent": null } })
    .send(HttpRequest.get(URL_A, { headers: { "X-Own": "own" } }), {
      headers: new HttpHeaders({ "x-both": "call" }),
    });
  const [head] = network.requests.map(({ head }) => head.trim().split("\r\n"));
  assertEquals(head, [
    "GET / HTTP/1.1",
    "Host: a.example",
    "X-Own: own",
    "x-both: call",
    "X-With: 1",
    "X-With: 2",
  ]);
});

Deno.test("HttpAgent.with shares the pool, and inherits and merges options", async () => {
  const { agent, network } = serve(undefined, {
    timeouts: { total: 1000, head: 50 },
  });
  await using _ = agent;
  const derived = agent.with({ timeouts: { total: null } });
  await agent.send(URL_A);
  await derived.send(URL_A);
  assertEquals(network.servers.length, 1);
  assertEquals(derived.stats().open, 1);
  await agent.with({ tls: { caCerts: ["X"] } }).send(URL_A);
  assertEquals(network.servers.length, 2);
});

const CALLS: ((agent: HttpAgent, init?: object) => Promise<unknown>)[] = [
  (agent, init) => agent.send(URL_A, init),
  (agent, init) => agent.exchange(URL_A, init),
];

Deno.test("HttpAgent rejects a caller's mistakes before it connects", async () => {
  const { agent, network } = serve();
  await using _ = agent;
  const post = HttpRequest.post(URL_A);
  const locked = new ReadableStream();
  locked.getReader();
  const mistakes: [
    typeof TypeError | typeof RangeError,
    string,
    () => Promise<unknown>,
  ][] = [
    [TypeError, "URL", () => agent.send("nowhere")],
    [TypeError, "http", () => agent.send("ftp://a.example/")],
    [
      TypeError,
      "exchange()",
      () => agent.send(new HttpRequest("CONNECT", URL_A)),
    ],
    [
      TypeError,
      "exchange()",
      () => agent.send(HttpRequest.get(URL_A, { headers: { Upgrade: "x" } })),
    ],
    [TypeError, "httpsOnly", () => agent.send(URL_A, { httpsOnly: true })],
    [TypeError, "locked", () => agent.send(post, { body: locked })],
    [
      TypeError,
      "has no host or port",
      () => agent.send(URL_A, { connectTo: { unixPath: "/a", port: 1 } }),
    ],
    [
      RangeError,
      "timeouts.head",
      () => agent.send(URL_A, { timeouts: { head: -1 } }),
    ],
    [
      RangeError,
      "timeouts.total",
      () => agent.send(URL_A, { timeouts: { total: NaN } }),
    ],
    [RangeError, "maxHeadBytes", () => agent.send(URL_A, { maxHeadBytes: -1 })],
    [
      RangeError,
      "redirect.max",
      () => agent.send(URL_A, { redirect: { max: -1 } }),
    ],
    [
      RangeError,
      "retry.attempts",
      () => agent.send(URL_A, { retry: { attempts: 0.5 } }),
    ],
  ];
  for (const [type, message, call] of mistakes) {
    await assertRejects(call, type, message);
  }
  assertEquals(network.servers.length, 0);
  for (
    const options of [
      { pool: { maxConnections: 0 } },
      { timeouts: { queue: -1 } },
      { decode: { maxRatio: 0 } },
    ]
  ) {
    let error: unknown = null;
    try {
      new HttpAgent(options);
    } catch (thrown) {
      error = thrown;
    }
    assert(error instanceof RangeError);
  }
});

Deno.test("an aborted signal rejects with its reason, wherever the call is, and frees its slot", async () => {
  const reason = new Error("enough");
  const never = new Promise<never>(() => {});
  const places: [string, HttpAgentOptions, Handler?][] = [
    ["connecting", { connector: { connect: () => never } }],
    ["waiting for a head", {}, () => ({ then: "stall" })],
    ["reading a body", {}, () => ({ write: ok("hi").slice(0, -1) })],
    ["pausing", { retry: true }, () => respond("503 Busy")],
    [
      "asking for credentials",
      { credentials: () => never },
      () => respond("401 No", "", { "WWW-Authenticate": "Basic realm=a" }),
    ],
    ["creating a body", { pool: { maxConnections: 1 } }],
  ];
  for (const [place, options, handle] of places) {
    for (const call of CALLS) {
      const { agent, network } = serve(handle, options);
      await using _ = agent;
      const controller = new AbortController();
      const body = place === "creating a body" ? () => never : undefined;
      const running = call(agent, { signal: controller.signal, body })
        .then((result) => (result as { text?(): unknown }).text?.());
      running.catch(() => {});
      await settle();
      controller.abort(reason);
      const error = await assertRejects(() => running, place);
      assertStrictEquals(error, reason, place);
      await settle();
      const { busy, connecting, waiting } = agent.stats();
      assertEquals([busy, connecting, waiting], [0, 0, 0], place);
      assertEquals(agent.stats().open, network.open, place);
    }
  }
});

Deno.test("a call that waits for a connection can be aborted, and others are not", async () => {
  const { agent, network } = serve(() => ({ then: "stall" }), {
    pool: { maxConnectionsPerOrigin: 1 },
  });
  const busy = agent.send(URL_A);
  busy.catch(() => {});
  const controller = new AbortController();
  const waiting = agent.send(URL_A, { signal: controller.signal });
  await settle();
  assertEquals(agent.stats().waiting, 1);
  controller.abort();
  await assertRejects(() => waiting, DOMException);
  assertEquals(agent.stats().waiting, 0);
  assertEquals(network.requests.length, 1);
  agent.abort();
  await assertRejects(() => busy, DOMException);
});

Deno.test("a signal that is aborted already touches nothing", async () => {
  const { agent, network } = serve();
  await using _ = agent;
  for (const call of CALLS) {
    await assertRejects(
      () => call(agent, { signal: AbortSignal.abort(new Error("no")) }),
      Error,
      "no",
    );
  }
  assertEquals(network.servers.length, 0);
});

Deno.test("a failure to connect is an HttpError that names the place", async () => {
  const cause = new Error("no route to host");
  const { agent } = serve(undefined, {
    connector: { connect: () => Promise.reject(cause) },
  });
  await using _ = agent;
  const error = await assertRejects(() => agent.send(URL_A), HttpError);
  assertEquals(error.code, "ConnectFailed");
  assertStrictEquals(error.cause, cause);
  assertMatch(error.message, /a\.example/);
  assertEquals(error.progress?.phase, "connect");
  assertEquals(agent.stats().connecting, 0);
});

for (const status of ["417 No", "200 OK", "303 See Other"]) {
  Deno.test(`HttpAgent cancels a stream that a ${status} makes needless`, async () => {
    const { network, agent } = serve();
    let reason: unknown;
    const body = new ReadableStream<Uint8Array>({
      cancel: (why) => void (reason = why),
    });
    const headers = { Expect: "100-continue" };
    const request = new HttpRequest("PUT", URL_A, { headers });
    const sending = agent.send(request, { body });
    await settle();
    const fields = { Location: "/", Connection: "close" };
    await network.servers[0]!.write(respond(status, "", fields));
    await sending;
    assert(reason instanceof DOMException, String(reason));
    await agent.close();
  });
}
