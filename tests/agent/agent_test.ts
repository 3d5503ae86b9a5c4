// The agent over servers in memory, with a clock that tests move: its results, its
// connections, its requests, and its failures.

import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import {
  HttpAuthBasic,
  HttpError,
  HttpHeaders,
  HttpRequest,
} from "@pimalaya/io-http";
import type { HttpConnection } from "@pimalaya/io-http/client";
import {
  HttpAgent,
  type HttpAgentOptions,
  type HttpAgentSendOptions,
} from "@pimalaya/io-http/agent";
import { AgentCore } from "../../agent/agent_core.ts";
import { type CallPlan, Planner } from "../../agent/agent_plan.ts";
import { settle } from "./_clock.ts";
import {
  type Handler,
  ok,
  respond,
  type SeenRequest,
  serve,
  URL_A,
  URL_B,
} from "./_network.ts";

Deno.test("HttpAgent.send returns the response, and how the call went", async () => {
  const { agent } = serve(({ target }) =>
    target === "/old"
      ? respond("302 Found", "", { Location: "/new" })
      : ok("hi", { "Content-Type": "text/plain" })
  );
  await using _ = agent;
  const { timings, info, ...output } = await agent.send(`${URL_A}old`);
  const { response, url, hops, attempts, reused } = output;
  assertEquals(response.text(), "hi");
  assertEquals(response.header("content-type"), "text/plain");
  assertEquals(url.href, `${URL_A}new`);
  assertEquals(hops.map(({ status, to }) => `${status} ${to.pathname}`), [
    "302 /new",
  ]);
  assertEquals([attempts, reused], [2, true]);
  const { uploaded, keepAlive, decoded } = output;
  assertEquals([uploaded, keepAlive, decoded], [true, true, []]);
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
  const timings = { queued: 0, connect: 30, tls: null, send: 0, wait: 0 };
  assertEquals(first.timings, { ...timings, receive: 0 });
  assertEquals(second.timings.connect, null);
});

Deno.test("HttpAgent counts the time of a request whose response is early once", async () => {
  const { agent, network, clock } = serve();
  await using _ = agent;
  const body = new ReadableStream();
  const sending = agent.send(HttpRequest.post(URL_A), { body });
  await clock.pass(30);
  await network.servers[0]!.write(respond("413 Large"));
  const { send, wait, receive } = (await sending).timings;
  assertEquals([send, wait, receive], [30, 0, 0]);
});

Deno.test("HttpAgent reports no negative time if its clock goes backward", async () => {
  const { agent, clock } = serve(() => {
    clock.jump(-1000);
    return ok();
  });
  await using _ = agent;
  const { timings } = await agent.send(URL_A);
  assertEquals(timings, { ...timings, queued: 0, send: 0, wait: 0 });
});

Deno.test("HttpAgent.exchange streams a body, and reuses the connection once it is read", async () => {
  const { agent, network } = serve(() => ok("hello"));
  await using _ = agent;
  const exchange = await agent.exchange(HttpRequest.get(URL_A));
  assertEquals(agent.stats().busy, 1);
  assertEquals(exchange.timings.receive, null);
  assertEquals(await exchange.text(), "hello");
  assert(exchange.timings.receive !== null);
  assertEquals((await exchange.closed).keepAlive, true);
  assertEquals(await exchange.uploaded, true);
  await agent.send(URL_A);
  assertEquals(network.servers.length, 1);
});

Deno.test("Pool: HttpAgent keeps connections of different targets apart", async () => {
  const { agent, network } = serve();
  await using _ = agent;
  await agent.send(URL_A);
  await agent.send("http://a.example:81/");
  await agent.send(URL_B);
  await agent.send(URL_A, { connectTo: { port: 8080 } });
  await agent.send(URL_A, { connectTo: () => ({ unixPath: "/run/a" }) });
  await agent.with({ tls: { caCerts: ["X"] } }).send(URL_B);
  await agent.with({ timeouts: { total: null } }).send(URL_A);
  assertEquals(network.targets, [
    { hostname: "a.example", port: 80 },
    { hostname: "a.example", port: 81 },
    { hostname: "b.example", port: 80 },
    { hostname: "a.example", port: 8080 },
    { unixPath: "/run/a" },
    { hostname: "b.example", port: 80 },
  ]);
});

Deno.test("HttpAgent adds the agent's fields and those of the call, but not over the request's", async () => {
  const { agent, network } = serve(undefined, {
    headers: { "X-Agent": "agent", "X-Both": "agent", "X-Own": "agent" },
    decode: false,
  });
  await using _ = agent;
  const request = HttpRequest.get(URL_A, { headers: { "X-Own": "own" } });
  await agent.with({ headers: { "X-With": ["1", "2"], "x-agent": null } })
    .send(request, { headers: new HttpHeaders({ "x-both": "call" }) });
  assertEquals(network.requests.map(({ head }) => head.trim().split("\r\n")), [[
    ...["GET / HTTP/1.1", "Host: a.example", "X-Own: own", "x-both: call"],
    ...["X-With: 1", "X-With: 2"],
  ]]);
});

const CALLS: ((agent: HttpAgent, init?: object) => Promise<unknown>)[] = [
  (agent, init) => agent.send(URL_A, init),
  (agent, init) => agent.exchange(URL_A, init),
];

Deno.test("HttpAgent rejects a caller's mistakes before it connects", async () => {
  const { agent, network } = serve();
  await using _ = agent;
  const send = (options: HttpAgentSendOptions) => agent.send(URL_A, options);
  const upgrade = HttpRequest.get(URL_A, { headers: { Upgrade: "x" } });
  const locked = new ReadableStream();
  locked.getReader();
  const mistakes: [string, () => Promise<unknown>][] = [
    ["URL", () => agent.send("nowhere")],
    ["http", () => agent.send("ftp://a.example/")],
    ["exchange()", () => agent.send(new HttpRequest("CONNECT", URL_A))],
    ["exchange()", () => agent.send(upgrade)],
    ["exchange()", () => send({ headers: { Upgrade: "x" } })],
    ["httpsOnly", () => send({ httpsOnly: true })],
    ["onInterim", () => send({ onInterim: 1 } as object)],
    ["locked", () => agent.send(HttpRequest.post(URL_A), { body: locked })],
    ["no host or port", () => send({ connectTo: { unixPath: "/a", port: 1 } })],
    ["timeouts.head", () => send({ timeouts: { head: -1 } })],
    ["maxHeadBytes", () => send({ maxHeadBytes: -1 })],
    ["redirect.max", () => send({ redirect: { max: -1 } })],
    ["retry.attempts", () => send({ retry: { attempts: 0.5 } })],
  ];
  for (const [message, call] of mistakes) {
    const type = /\.|maxHead/.test(message) ? RangeError : TypeError;
    await assertRejects(call, type, message);
  }
  assertEquals(network.servers.length, 0);
  for (
    const options of [
      { pool: { maxConnections: 0 } },
      { timeouts: { queue: -1 } },
      { decode: { maxRatio: 0 } },
    ]
  ) assertThrows(() => new HttpAgent(options), RangeError);
  for (
    const options of [
      ...[{ pool: "x" }, { clock: "x" }, { clock: {} }, { credentials: "x" }],
      { decode: { decoders: { br: {} } } },
    ]
  ) {
    const name = `Invalid ${Object.keys(options)[0]}`;
    assertThrows(() => new HttpAgent(options as object), TypeError, name);
  }
});

const never = new Promise<never>(() => {});
const unauthorized = respond("401 No", "", { "WWW-Authenticate": "Basic" });

// The number of idle connections. None of them carried an aborted call.
const PLACES: [
  place: string,
  left: number,
  options: HttpAgentOptions & { body?: unknown },
  handle?: Handler,
][] = [
  ["connects", 0, { connector: { connect: () => never } }],
  ["waits for a head", 0, {}, () => ({ then: "stall" })],
  ["reads a body", 0, {}, () => ({ write: ok("hi").slice(0, -1) })],
  ["pauses", 1, { retry: true }, () => respond("503 Busy")],
  ["asks for credentials", 1, { credentials: () => never }, () => unauthorized],
  ["creates a body", 0, { body: () => never }],
];

for (const [place, left, { body, ...options }, handle] of PLACES) {
  Deno.test(`Pool: a signal that is aborted while a call ${place} rejects it with its reason, and frees its slot`, async () => {
    for (const call of CALLS) {
      const { agent, network } = serve(handle, options);
      await using _ = agent;
      const controller = new AbortController();
      const running = call(agent, { signal: controller.signal, body })
        .then((result) => (result as { text?(): unknown }).text?.());
      running.catch(() => {});
      await settle();
      const reason = new Error("enough");
      controller.abort(reason);
      assertStrictEquals(await assertRejects(() => running), reason);
      await settle();
      const { open, busy, connecting, waiting } = agent.stats();
      assertEquals([busy, connecting, waiting], [0, 0, 0]);
      assertEquals([open, network.open], [left, left]);
    }
  });
}

const AT_RESPONSE: Record<string, (abort: () => void) => HttpAgentSendOptions> =
  {
    "cookies.store()": (store) => ({ cookies: { store, header: () => null } }),
    "redirect.decide()": (abort) => ({
      redirect: { decide: () => (abort(), "stop") },
    }),
  };

for (const [name, optionsOf] of Object.entries(AT_RESPONSE)) {
  Deno.test(`Pool: a call that ${name} aborts ends once, and close() waits for the others`, async () => {
    for (const call of CALLS) {
      const { promise: after, resolve } = Promise.withResolvers<void>();
      const { agent } = serve(({ target }) =>
        target === "/"
          ? respond("303 See Other", "", { Location: "/" })
          : { write: ok("hi"), after }
      );
      const slow = agent.send(`${URL_A}slow`);
      const controller = new AbortController();
      const { signal } = controller;
      const reason = new Error("enough");
      const options = optionsOf(() => controller.abort(reason));
      const running = call(agent, { redirect: "manual", signal, ...options });
      assertStrictEquals(await assertRejects(() => running), reason);
      const closing = agent.close();
      await settle();
      resolve();
      assertEquals((await slow).response.text(), "hi");
      await closing;
    }
  });
}

const BY_CALLER: Record<string, (abort: () => null) => HttpAgentSendOptions> = {
  "connectTo()": (connectTo) => ({ connectTo }),
  "body()": (body) => ({ body }),
  "proxy.match()": (match) => ({ proxy: { match } }),
  "cookies.header()": (header) => ({ cookies: { header, store() {} } }),
  "a getter": (abort) => ({
    get headers() {
      return abort() ?? {};
    },
  }),
};

for (const [name, optionsOf] of Object.entries(BY_CALLER)) {
  Deno.test(`Pool: a signal that ${name} aborts rejects the call with its reason, and opens nothing`, async () => {
    for (const call of CALLS) {
      const { agent, network } = serve(undefined, {
        connector: { connect: () => never },
      });
      await using _ = agent;
      const controller = new AbortController();
      const { signal } = controller;
      const reason = new Error("enough");
      const options = (end: (reason: Error) => void) =>
        optionsOf(() => (end(reason), null));
      const aborted = Object.defineProperties(
        { signal },
        Object.getOwnPropertyDescriptors(
          options(() => controller.abort(reason)),
        ),
      );
      const running = call(agent, aborted);
      assertStrictEquals(await assertRejects(() => running), reason);
      assertEquals([agent.stats().connecting, network.open], [0, 0]);

      const ended = call(agent, options((reason) => agent.abort(reason)));
      const error = await assertRejects(() => ended, Error);
      assertStrictEquals(error.cause ?? error, reason);
      assertEquals([agent.stats().waiting, network.open], [0, 0]);
    }
  });
}

Deno.test("Pool: a signal that the connector aborts rejects the call with its reason at once, and frees its slot", async () => {
  const controller = new AbortController();
  const { signal } = controller;
  const reason = new Error("enough");
  await using agent = new HttpAgent({
    connector: {
      connect() {
        controller.abort(reason);
        return never;
      },
    },
  });
  const running = agent.send("http://a.test/", { signal });
  assertStrictEquals(await assertRejects(() => running), reason);
  assertEquals(agent.stats().connecting, 0);
});

const BY_RULES: Record<string, [wire: string, options?: HttpAgentOptions]> = {
  TooManyRedirects: [
    respond("302 Found", "", { Location: "/" }),
    { redirect: { max: 0 } },
  ],
  UnexpectedRedirect: [
    respond("302 Found", "", { Location: "/" }),
    { redirect: "error" },
  ],
  ProxyRefused: [
    respond("407 No", "", { "Proxy-Authenticate": "Basic" }),
    { proxy: "http://proxy.example" },
  ],
  InvalidContentCoding: [ok("x", { "Content-Encoding": "gzip" })],
  UnexpectedUpgrade: ["HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n"],
};

for (const [code, [wire, options]] of Object.entries(BY_RULES)) {
  Deno.test(`HttpAgent tells of each ${code} how far the call had come, and of the response`, async () => {
    const { agent } = serve(() => wire, options);
    await using _ = agent;
    const upgrade = { headers: { Connection: "upgrade", Upgrade: "x" } };
    const init = code === "UnexpectedUpgrade" ? upgrade : {};
    const calls = [
      async () => await (await agent.fetch(URL_A, init)).text(),
      ...(code === "UnexpectedUpgrade" ? [] : [
        () => agent.send(URL_A),
        async () => await (await agent.exchange(URL_A)).text(),
        async () => await (await agent.exchange(URL_A)).toResponse().text(),
      ]),
    ];
    for (const call of calls) {
      const thrown = await assertRejects(call, Error);
      const error = thrown instanceof HttpError ? thrown : thrown.cause;
      assert(error instanceof HttpError);
      const { requestBytes, responseBytes } = error.progress!;
      assertEquals(error.code, code);
      assertEquals([requestBytes > 0, responseBytes > 0], [true, true]);
      assertEquals(error.response?.status, Number(wire.slice(9, 12)));
    }
  });
}

const LATE: Record<string, [Handler, HttpAgentOptions?]> = {
  "after a redirect": [
    () => respond("303 See", "", { Location: "http://gone.example/" }),
  ],
  "in a pause": [() => respond("503 Busy", "", { "Retry-After": "9" }), {
    retry: { methods: ["POST"] },
    timeouts: { total: 100 },
  }],
  "while it asks for credentials": [
    () => respond("401 No", "", { "WWW-Authenticate": "Basic" }),
    { credentials: () => new Promise(() => {}), timeouts: { total: 100 } },
  ],
};

for (const [when, [handle, options]] of Object.entries(LATE)) {
  Deno.test(`HttpAgent does not say that nothing was sent if a call fails ${when}`, async () => {
    const { agent, network, clock } = serve(handle, options);
    await using _ = agent;
    const connect = network.connect.bind(network);
    network.connect = (target, options) =>
      "hostname" in target && target.hostname === "gone.example"
        ? Promise.reject(new Error("refused"))
        : connect(target, options);
    const request = HttpRequest.post(URL_A, { body: "pay" });
    const sending = agent.send(request).catch((error) => error);
    await clock.pass(100);
    const error = await sending;
    assert(error instanceof HttpError);
    const { requestBytes, responseBytes } = error.progress!;
    const [{ head, body }] = network.requests as [SeenRequest];
    assertEquals(requestBytes, head.length + body.length);
    assertEquals(responseBytes > 0, true);
  });
}

Deno.test("HttpAgent counts the bytes of all requests if the body of the last response fails", async () => {
  const bodies = {
    InvalidContentCoding: ok("x", { "Content-Encoding": "gzip" }),
    InvalidChunkSize:
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\nx\r\n",
  };
  for (const [code, wire] of Object.entries(bodies)) {
    const { agent, network } = serve(({ target }) =>
      target === "/" ? respond("302 Found", "", { Location: "/x" }) : wire
    );
    await using _ = agent;
    const calls = [
      () => agent.send(URL_A),
      async () => await (await agent.exchange(URL_A)).text(),
      async () => await (await agent.fetch(URL_A)).text(),
    ];
    for (const call of calls) {
      network.requests.length = 0;
      const thrown = await assertRejects(call, Error);
      const error = thrown instanceof HttpError ? thrown : thrown.cause;
      assert(error instanceof HttpError);
      const sent = network.requests.map(({ head }) => head.length);
      assertEquals([error.code, sent.length], [code, 2]);
      assertEquals(error.progress?.requestBytes, sent[0]! + sent[1]!);
    }
  }
});

Deno.test("HttpAgent reads options that are getters, for their own call alone", async () => {
  class Options {
    get redirect() {
      return "manual" as const;
    }
  }
  const { agent } = serve(({ target }) =>
    target === "/" ? respond("302 Found", "", { Location: "/x" }) : ok()
  );
  await using _ = agent;
  const statuses: number[] = [];
  for (const options of [new Options(), undefined, new Options()]) {
    const { response } = await agent.send(URL_A, options);
    statuses.push(response.status);
  }
  assertEquals(statuses, [302, 200, 302]);
});

const info = { remote: null, local: null, tls: null };
const BROKEN: Record<string, () => unknown> = {
  "no connection": () => undefined,
  "no streams": () => ({ info, readable: {}, writable: {} }),
  "a stream that is locked": () => {
    const readable = new ReadableStream();
    readable.getReader();
    return { info, readable, writable: new WritableStream() };
  },
};

for (const [what, broken] of Object.entries(BROKEN)) {
  Deno.test(`Pool: a connector that returns ${what} fails the call, and takes no place`, async () => {
    const connect = () => Promise.resolve(broken() as HttpConnection);
    const { agent } = serve(undefined, {
      connector: { connect },
      pool: { maxConnections: 1 },
    });
    for (let i = 0; i < 2; i++) {
      await assertRejects(() => agent.send(URL_A), TypeError);
    }
    const { open, connecting, waiting } = agent.stats();
    assertEquals([open, connecting, waiting], [0, 0, 0]);
    await agent.close();
  });
}

Deno.test("Pool: a connection whose abort() throws keeps no time limit from ending other calls", async () => {
  const connect = () =>
    Promise.resolve({
      info,
      readable: new ReadableStream(),
      writable: new WritableStream(),
      abort() {
        throw new RangeError("Broken");
      },
    });
  const { agent, clock } = serve(undefined, {
    connector: { connect },
    timeouts: { total: 100 },
  });
  for (let i = 0; i < 2; i++) {
    const sending = assertRejects(() => agent.send(URL_A), HttpError, "total");
    await clock.pass(100);
    await sending;
  }
  await agent.close();
});

Deno.test("HttpAgent gives the functions of the caller URLs of their own", async () => {
  const change = (url: URL) => {
    url.pathname = "/token";
    url.hostname = "other.example";
    return null;
  };
  const basic = new HttpAuthBasic("u", "p");
  const { agent, network } = serve(
    ({ target, head }) =>
      !head.includes("Authorization")
        ? respond("401 No", "", { "WWW-Authenticate": "Basic" })
        : target === "/old"
        ? respond("302 Found", "", { Location: "/new" })
        : ok(),
    {
      connectTo: change,
      proxy: { match: change },
      cookies: { header: change, store: change },
      credentials: ({ url }) => change(url) ?? basic,
      redirect: {
        decide: ({ url, to }) => change(url) ?? change(to) ?? "follow",
      },
    },
  );
  await using _ = agent;
  const { url } = await agent.send(`${URL_A}old`);
  assertEquals(url.href, `${URL_A}new`);
  const seen = network.requests.map(({ target }) => target);
  assertEquals(seen, ["/old", "/old", "/new"]);
  assertEquals(network.sent("Host"), Array(3).fill("a.example"));
});

Deno.test("HttpAgent awaits a body that a function creates later, in a promise of any kind", async () => {
  const { agent, network } = serve();
  await using _ = agent;
  const later: PromiseLike<string> = {
    then: (...args) => Promise.resolve("late").then(...args),
  };
  const body = () => later as Promise<string>;
  await agent.send(HttpRequest.post(URL_A), { body });
  assertEquals(network.requests.map((request) => request.body), ["late"]);
});

for (const reason of [null, 0, "", false]) {
  Deno.test(`HttpAgent.abort rejects calls with ${JSON.stringify(reason)} if that is the reason`, async () => {
    const { agent } = serve(() => ({ then: "stall" }));
    const failed = agent.send(URL_A).then(() => "sent", (error) => error);
    await settle();
    agent.abort(reason);
    assertEquals(await failed, reason);
  });
}

Deno.test("Pool: a signal that is aborted while a challenge is read ahead asks for no credentials", async () => {
  const challenge = respond("401 No", "body", { "WWW-Authenticate": "Basic" });
  const controller = new AbortController();
  const { signal } = controller;
  const { agent, network } = serve(() => ({ write: challenge.slice(0, -1) }), {
    credentials() {
      assert(!signal.aborted, "it was asked");
      return never;
    },
  });
  await using _ = agent;
  const sending = agent.send(URL_A, { signal });
  sending.catch(() => {});
  await settle();
  controller.abort(new Error("enough"));
  await assertRejects(() => sending, Error, "enough");
  assertEquals([agent.stats().busy, network.open], [0, 0]);
});

/** As on a runtime whose decoders must be tried first. */
class LatePlanner extends Planner {
  override async plan(options: HttpAgentSendOptions): Promise<CallPlan> {
    return await super.plan(options);
  }
}

Deno.test("Pool: a signal or an agent that ends before the runtime's decoders are known ends the call", async () => {
  const core = AgentCore.create({});
  const planner = new LatePlanner(core.settings);
  const start = async (signal?: AbortSignal) =>
    await core.start(HttpRequest.get(URL_A), { signal }, planner);
  const controller = new AbortController();
  const aborted = start(controller.signal);
  controller.abort(new Error("enough"));
  await assertRejects(() => aborted, Error, "enough");
  const late = start();
  core.abort(new Error("closed"));
  await assertRejects(() => late, TypeError, "the agent is closed");
});

Deno.test("Pool: a signal that is aborted while a call waits for a connection ends that call alone", async () => {
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
  assertEquals([agent.stats().waiting, network.requests.length], [0, 1]);
  agent.abort();
  await assertRejects(() => busy, DOMException);
});

Deno.test("Pool: a signal that is aborted already touches nothing", async () => {
  const { agent, network } = serve();
  await using _ = agent;
  const signal = AbortSignal.abort(new Error("no"));
  for (const call of CALLS) {
    await assertRejects(() => call(agent, { signal }), Error, "no");
  }
  assertEquals(network.servers.length, 0);
});

Deno.test("a failure to connect is an HttpError that names the place, and cancels the body", async () => {
  const cause = new Error("no route to host");
  const { agent } = serve(undefined, {
    connector: { connect: () => Promise.reject(cause) },
  });
  await using _ = agent;
  let reason: unknown;
  const body = new ReadableStream({ cancel: (why) => void (reason = why) });
  const sending = agent.send(HttpRequest.post(URL_A), { body });
  const error = await assertRejects(() => sending, HttpError);
  assertEquals(error.code, "ConnectFailed");
  assertStrictEquals(error.cause, cause);
  assertMatch(error.message, /a\.example/);
  assertEquals(error.progress?.phase, "connect");
  assertEquals(agent.stats().connecting, 0);
  assertEquals(reason, error);
});

Deno.test("HttpAgent cancels a stream that is being sent with the reason of the signal", async () => {
  const { agent } = serve();
  await using _ = agent;
  const controller = new AbortController();
  const { signal } = controller;
  let reason: unknown;
  const body = new ReadableStream({ cancel: (why) => void (reason = why) });
  const sending = agent.send(HttpRequest.post(URL_A), { body, signal });
  sending.catch(() => {});
  await settle();
  controller.abort(new Error("enough"));
  await assertRejects(() => sending, Error, "enough");
  assertStrictEquals(reason, signal.reason);
});

for (const status of ["417 No", "200 OK", "303 See Other"]) {
  Deno.test(`HttpAgent cancels a stream that a ${status} makes needless`, async () => {
    const { network, agent } = serve();
    let reason: unknown;
    const body = new ReadableStream({ cancel: (why) => void (reason = why) });
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
