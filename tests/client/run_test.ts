// Coroutines of any kind over a connection: which steps reach the caller, what
// is read and written between them, and what the next one starts with.

import {
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStrictEquals,
} from "@std/assert";
import {
  encodeHttp11Request,
  Http10Send,
  Http11Receive,
  Http11ReceiveChunks,
  Http11ReceiveHead,
  Http11Send,
  type HttpCoroutine,
  HttpError,
  HttpRequest,
  SseParser,
  WellKnown,
} from "@pimalaya/io-http";
import { HttpClient } from "@pimalaya/io-http/client";
import { fromLatin1, latin1, type PipeServer } from "../_pipe.ts";
import {
  HI,
  PIPES,
  READ,
  Script,
  type ScriptStep,
  tcpPair,
  watchedSignal,
  write,
  writeText,
} from "./_buffered.ts";
import {
  get,
  HeldTimers,
  openPipe,
  rejection,
  settle,
  SITE,
} from "./_exchange.ts";

const CHUNKED_HEAD = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

/** A coroutine that writes what it is given, from one buffer for all. */
class Reusing implements HttpCoroutine<ScriptStep> {
  readonly #buffer = new Uint8Array(4);
  readonly #texts: string[];

  constructor(...texts: string[]) {
    this.#texts = texts;
  }

  resume(): ScriptStep {
    this.#buffer.fill(0x21);
    const text = this.#texts.shift();
    if (text === undefined) return { type: "Ok" };
    this.#buffer.set(latin1(text));
    const bytes = this.#buffer.subarray(0, text.length);
    return { type: "WantsWrite", bytes };
  }
}

/** Runs a coroutine that writes a request, for others to read the answer. */
async function request(client: HttpClient, server: PipeServer): Promise<void> {
  const bytes = encodeHttp11Request(get());
  const step = await client.run(
    new Script({ type: "WantsWrite", bytes }, { type: "Ok" }),
  );
  assertEquals(step.type, "Ok");
  assertEquals(
    await server.readUntil("\r\n\r\n"),
    "GET / HTTP/1.1\r\nHost: example.com\r\n\r\n",
  );
}

for (const [kind, options] of PIPES) {
  Deno.test(`run writes and reads in the order of the steps, over ${kind}`, async () => {
    const { client, server } = openPipe(options);
    const script = new Script(
      write("a"),
      write("bc"),
      READ,
      READ,
      write("d"),
      READ,
      { type: "Ok" },
    );
    const running = client.run(script);
    assertEquals(await server.readUntil("abc"), "abc");
    await server.write("12", 1);
    assertEquals(await server.readUntil("d"), "d");
    await server.write("3");
    assertEquals(await running, { type: "Ok" });
    // The first call and those after a write pass nothing.
    assertEquals(
      script.passed,
      [undefined, undefined, undefined, "1", "2", undefined, "3"],
    );
    assertEquals(client.reusable, true);
    await client.close();
  });

  Deno.test(`run passes an empty array at end of file, over ${kind}`, async () => {
    const { client, server } = openPipe(options);
    const script = new Script(READ, READ, { type: "Ok" });
    const running = client.run(script);
    await server.write("1");
    await server.close();
    await running;
    assertEquals(script.passed, [undefined, "1", ""]);
    await client.close();
  });

  Deno.test(`run drives Http11Receive step by step, over ${kind}`, async () => {
    const { client, server } = openPipe(options);
    await request(client, server);
    const receive = new Http11Receive(get());
    await server.write(`HTTP/1.1 103 Early Hints\r\n\r\n${CHUNKED_HEAD}`);
    const interim = await client.run(receive);
    assertEquals(interim.type === "Interim" && interim.response.status, 103);
    assertEquals(client.reusable, false);
    const head = await client.run(receive);
    assertEquals(head.type === "Head" && head.framing.kind, "chunked");
    await server.write("3\r\nabc\r\n2\r\nd", 1);
    let text = "";
    while (text.length < 4) {
      const data = await client.run(receive);
      if (data.type === "Data") text += fromLatin1(data.bytes);
    }
    await server.write("e\r\n0\r\nX-Sum: 9\r\n\r\n");
    const data = await client.run(receive);
    assertEquals(data.type === "Data" && fromLatin1(data.bytes), "e");
    assertEquals(text, "abcd");
    assertEquals(client.reusable, false);
    const end = await client.run(receive);
    assertEquals(end.type === "Ok" && [...end.trailers], [["X-Sum", "9"]]);
    assertEquals(end.type === "Ok" && end.keepAlive, true);
    assertEquals(client.reusable, true);
    await client.close();
  });

  Deno.test(`run gives the next coroutine what the last one left, over ${kind}`, async () => {
    const { client, server } = openPipe(options);
    await request(client, server);
    // In one piece, so that none of it is left to be read.
    await server.write(`${CHUNKED_HEAD}3\r\nabc\r\n0\r\n\r\n${HI}`);
    const head = await client.run(new Http11ReceiveHead());
    assertEquals(head.response.status, 200);
    const chunks = new Http11ReceiveChunks();
    const data = await client.run(chunks);
    assertEquals(data.type === "Data" && fromLatin1(data.bytes), "abc");
    const end = await client.run(chunks);
    assertEquals(end.type, "Ok");
    assertEquals(server.unread, 0);
    const next = await client.send(get());
    assertEquals(next.response.text(), "hi");
    assertEquals(client.reusable, true);
    await client.close();
  });
}

Deno.test("run keeps what was left where the next coroutine does not read", async () => {
  const { client, server } = openPipe();
  const left = latin1("left");
  await client.run(new Script({ type: "Ok", remaining: left }));
  // A copy: the array is the coroutine's.
  left.fill(0x21);
  await client.run(new Script(write("x"), { type: "Pause" }));
  await client.run(new Script({ type: "Ok", remaining: new Uint8Array(0) }));
  const script = new Script(READ, READ, { type: "Ok" });
  const running = client.run(script);
  await server.write("new");
  await running;
  assertEquals(script.passed, [undefined, "left", "new"]);
  await client.close();
});

Deno.test("run takes nothing but an array for what is left", async () => {
  const { client, server } = openPipe();
  const step = { type: "Ok", remaining: "text" } as const;
  assertStrictEquals(await client.run({ resume: () => step }), step);
  const script = new Script(READ, { type: "Ok" });
  const running = client.run(script);
  await server.write("new");
  await running;
  assertEquals(script.passed, [undefined, "new"]);
  await client.close();
});

Deno.test("run gives bytes that stay as they are until the next run", async () => {
  for (const [, options] of PIPES) {
    const { client, server } = openPipe(options);
    await request(client, server);
    const receive = new Http11Receive(get());
    await server.write(CHUNKED_HEAD);
    assertEquals((await client.run(receive)).type, "Head");
    // Other clients read meanwhile, into buffers from the same place.
    const others = Array.from({ length: 3 }, () => openPipe());
    for (let turn = 0; turn < 3; turn++) {
      await server.write("8\r\nabcdefgh\r\n");
      const data = await client.run(receive);
      for (const other of others) {
        const sending = other.client.send(get());
        await other.server.write(HI);
        await sending;
      }
      assertEquals(data.type === "Data" && fromLatin1(data.bytes), "abcdefgh");
    }
    await server.write("0\r\n\r\n");
    await client.run(receive);
    await client.close();
    for (const other of others) await other.client.close();
  }
});

Deno.test("run waits for its writes before it ends", async () => {
  for (const last of ["Ok", "Pause"] as const) {
    const { client, server } = openPipe({ capacity: 0 });
    let isOver = false;
    const running = client.run(new Script(write("a"), { type: last }));
    running.then(() => isOver = true);
    await settle();
    assertEquals(isOver, false);
    await server.readUntil("a");
    assertEquals((await running).type, last);
    await client.close();
  }
});

Deno.test("run writes what a step held, though its coroutine reuses the buffer", async () => {
  // A writable half that looks at what it was given only later.
  const written: string[] = [];
  const writable = new WritableStream<Uint8Array>({
    async write(bytes) {
      await settle();
      written.push(fromLatin1(bytes));
    },
  });
  const client = new HttpClient({ readable: new ReadableStream(), writable });
  await client.run(new Reusing("one", "two", "last"));
  assertEquals(written, ["one", "two", "last"]);
  await client.close();
});

Deno.test("run rejects with what a write failed with, where nothing is read", async () => {
  const reason = new Error("Broken");
  for (const next of [{ type: "Ok" } as const, write("b")]) {
    const { client, server } = openPipe();
    server.failWritable(reason);
    const script = new Script(write("a"), next);
    assertStrictEquals(await rejection(client.run(script)), reason);
    assertEquals(client.reusable, false);
    await server.closed;
  }
});

Deno.test("run rejects with what a coroutine throws, and closes the connection", async () => {
  const { client, server } = openPipe();
  const reason = new Error("Mine");
  const resume = (): ScriptStep => {
    throw reason;
  };
  assertStrictEquals(await rejection(client.run({ resume })), reason);
  assertEquals(client.reusable, false);
  await server.closed;
});

Deno.test("run rejects with the error of an Err step, and closes the connection", async () => {
  const { client, server } = openPipe();
  const error = new HttpError("InvalidHeader", "Cannot read it");
  const step = { type: "Err", error } as const;
  assertStrictEquals(
    await rejection(client.run({ resume: () => step })),
    error,
  );
  await server.closed;
  await assertRejects(() => client.run(new Script(READ)), TypeError, "closed");
});

Deno.test("run rejects a coroutine that asks for more after the end of file", async () => {
  for (const [, options] of PIPES) {
    const { client, server } = openPipe(options);
    await server.close();
    const error = await rejection(client.run(new Script(READ)));
    assertInstanceOf(error, HttpError);
    assertEquals(error.code, "UnexpectedEof");
    await server.closed;
  }
});

Deno.test("run reads again after the end of file for the next coroutine", async () => {
  const { client, server } = openPipe();
  await server.close();
  for (let turn = 0; turn < 2; turn++) {
    const script = new Script(READ, { type: "Ok" });
    await client.run(script);
    assertEquals(script.passed, [undefined, ""]);
  }
  await client.close();
});

Deno.test("run lets no exchange start before its coroutine is through", async () => {
  const { client, server } = openPipe();
  const script = new Script({ type: "Pause" }, { type: "Pause" }, {
    type: "Ok",
  });
  for (let turn = 0; turn < 2; turn++) {
    assertEquals((await client.run(script)).type, "Pause");
    assertEquals(client.reusable, false);
    for (
      const start of [
        () => client.send(get()),
        () => client.sendHttp10(get()),
        () => client.exchange(get()),
      ]
    ) await assertRejects(start, TypeError, "paused");
    assertEquals(server.received, 0);
  }
  assertEquals((await client.run(script)).type, "Ok");
  assertEquals(client.reusable, true);
  await client.close();
});

Deno.test("run rejects while another call is in flight", async () => {
  const { client, server } = openPipe();
  const first = client.run(new Script(READ, { type: "Ok" }));
  await assertRejects(
    () => client.run(new Script(READ)),
    TypeError,
    "in a call",
  );
  await assertRejects(() => client.send(get()), TypeError, "in a call");
  await server.write("x");
  assertEquals((await first).type, "Ok");
  await client.close();
});

Deno.test("run takes a signal for each step", async () => {
  const { client, server } = openPipe();
  const script = new Script({ type: "Pause" }, READ, { type: "Ok" });
  const old = watchedSignal();
  await client.run(script, { signal: old.signal });
  old.abort();
  assertEquals(server.isClosed, false);
  const { signal, abort } = watchedSignal();
  const running = rejection(client.run(script, { signal }));
  abort("Enough");
  assertEquals(await running, "Enough");
  await server.closed;
});

for (const Send of [Http11Send, Http10Send]) {
  Deno.test(`run ends an exchange of ${Send.name} as send does`, async () => {
    const { client, server } = openPipe();
    const headers = "Connection: keep-alive\r\nContent-Length: 0\r\n";
    const send = new Send(get());
    const running = client.run(send);
    await server.readUntil("\r\n\r\n");
    await server.write(`HTTP/1.1 302 Found\r\nLocation: /b\r\n${headers}\r\n`);
    const step = await running;
    assertEquals(step.type === "WantsRedirect" && step.url.pathname, "/b");
    assertEquals(client.reusable, true);
    const same = await client.run(send);
    assertEquals(same.type, "Ok");
    assertStrictEquals(same.response, step.response);
    assertEquals(client.reusable, true);
    const closing = client.run(new Send(get()));
    await server.write(`HTTP/1.1 200 OK\r\n\r\n`);
    await server.close();
    const end = await closing;
    assertEquals(end.type === "Ok" && end.closeReason, "ReadToClose");
    assertEquals(client.reusable, false);
    await server.closed;
  });
}

Deno.test("run closes a connection whose answer comes before the request is out", async () => {
  const { client, server } = openPipe({ capacity: 10 });
  const body = new Uint8Array(1000);
  const running = client.run(new Http11Send(HttpRequest.post(SITE, { body })));
  await server.write(HI);
  const step = await running;
  assertEquals(step.response.text(), "hi");
  assertEquals(client.reusable, false);
  await server.closed;
});

Deno.test("run leaves an upgraded connection to detach", async () => {
  const { client, server } = openPipe();
  const headers = { Connection: "upgrade", Upgrade: "x" };
  const request = get();
  for (const [name, value] of Object.entries(headers)) {
    request.header(name, value);
  }
  const running = client.run(new Http11Send(request));
  await server.write("HTTP/1.1 101 Switching Protocols\r\n\r\nearly");
  const step = await running;
  assertEquals(step.upgraded, true);
  assertEquals(client.reusable, false);
  await assertRejects(
    () => client.run(new Script(READ)),
    TypeError,
    "upgraded",
  );
  const { readable } = client.detach();
  const { value } = await readable.getReader().read();
  assertEquals(value, latin1("early"));
});

Deno.test("run drives WellKnown, and gives where it is redirected", async () => {
  const { client, server } = openPipe();
  const running = client.run(new WellKnown(`${SITE}a?b`, "jmap"));
  assertEquals(
    await server.readUntil("\r\n\r\n"),
    "GET /.well-known/jmap HTTP/1.1\r\nHost: example.com\r\n\r\n",
  );
  await server.write(
    "HTTP/1.1 307 Temporary Redirect\r\nLocation: https://a/b\r\n" +
      "Content-Length: 0\r\n\r\n",
  );
  const { type, redirect, response } = await running;
  assertEquals(type, "Ok");
  assertEquals(redirect?.url.href, "https://a/b");
  assertEquals(redirect?.sameOrigin, false);
  assertEquals(response.status, 307);
  assertEquals(client.reusable, true);
  await client.close();
});

Deno.test("run drives SseParser to the end of file", async () => {
  const { client, server } = openPipe();
  const parser = new SseParser();
  await server.write("retry: 5\ndata: a\n\ndata: b\n\n", 1);
  await server.close();
  const seen: string[] = [];
  let step = await client.run(parser);
  while (step.type !== "Ok") {
    seen.push(step.type === "Event" ? step.data : `${step.milliseconds}`);
    step = await client.run(parser);
  }
  assertEquals(seen, ["5", "a", "b"]);
  await client.close();
});

Deno.test("run waits a bounded time for a read after a write has failed", async () => {
  using timers = new HeldTimers();
  const { client, server } = openPipe();
  const reason = new Error("Broken");
  server.failWritable(reason);
  const script = new Script(write("a"), READ, READ, { type: "Ok" });
  const running = rejection(client.run(script));
  await settle();
  assertEquals(timers.delays, [1000]);
  await server.write("1");
  await settle();
  assertEquals(script.passed, [undefined, undefined, "1"]);
  await timers.fire(1000);
  assertStrictEquals(await running, reason);
  assertEquals(timers.delays, []);
  await server.closed;
});

Deno.test("run writes a step larger than a socket takes at once, whole", async () => {
  const { near, far } = await tcpPair();
  const client = new HttpClient(near);
  const bytes = new Uint8Array(10_000_000);
  for (let at = 0; at < bytes.length; at++) bytes[at] = (at * 31) >> 3;
  const running = client.run(
    new Script({ type: "WantsWrite", bytes }, READ, { type: "Ok" }),
  );
  const received = new Uint8Array(bytes.length);
  for (let at = 0; at < received.length;) {
    at += (await far.read(received.subarray(at)))!;
  }
  await writeText(far, "x");
  assertEquals((await running).type, "Ok");
  assertEquals(await digest(received), await digest(bytes));
  await client.close();
  far.close();
});

Deno.test("run passes over a write of nothing", async () => {
  const { near, far } = await tcpPair();
  for (const stream of [near, openPipe().client.detach()]) {
    const client = new HttpClient(stream);
    await client.run(new Script(write(""), { type: "Ok" }));
    assertEquals(client.reusable, true);
    await client.close();
  }
  far.close();
});

async function digest(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const hash = await crypto.subtle.digest("SHA-256", bytes);
  return new Uint8Array(hash).toHex();
}
