// How streaming exchanges end before their time. Whatever the phase and the
// cause, every promise and stream ends with an error that says what happened,
// the source of the upload is let go, and the connection is closed.

import { assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { HttpError } from "@pimalaya/io-http";
import type { HttpClient, HttpExchange } from "@pimalaya/io-http/client";
import { toText } from "../_text.ts";
import type { PipeServer } from "../_pipe.ts";
import {
  drain,
  endings,
  endless,
  get,
  openPipe,
  post,
  rejection,
  settle,
  streamOf,
} from "./_exchange.ts";

const LENGTH = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n";
const CHUNKED = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

/** How far an exchange has come. */
interface Phase {
  readonly name: string;
  /** What the server has sent. */
  readonly sent: string;
  /** What the client does: it waits for the head, leaves the body, reads it. */
  readonly client: "waits" | "leaves" | "reads";
  /** Whether the request is still on its way out. */
  readonly uploads?: boolean;
}

const PHASES: Phase[] = [
  { name: "before the head", sent: "", client: "waits" },
  { name: "inside the head", sent: LENGTH.slice(0, 30), client: "waits" },
  {
    name: "after a 103",
    sent: "HTTP/1.1 103 Early Hints\r\n\r\n",
    client: "waits",
  },
  { name: "during an upload", sent: "", client: "waits", uploads: true },
  {
    name: "during an upload, inside the head",
    sent: LENGTH.slice(0, 30),
    client: "waits",
    uploads: true,
  },
  { name: "at an unread body", sent: LENGTH, client: "leaves" },
  {
    name: "at a body that is here in part",
    sent: `${LENGTH}half`,
    client: "leaves",
  },
  { name: "before the body", sent: LENGTH, client: "reads" },
  { name: "inside a body", sent: `${LENGTH}half`, client: "reads" },
  { name: "inside a chunk", sent: `${CHUNKED}9\r\nhalf`, client: "reads" },
  { name: "between chunks", sent: `${CHUNKED}1\r\na\r\n`, client: "reads" },
  { name: "inside a chunk size", sent: `${CHUNKED}1`, client: "reads" },
  {
    name: "inside the trailers",
    sent: `${CHUNKED}1\r\na\r\n0\r\nA: 1\r\n`,
    client: "reads",
  },
];

interface Running {
  readonly client: HttpClient;
  readonly server: PipeServer;
  readonly controller: AbortController;
  readonly exchange: HttpExchange | null;
  /** What has to reject. */
  readonly ends: Promise<unknown>[];
  /** The source's end, where there is one. */
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
  const controller = new AbortController();
  const { signal } = controller;
  const source = streamOf(endless(100));
  const exchanging = uploads
    ? client.exchange(post(), { signal, body: source.body })
    : client.exchange(get(), { signal });
  await server.readUntil("\r\n\r\n");
  if (uploads) await server.read();
  if (sent !== "") server.write(sent);
  const stopped = uploads ? source.stopped : null;
  const running = { client, server, controller, stopped };
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

/** Checks that all is over, and why. */
async function checkEnd(
  { client, server, exchange, ends, stopped }: Running,
  isRight: (error: unknown) => boolean,
): Promise<void> {
  if (exchange !== null && !exchange.body.locked) {
    // Who comes to read it later is told as well.
    ends = [drain(exchange.body), ...ends];
  }
  for (const end of ends) {
    const error = await rejection(end);
    assertEquals(isRight(error), true, Deno.inspect(error));
  }
  if (stopped !== null) assertEquals(isRight(await stopped), true);
  assertEquals(client.reusable, false);
  await assertRejects(() => client.exchange(get()), TypeError, "closed");
  await client.close();
  await server.closed;
  await settle();
}

function isAbortError(error: unknown): boolean {
  return error instanceof DOMException && error.name === "AbortError";
}

const REASON = new Error("Enough");

for (const phase of PHASES) {
  for (const bytes of [true, false]) {
    const where = `${phase.name} (${bytes ? "bytes" : "pieces"})`;

    Deno.test(`exchange ends with the signal's reason ${where}`, async () => {
      const running = await start(phase, bytes);
      running.controller.abort(REASON);
      await checkEnd(running, (error) => error === REASON);
    });

    Deno.test(`exchange ends with an AbortError when the client is closed ${where}`, async () => {
      const running = await start(phase, bytes);
      await running.client.close();
      await checkEnd(running, isAbortError);
    });

    Deno.test(`exchange ends with the connection's error ${where}`, async () => {
      const running = await start(phase, bytes);
      running.server.abort(REASON);
      await checkEnd(running, (error) => error === REASON);
    });

    Deno.test(`exchange ends with UnexpectedEof at end of file ${where}`, async () => {
      const running = await start(phase, bytes);
      running.server.close();
      await checkEnd(
        running,
        (error) => error instanceof HttpError && error.code === "UnexpectedEof",
      );
    });

    if (phase.client !== "waits") {
      Deno.test(`exchange ends when its body is cancelled ${where}`, async () => {
        for (const reason of [REASON, undefined, null]) {
          const running = await start(phase, bytes);
          const { body, trailers, closed } = running.exchange!;
          const isRight = reason === REASON
            ? (error: unknown) => error === REASON
            : isAbortError;
          if (body.locked) continue;
          await body.cancel(reason);
          assertEquals(await drain(body), "");
          const ends = [trailers, closed];
          await checkEnd({ ...running, exchange: null, ends }, isRight);
        }
      });
    }
  }
}

Deno.test("exchange ends a read that waits when its reader cancels", async () => {
  const { client, server } = openPipe();
  server.write(`${LENGTH}half`);
  const exchange = await client.exchange(get());
  const reader = exchange.body.getReader();
  await reader.read();
  const reading = reader.read();
  await reader.cancel(REASON);
  assertEquals((await reading).done, true);
  assertEquals(await rejection(exchange.closed), REASON);
  assertEquals(await rejection(exchange.trailers), REASON);
  await server.closed;
});

Deno.test("exchange ends bytes and text when they are aborted", async () => {
  for (const taker of ["bytes", "text", "json"] as const) {
    const { client, server } = openPipe();
    const controller = new AbortController();
    const { signal } = controller;
    server.write(`${LENGTH}half`);
    const exchange = await client.exchange(get(), { signal });
    const taken = exchange[taker]();
    await settle();
    controller.abort(REASON);
    assertEquals(await rejection(taken), REASON);
    assertEquals(await rejection(exchange.closed), REASON);
    await server.closed;
  }
});

Deno.test("exchange ends a Response's body when it is aborted", async () => {
  const { client, server } = openPipe();
  const controller = new AbortController();
  const { signal } = controller;
  server.write(`${LENGTH}half`);
  const exchange = await client.exchange(get(), { signal });
  const text = exchange.toResponse().text();
  await settle();
  controller.abort(REASON);
  assertEquals(await rejection(text), REASON);
  await server.closed;
});

Deno.test("exchange rejects a signal that is aborted, before it writes", async () => {
  const { client, server } = openPipe();
  const signal = AbortSignal.abort(REASON);
  assertEquals(await rejection(client.exchange(get(), { signal })), REASON);
  assertEquals(client.reusable, false);
  assertEquals(await rejection(server.read()), REASON);
  await server.closed;
});

Deno.test("exchange ends with a TimeoutError when its signal times out", async () => {
  const { client, server } = openPipe();
  const signal = AbortSignal.timeout(1);
  // What times it out does not keep the process alive by itself.
  const alive = setTimeout(() => {}, 10_000);
  const error = await rejection(client.exchange(get(), { signal }));
  clearTimeout(alive);
  assertEquals((error as DOMException).name, "TimeoutError");
  await server.closed;
});

Deno.test("exchange no longer minds its signal once the body was read", async () => {
  const { client, server } = openPipe();
  const controller = new AbortController();
  const { signal } = controller;
  server.write(`${LENGTH}012345678`);
  const exchange = await client.exchange(get(), { signal });
  assertEquals(await exchange.text(), "012345678");
  controller.abort(REASON);
  await settle();
  assertEquals((await exchange.closed).keepAlive, true);
  assertEquals([...await exchange.trailers], []);
  assertEquals(client.reusable, true);

  server.write(`${LENGTH}876543210`);
  assertEquals(await (await client.exchange(get())).text(), "876543210");
  await client.close();
});

const INVALID: [what: string, rest: string, code: string, body: string][] = [
  ["a chunk size", "1\r\na\r\nx\r\n", "InvalidChunkSize", "a"],
  ["a chunk's end", "1\r\nab\r\n", "InvalidChunkTerminator", "a"],
  ["an extension", "1\r\na\r\n1;\0\r\n", "InvalidChunkExtension", "a"],
  ["a trailer", "1\r\na\r\n0\r\n:\r\n\r\n", "InvalidTrailer", "a"],
  ["the first chunk size", "-1\r\n", "InvalidChunkSize", ""],
];

for (const [what, rest, code, good] of INVALID) {
  for (const pieceLength of [1, Infinity]) {
    Deno.test(`exchange gives what came before ${what} that is invalid, cut by ${pieceLength}`, async () => {
      const { client, server } = openPipe();
      server.write(CHUNKED + rest, pieceLength);
      const exchange = await client.exchange(get());
      let text = "";
      const error = await assertRejects(
        async () => {
          for await (const piece of exchange.body) text += toText(piece);
        },
        HttpError,
      );
      assertEquals([error.code, text], [code, good]);
      for (const end of await endings(exchange)) assertEquals(end, error);
      assertEquals(client.reusable, false);
      await server.closed;
    });
  }
}

Deno.test("exchange rejects an invalid head", async () => {
  const { client, server } = openPipe();
  server.write("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n");
  const error = await assertRejects(() => client.exchange(get()), HttpError);
  assertEquals(error.code, "InvalidContentLength");
  await server.closed;
});

Deno.test("exchange leaves no listener on the signals of exchanges that are over", async () => {
  const listeners = new Set<unknown>();
  const controller = new AbortController();
  const { signal } = controller;
  const { addEventListener, removeEventListener } = signal;
  signal.addEventListener = function (...args: unknown[]) {
    listeners.add(args[1]);
    return Reflect.apply(addEventListener, signal, args);
  };
  signal.removeEventListener = function (...args: unknown[]) {
    listeners.delete(args[1]);
    return Reflect.apply(removeEventListener, signal, args);
  };
  const responses = [
    `${LENGTH}012345678`,
    `${CHUNKED}0\r\n\r\n`,
    "HTTP/1.1 204 No Content\r\n\r\n",
    `${CHUNKED}x\r\n`,
    "SMTP",
  ];
  for (const response of responses) {
    const { client, server } = openPipe();
    server.write(response);
    const exchanging = client.exchange(get(), { signal });
    assertEquals(listeners.size, 1);
    await exchanging.then((exchange) => exchange.text()).catch((error) =>
      assertInstanceOf(error, HttpError)
    );
    assertEquals(listeners.size, 0);
    await client.close();
  }
});
