// How exchanges fail: in each phase and for each cause, every promise rejects
// with one error that says what happened, the source of the upload is let go, and
// the connection is closed.

import {
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStrictEquals,
  assertStringIncludes,
} from "@std/assert";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { HttpError, type HttpErrorCode, HttpRequest } from "@pimalaya/io-http";
import { HttpClient, type HttpExchange } from "@pimalaya/io-http/client";
import type { PipeServer } from "../../_pipe.ts";
import {
  assertClosed,
  carryOne,
  drain,
  endings,
  endless,
  fails,
  get,
  HeldTimers,
  HI,
  openPipe,
  pass,
  PIPES,
  post,
  READ,
  rejection,
  Script,
  settle,
  SITE,
  streamOf,
  watchedSignal,
  write,
} from "../_client.ts";

const LENGTH = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n";
const CHUNKED = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
const REASON = new Error("Enough");

/** How far an exchange has come. */
interface Phase {
  readonly name: string;
  /** What the server has sent. */
  readonly sent: string;
  /** Whether the client waits for the head, leaves the body, or reads it. */
  readonly client: "waits" | "leaves" | "reads";
  /** Whether the request is still on its way out. */
  readonly uploads?: boolean;
  /** What end of file means there. */
  readonly eof: HttpErrorCode;
  /** What `progress.phase` says. */
  readonly phase: "request" | "head" | "body";
}

const HEAD = { client: "waits", phase: "head" } as const;
const READS = { client: "reads", phase: "body", eof: "UnexpectedEof" } as const;

const PHASES: Phase[] = [
  { name: "before the head", sent: "", ...HEAD, eof: "NoResponse" },
  {
    name: "inside the head",
    sent: LENGTH.slice(0, 30),
    ...HEAD,
    eof: "UnexpectedEof",
  },
  {
    name: "after a 103",
    sent: "HTTP/1.1 103 Early Hints\r\n\r\n",
    ...HEAD,
    eof: "UnexpectedEof",
  },
  {
    name: "during an upload",
    sent: "",
    client: "waits",
    uploads: true,
    eof: "NoResponse",
    phase: "request",
  },
  {
    name: "during an upload, inside the body",
    sent: `${LENGTH}half`,
    ...READS,
    uploads: true,
  },
  { name: "at an unread body", sent: LENGTH, ...READS, client: "leaves" },
  {
    name: "at a body that has arrived in part",
    sent: `${LENGTH}half`,
    ...READS,
    client: "leaves",
  },
  { name: "before the body", sent: LENGTH, ...READS },
  { name: "inside a body", sent: `${LENGTH}half`, ...READS },
  { name: "inside a chunk", sent: `${CHUNKED}9\r\nhalf`, ...READS },
  { name: "between chunks", sent: `${CHUNKED}1\r\na\r\n`, ...READS },
  { name: "inside a chunk size", sent: `${CHUNKED}1`, ...READS },
  {
    name: "inside the trailers",
    sent: `${CHUNKED}1\r\na\r\n0\r\nA: 1\r\n`,
    ...READS,
  },
];

interface Running {
  readonly client: HttpClient;
  readonly server: PipeServer;
  readonly abort: (reason?: unknown) => void;
  readonly listeners: () => number;
  readonly exchange: HttpExchange | null;
  /** What has to reject. */
  readonly ends: Promise<unknown>[];
  /** The end of the source, if there is one. */
  readonly stopped: Promise<unknown> | null;
}

/** Brings an exchange as far as a phase says. */
async function start(
  { sent, client: role, uploads = false }: Phase,
  bytes: boolean,
): Promise<Running> {
  const { client, server } = openPipe({
    bytes,
    capacity: uploads ? 0 : Infinity,
  });
  const { signal, abort, listeners } = watchedSignal();
  const source = streamOf(endless(100_000));
  const exchanging = uploads
    ? client.exchange(post(), { signal, body: source.body })
    : client.exchange(get(), { signal });
  await server.readUntil("\r\n\r\n");
  if (sent !== "") server.write(sent);
  const stopped = uploads ? source.stopped : null;
  const running = { client, server, abort, listeners, stopped };
  if (role === "waits") {
    await settle();
    return { ...running, exchange: null, ends: [exchanging] };
  }
  const exchange = await exchanging;
  const { trailers, closed, body } = exchange;
  if (role === "leaves") {
    return { ...running, exchange, ends: [trailers, closed] };
  }
  const reader = body.getReader();
  let reading = reader.read();
  // The client takes all that is there, and waits for more.
  for (let left = sent.split(/half|a\r\n/).length - 1; left > 0; left--) {
    await reading;
    reading = reader.read();
  }
  await settle();
  return { ...running, exchange, ends: [reading, trailers, closed] };
}

/** Checks that everything is over, and returns the one error of all. */
async function endOf(
  { client, server, exchange, ends, stopped, listeners }: Running,
): Promise<unknown> {
  // Whoever reads it later is told as well.
  const late = exchange !== null && !exchange.body.locked
    ? [drain(exchange.body)]
    : [];
  const [error, ...others] = await Promise.all(
    [...ends, ...late].map(rejection),
  );
  for (const other of others) assertStrictEquals(other, error);
  if (stopped !== null) assertStrictEquals(await stopped, error);
  if (exchange !== null) {
    assertEquals(await exchange.uploaded, stopped === null);
  }
  assertEquals(client.reusable, false);
  assertEquals(listeners(), 0);
  await client.ended;
  await assertRejects(() => client.send(get()), TypeError, "closed");
  await server.closed;
  await client.close();
  return error;
}

/** Checks an error of the connection, and all that it says. */
function checkError(
  error: unknown,
  code: HttpErrorCode,
  { phase, sent, uploads = false, client }: Phase,
): HttpError {
  assertInstanceOf(error, HttpError);
  assertEquals(error.code, code, error.message);
  assertStringIncludes(error.message, "example.com:80");
  const { progress, response } = error;
  assertEquals(progress?.phase, phase);
  assertEquals(progress?.reused, false);
  assertEquals(progress?.responseBytes, sent.length);
  if (!uploads) assertEquals(progress?.requestBytes, 37);
  assertEquals(response?.status, client === "waits" ? undefined : 200);
  if (response !== null) assertRejects(async () => await response.text());
  return error;
}

for (const phase of PHASES) {
  for (const [kind, { bytes }] of PIPES) {
    const where = `${phase.name} (${kind})`;

    Deno.test(`an exchange fails with the signal's reason ${where}`, async () => {
      const running = await start(phase, bytes);
      running.abort(REASON);
      assertStrictEquals(await endOf(running), REASON);
    });

    Deno.test(`an exchange fails with an AbortError if its client is closed ${where}`, async () => {
      const running = await start(phase, bytes);
      await running.client.close();
      assertClosed(await endOf(running));
    });

    Deno.test(`an exchange fails with ConnectionLost at a reset ${where}`, async () => {
      const running = await start(phase, bytes);
      running.server.abort(REASON);
      const error = checkError(await endOf(running), "ConnectionLost", phase);
      assertStrictEquals(error.cause, REASON);
    });

    Deno.test(`an exchange fails with ${phase.eof} at end of file ${where}`, async () => {
      const running = await start(phase, bytes);
      running.server.close();
      checkError(await endOf(running), phase.eof, phase);
    });

    if (phase.client === "leaves") {
      Deno.test(`an exchange fails with the reason for canceling its body ${where}`, async () => {
        for (const reason of [REASON, undefined, null]) {
          const running = await start(phase, bytes);
          const { body, trailers, closed } = running.exchange!;
          await body.cancel(reason);
          assertEquals(await drain(body), "");
          const ends = [trailers, closed];
          const error = await endOf({ ...running, exchange: null, ends });
          if (reason === REASON) assertStrictEquals(error, REASON);
          else assertClosed(error);
        }
      });
    }
  }
}

for (const way of ["aborted", "closed with its client"]) {
  for (const uploads of [false, true]) {
    const what = uploads ? "the exchange of an upload" : "an exchange";

    Deno.test(`${what} fails wholly, in whatever instant it is ${way}`, async () => {
      let resolved = 0;
      const instants = 80;
      for (let instant = 0; instant < instants; instant++) {
        const { client, server } = openPipe({ capacity: uploads ? 0 : 9999 });
        const { signal, abort } = watchedSignal();
        const { body, stopped } = streamOf(endless(100_000));
        const exchanging = client.exchange(
          uploads ? post() : get(),
          uploads ? { signal, body } : { signal },
        );
        const reading = exchanging.then((exchange) => {
          resolved++;
          return endings(exchange);
        }, (error) => [error]);
        await server.readUntil("\r\n\r\n");
        server.write(`${LENGTH}half`);
        await pass(instant);
        if (way === "aborted") abort(REASON);
        else await client.close();
        for (const error of await reading) {
          if (way === "aborted") assertStrictEquals(error, REASON);
          else assertClosed(error);
        }
        if (uploads) await stopped;
        await server.closed;
        assertEquals(client.reusable, false);
      }
      // It was so before the head, and after it.
      assertEquals(resolved > 0 && resolved < instants, true, `${resolved}`);
    });
  }
}

for (const way of ["aborts", "cancels", "closes"]) {
  for (const capacity of [0, Infinity]) {
    Deno.test(`an exchange ends wholly one way or the other if its client ${way} as it ends (${capacity})`, async () => {
      const outcomes = new Set<string>();
      for (let instant = 0; instant < 40; instant++) {
        const { client, server } = openPipe({ capacity });
        const { signal, abort } = watchedSignal();
        server.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n");
        const exchange = await client.exchange(get(), { signal });
        const reader = exchange.body.getReader();
        const reading = reader.read().then(() => reader.read());
        server.write("hi");
        await pass(instant);
        // A client that does not know whether its request is sent waits a turn.
        if (instant > 35) await settle();
        if (way === "aborts") abort(REASON);
        else if (way === "closes") await client.close();
        else await reader.cancel(REASON);
        const settled = await Promise.allSettled([
          exchange.closed,
          exchange.trailers,
          ...(way === "cancels" ? [] : [reading]),
        ]);
        await reading.catch(() => {});
        const kinds = new Set(settled.map(({ status }) => status));
        assertEquals(kinds.size, 1, `${instant}: ${Deno.inspect(settled)}`);
        outcomes.add([...kinds].join());
        await settle();
        if (!client.reusable) await server.closed;
        await client.close();
        await server.closed;
      }
      assertEquals([...outcomes].sort(), ["fulfilled", "rejected"]);
    });
  }
}

/** Every way to start a call with a signal. */
const CALLS: [
  string,
  (client: HttpClient, signal: AbortSignal) => Promise<unknown>,
][] = [
  ["send", (client, signal) => client.send(get(), { signal })],
  ["sendHttp10", (client, signal) => client.sendHttp10(get(), { signal })],
  ["exchange", (client, signal) => client.exchange(get(), { signal })],
  [
    "run",
    (client, signal) => client.run(new Script(write("x"), READ), { signal }),
  ],
];

for (const [name, call] of CALLS) {
  Deno.test(`${name} touches nothing if its signal was aborted before`, async () => {
    const { client, server } = openPipe();
    const { signal, abort, listeners } = watchedSignal();
    const reason = { not: "an error" };
    abort(reason);
    assertStrictEquals(await rejection(call(client, signal)), reason);
    assertEquals([server.received, listeners()], [0, 0]);
    await carryOne(client, server);
    assertStrictEquals(await rejection(call(client, signal)), reason);
    await carryOne(client, server);
    await client.close();
  });

  Deno.test(`${name} fails with its signal's reason during the turn before it writes`, async () => {
    const { client, server } = openPipe();
    await carryOne(client, server);
    await new Promise((resolve) => setTimeout(resolve, 5));
    const { signal, abort, listeners } = watchedSignal();
    const calling = rejection(call(client, signal));
    await pass(3);
    abort(REASON);
    assertStrictEquals(await calling, REASON);
    assertEquals([server.received, listeners()], [0, 0]);
    await server.closed;
  });

  Deno.test(`${name} fails with an abort although the streams ignore it`, async () => {
    const never = () => new Promise<void>(() => {});
    const client = new HttpClient({
      readable: new ReadableStream({ cancel: never }),
      writable: new WritableStream({ write: never, abort: never }),
    });
    const { signal, abort } = watchedSignal();
    const calling = rejection(call(client, signal));
    await settle();
    abort(REASON);
    assertStrictEquals(await calling, REASON);
    await client.close();
  });
}

Deno.test("a call that has ended does not mind its signal, and leaves no listener", async () => {
  const { client, server } = openPipe();
  const { signal, abort, listeners } = watchedSignal();
  for (const call of ["send", "exchange"] as const) {
    const calling = client[call](get(), { signal });
    assertEquals(listeners(), 1);
    await server.readUntil("\r\n\r\n");
    server.write(HI);
    const output = await calling;
    if ("text" in output) assertEquals(await output.text(), "hi");
    assertEquals(listeners(), 0);
  }
  abort();
  assertEquals(client.reusable, true);
  await carryOne(client, server);
  await client.close();
});

Deno.test("a call fails with a TimeoutError if its signal times out", async () => {
  const { client, server } = openPipe();
  // Such a signal does not keep the process alive by itself.
  const alive = setTimeout(() => {}, 60_000);
  const error = await rejection(
    client.exchange(get(), { signal: AbortSignal.timeout(1) }),
  );
  clearTimeout(alive);
  assertEquals((error as DOMException).name, "TimeoutError");
  await server.closed;
});

// A write that fails.

Deno.test("a call fails with the write's error if no response follows", async () => {
  using timers = new HeldTimers();
  for (
    const request of [
      get(),
      HttpRequest.post(SITE, { body: new Uint8Array(99_999) }),
    ]
  ) {
    const { client, server } = openPipe({ capacity: 0 });
    const sending = client.send(request);
    await settle();
    server.failWritable(REASON);
    await timers.fire(1000);
    const error = await fails(sending, "ConnectionLost");
    assertStrictEquals(error.cause, REASON);
    assertEquals(error.progress?.phase, "request");
    assertEquals(timers.delays, []);
    assertEquals(client.reusable, false);
    await server.closed;
  }
});

Deno.test("a call returns the response that follows a failed write", async () => {
  using timers = new HeldTimers();
  const { client, server } = openPipe({ capacity: 0 });
  const { body, stopped } = streamOf(endless(100_000));
  const exchanging = client.exchange(post(), { body });
  await server.readUntil("\r\n\r\n");
  server.failWritable(REASON);
  assertInstanceOf(await stopped, DOMException);
  assertEquals(timers.delays, [1000]);
  server.write("HTTP/1.1 413 Too Large\r\nContent-Length: 7\r\n\r\n");
  const exchange = await exchanging;
  assertEquals(exchange.response.status, 413);
  // The caller may take its time to read what has arrived.
  assertEquals(timers.delays, []);
  const text = exchange.text();
  assertEquals(timers.delays, [1000]);
  server.write("too big");
  assertEquals(await text, "too big");
  assertEquals(await exchange.closed, {
    keepAlive: false,
    closeReason: "RequestIncomplete",
  });
  assertEquals(await exchange.uploaded, false);
  assertEquals(timers.delays, []);
  await server.closed;
});

Deno.test("a failed write is the cause if the connection then ends", async () => {
  using timers = new HeldTimers();
  for (const [sent, phase] of [["", "request"], [`${LENGTH}half`, "body"]]) {
    const { client, server } = openPipe({ capacity: 0 });
    const sending = client.send(get());
    await settle();
    if (sent !== "") await server.write(sent!);
    await settle();
    server.failWritable(REASON);
    await settle();
    server.close();
    const error = await fails(sending, "ConnectionLost");
    assertStrictEquals(error.cause, REASON);
    assertEquals<string | undefined>(error.progress?.phase, phase);
    assertEquals(timers.delays, []);
  }
});

Deno.test("a failed write does not replace another fault, a reset, or an abort", async () => {
  using timers = new HeldTimers();
  const reset = new Error("Reset");
  for (const how of ["fault", "reset", "abort"]) {
    const { client, server } = openPipe();
    server.failWritable(REASON);
    const { signal, abort } = watchedSignal();
    const sending = client.send(get(), { signal });
    await settle();
    assertEquals(timers.delays, [1000]);
    if (how === "fault") {
      server.write("HTTP/2 200\r\n\r\n");
      const { cause } = await fails(sending, "InvalidStatusLine");
      assertEquals(cause, undefined);
    } else if (how === "reset") {
      server.failReadable(reset);
      assertStrictEquals((await fails(sending, "ConnectionLost")).cause, reset);
    } else {
      abort("Enough");
      assertEquals(await rejection(sending), "Enough");
    }
    assertEquals(timers.delays, []);
    await server.closed;
  }
});

// Sockets: the runtime's errors, and both ends closed.

/** A client whose server reads a piece, says something, and resets. */
async function openReset(answer: string): Promise<{
  client: HttpClient;
  address: string;
}> {
  const server = createServer((socket) => {
    server.close();
    socket.on("error", () => {});
    socket.once("data", () => {
      if (answer === "") socket.resetAndDestroy();
      else socket.write(answer, () => socket.resetAndDestroy());
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = await HttpClient.connect(`http://${address}/`);
  return { client, address };
}

for (
  const [name, answer, phase] of [
    ["before the head", "", "head"],
    ["inside the head", "HTTP/1.1 200", "head"],
    ["inside a chunk", `${CHUNKED}9\r\nhalf`, "body"],
  ] as const
) {
  Deno.test(`a socket's reset ${name} is ConnectionLost, and names the address`, async () => {
    const { client, address } = await openReset(answer);
    const sending = client.send(HttpRequest.get(`http://${address}/`));
    const error = await fails(sending, "ConnectionLost");
    assertInstanceOf(error.cause, Deno.errors.ConnectionReset);
    assertStringIncludes(error.message, address);
    assertEquals(error.progress?.phase, phase);
    assertEquals(error.progress?.responseBytes, answer.length);
    assertEquals(error.response?.status, phase === "body" ? 200 : undefined);
    assertEquals(client.reusable, false);
  });
}

Deno.test("a socket gives the response that came before a reset inside an upload", async () => {
  for (let round = 0; round < 5; round++) {
    const { client, address } = await openReset(
      "HTTP/1.1 413 Too Large\r\nContent-Length: 7\r\n\r\ntoo big",
    );
    const { body, stopped } = streamOf(endless(50_000));
    const request = HttpRequest.post(`http://${address}/`);
    const exchange = await client.exchange(request, { body });
    assertEquals(exchange.response.status, 413);
    assertEquals(await exchange.text(), "too big");
    assertEquals((await exchange.closed).closeReason, "RequestIncomplete");
    await stopped;
  }
});
