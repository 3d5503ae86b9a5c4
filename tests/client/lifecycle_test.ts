// The life of a client: closing in every state, signals, peers that go away or
// go silent, and answers that come before the request is out.

import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStrictEquals,
} from "@std/assert";
import { HttpError, HttpRequest } from "@pimalaya/io-http";
import { HttpClient } from "@pimalaya/io-http/client";
import { pipe } from "../_pipe.ts";
import {
  HI,
  PIPES,
  READ,
  readToEnd,
  readUntil,
  Script,
  tcpPair,
  watchedSignal,
  writeText,
} from "./_buffered.ts";
import {
  drain,
  get,
  HeldTimers,
  openPipe,
  rejection,
  settle,
  SITE,
} from "./_exchange.ts";

const TOO_LARGE =
  "HTTP/1.1 413 Content Too Large\r\nContent-Length: 2\r\n\r\nno";

function largePost(length: number): HttpRequest {
  return HttpRequest.post(SITE, { body: new Uint8Array(length) });
}

function upgrade(): HttpRequest {
  const headers = { Connection: "upgrade", Upgrade: "x" };
  return HttpRequest.get(SITE, { headers });
}

for (const [kind, options] of PIPES) {
  Deno.test(`close closes an idle client over ${kind}, once`, async () => {
    const { client, server } = openPipe(options);
    assertEquals(client.reusable, true);
    const closing = client.close();
    assertEquals(client.reusable, false);
    await Promise.all([closing, client.close()]);
    assertEquals(server.isClosed, true);
    // In good order: the peer sees the end of file, not a failure.
    assertEquals(await server.read(), null);
    await client.close();
    await assertRejects(() => client.send(get()), TypeError, "closed");
    await assertRejects(() => client.run(new Script(READ)), TypeError);
    await assertRejects(() => client.exchange(get()), TypeError, "closed");
  });

  Deno.test(`close ends the call that is reading ${kind}`, async () => {
    const { client, server } = openPipe(options);
    const sending = rejection(client.send(get()));
    await server.readUntil("\r\n\r\n");
    await client.close();
    const error = await sending;
    assertInstanceOf(error, DOMException);
    assertEquals(error.name, "AbortError");
    assertEquals(client.reusable, false);
    await server.closed;
    await client.close();
  });

  Deno.test(`close ends the call that is writing beside ${kind}`, async () => {
    const { client, server } = openPipe({ ...options, capacity: 10 });
    const sending = rejection(client.send(largePost(1000)));
    await client.close();
    const error = await sending;
    assertInstanceOf(error, DOMException);
    assertEquals(error.name, "AbortError");
    await server.closed;
  });

  Deno.test(`an abort ends the call that is reading ${kind}, with its reason`, async () => {
    const { client, server } = openPipe(options);
    const { signal, abort, listeners } = watchedSignal();
    const sending = rejection(client.send(get(), { signal }));
    await server.readUntil("\r\n\r\n");
    await server.write("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf");
    await settle();
    assertEquals(listeners(), 1);
    const reason = new Error("Enough");
    abort(reason);
    assertEquals(client.reusable, false);
    assertStrictEquals(await sending, reason);
    assertEquals(listeners(), 0);
    await server.closed;
    await assertRejects(() => client.send(get()), TypeError, "closed");
  });
}

Deno.test("close closes a client whose coroutine is paused", async () => {
  const { client, server } = openPipe();
  await client.run(new Script({ type: "Pause" }));
  assertEquals(client.reusable, false);
  await client.close();
  assertEquals(server.isClosed, true);
  await assertRejects(() => client.run(new Script(READ)), TypeError, "closed");
});

Deno.test("close closes an upgraded client", async () => {
  const { client, server } = openPipe();
  const sending = client.send(upgrade());
  await server.write("HTTP/1.1 101 Switching Protocols\r\n\r\n");
  await sending;
  await client.close();
  assertEquals(server.isClosed, true);
  await client.close();
});

Deno.test("close leaves a stream alone that was detached", async () => {
  const { client, server } = openPipe();
  const { readable, writable } = client.detach();
  assertEquals(client.reusable, false);
  await client.close();
  await client[Symbol.asyncDispose]();
  assertEquals(server.isClosed, false);
  await assertRejects(() => client.send(get()), TypeError, "detached");
  await Promise.all([readable.cancel(), writable.close()]);
  assertEquals(server.isClosed, true);
});

Deno.test("close closes a client whose call failed, or whose peer is gone", async () => {
  const { client, server } = openPipe();
  const sending = rejection(client.send(get()));
  server.abort(new Error("Gone"));
  await sending;
  await client.close();
  const idle = openPipe();
  idle.server.abort(new Error("Gone"));
  await idle.client.close();
  assert(idle.server.isClosed && server.isClosed);
});

Deno.test("await using closes the client at the end of its block", async () => {
  const { client: stream, server } = pipe();
  {
    await using client = new HttpClient(stream);
    const sending = client.send(get());
    await server.write(HI);
    await sending;
    assertEquals(server.isClosed, false);
  }
  assertEquals(server.isClosed, true);
});

Deno.test("await using closes the client where its block throws", async () => {
  const { client: stream, server } = pipe();
  const reason = new Error("Mine");
  const block = async () => {
    await using client = new HttpClient(stream);
    await client.run(new Script({ type: "Pause" }));
    throw reason;
  };
  assertStrictEquals(await rejection(block()), reason);
  assertEquals(server.isClosed, true);
});

for (const call of ["send", "sendHttp10", "run"] as const) {
  Deno.test(`${call} rejects with the reason of a signal that was aborted before`, async () => {
    const { client, server } = openPipe();
    const { signal, abort, listeners } = watchedSignal();
    const reason = { not: "an error" };
    abort(reason);
    const failing = call === "run"
      ? client.run(new Script(READ), { signal })
      : client[call](get(), { signal });
    assertStrictEquals(await rejection(failing), reason);
    assertEquals(server.received, 0);
    assertEquals(listeners(), 0);
    assertEquals(client.reusable, false);
    await server.closed;
  });

  Deno.test(`${call} ends with its signal's default reason`, async () => {
    const { client, server } = openPipe();
    const { signal, abort, listeners } = watchedSignal();
    const failing = call === "run"
      ? client.run(new Script(READ), { signal })
      : client[call](get(), { signal });
    abort();
    const error = await rejection(failing);
    assertInstanceOf(error, DOMException);
    assertEquals(error.name, "AbortError");
    assertEquals(listeners(), 0);
    await server.closed;
  });
}

Deno.test("an abort ends the call that is writing", async () => {
  const { client, server } = openPipe({ capacity: 10 });
  const { signal, abort, listeners } = watchedSignal();
  const sending = rejection(client.send(largePost(1000), { signal }));
  await settle();
  const reason = new Error("Enough");
  abort(reason);
  assertStrictEquals(await sending, reason);
  assertEquals(listeners(), 0);
  await server.closed;
});

Deno.test("an abort ends a run that waits for its write alone", async () => {
  const write = { type: "WantsWrite", bytes: new Uint8Array(10) } as const;
  for (const script of [new Script(write, { type: "Ok" }), new Script(write)]) {
    const { client, server } = openPipe({ capacity: 0 });
    const { signal, abort, listeners } = watchedSignal();
    const running = rejection(client.run(script, { signal }));
    await settle();
    abort("Enough");
    assertEquals(await running, "Enough");
    assertEquals(listeners(), 0);
    await server.closed;
  }
});

Deno.test("an abort ends a call whose stream ignores it", async () => {
  const readable = new ReadableStream<Uint8Array>({
    cancel: () => new Promise(() => {}),
  });
  const writable = new WritableStream<Uint8Array>({
    write: () => new Promise(() => {}),
    abort: () => new Promise(() => {}),
  });
  const client = new HttpClient({ readable, writable });
  const { signal, abort } = watchedSignal();
  const sending = rejection(client.send(get(), { signal }));
  abort("Enough");
  assertEquals(await sending, "Enough");
  await client.close();
});

Deno.test("an abort does nothing once the call is over, and leaves no listener", async () => {
  const { client, server } = openPipe();
  const { signal, abort, listeners } = watchedSignal();
  for (const call of ["send", "sendHttp10"] as const) {
    const sending = client[call](get(), { signal });
    assertEquals(listeners(), 1);
    await server.readUntil("\r\n\r\n");
    await server.write(HI);
    assertEquals((await sending).response.text(), "hi");
    assertEquals(listeners(), 0);
  }
  await client.run(new Script({ type: "Pause" }), { signal });
  assertEquals(listeners(), 0);
  await client.run(new Script({ type: "Ok" }), { signal });
  assertEquals(listeners(), 0);
  abort();
  assertEquals(client.reusable, true);
  assertEquals(server.isClosed, false);
  const sending = client.send(get());
  await server.write(HI);
  assertEquals((await sending).response.text(), "hi");
  await client.close();
});

Deno.test("a call that fails leaves no listener on its signal", async () => {
  for (const how of ["fault", "readable", "mistake", "close"] as const) {
    const { client, server } = openPipe();
    const { signal, listeners } = watchedSignal();
    const request = how === "mistake" ? upgrade().header("Host", "b") : get();
    if (how === "mistake") request.header("Host", "c");
    const sending = rejection(client.send(request, { signal }));
    if (how === "fault") await server.write("?");
    if (how === "readable") server.failReadable(new Error("Gone"));
    if (how === "close") await client.close();
    await sending;
    assertEquals(listeners(), 0, how);
    await client.close();
  }
});

for (const [kind, options] of PIPES) {
  Deno.test(`send rejects where the peer has closed the idle connection, over ${kind}`, async () => {
    const { client, server } = openPipe(options);
    const first = client.send(get());
    await server.readUntil("\r\n\r\n");
    await server.write(HI);
    await first;
    await server.close();
    const error = await assertRejects(() => client.send(get()), HttpError);
    assertEquals(error.code, "UnexpectedEof");
    assertEquals(client.reusable, false);
    await server.closed;
  });

  Deno.test(`send rejects with what the readable half fails with, over ${kind}`, async () => {
    for (const reason of [new Error("Cut"), undefined]) {
      const { client, server } = openPipe(options);
      const sending = rejection(client.send(get()));
      await server.readUntil("\r\n\r\n");
      await server.write("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf");
      await settle();
      server.failReadable(reason);
      assertStrictEquals(await sending, reason);
      assertEquals(client.reusable, false);
      await server.closed;
    }
  });

  Deno.test(`send returns an answer that comes before the request is out, over ${kind}`, async () => {
    const { client, server } = openPipe({ ...options, capacity: 10 });
    const sending = client.send(largePost(1000));
    await server.write(TOO_LARGE);
    const { response, keepAlive, closeReason } = await sending;
    assertEquals(response.status, 413);
    assertEquals(response.text(), "no");
    assertEquals(closeReason, "RequestIncomplete");
    assertEquals(keepAlive, false);
    assertEquals(client.reusable, false);
    await server.closed;
  });

  Deno.test(`send returns an answer after which the peer is gone, over ${kind}`, async () => {
    const { client, server } = openPipe({ ...options, capacity: 10 });
    const sending = client.send(largePost(1000));
    await server.write(TOO_LARGE, 1);
    await server.close();
    server.failWritable(new Error("Reset"));
    const { response, closeReason } = await sending;
    assertEquals(response.text(), "no");
    assertEquals(closeReason, "RequestIncomplete");
    await server.closed;
  });
}

Deno.test("send returns an answer that ends with the connection before the request is out", async () => {
  const { client, server } = openPipe({ capacity: 10 });
  const sending = client.send(largePost(1000));
  await server.write("HTTP/1.1 413 Content Too Large\r\n\r\nno");
  await server.close();
  const { response, closeReason } = await sending;
  assertEquals(response.text(), "no");
  assertEquals(closeReason, "RequestIncomplete");
  await server.closed;
});

Deno.test("send keeps a connection whose peer takes the last byte while it answers", async () => {
  const { client, server } = openPipe({ capacity: 10 });
  const sending = client.send(largePost(1000));
  await server.readUntil("\r\n\r\n");
  await server.write(HI);
  assertEquals((await sending).closeReason, null);
  assertEquals(client.reusable, true);
  await client.close();
});

Deno.test("send rejects with what the write failed with where no answer comes", async () => {
  using timers = new HeldTimers();
  const { client, server } = openPipe();
  const reason = new Error("Broken");
  server.failWritable(reason);
  const sending = rejection(client.send(get()));
  await timers.fire(1000);
  assertStrictEquals(await sending, reason);
  assertEquals(timers.delays, []);
  assertEquals(client.reusable, false);
  await server.closed;
});

Deno.test("send rejects with what the write failed with, in a second", async () => {
  const { client, server } = openPipe({ capacity: 0 });
  const reason = new Error("Broken");
  const sending = rejection(client.send(get()));
  await settle();
  server.failWritable(reason);
  assertStrictEquals(await sending, reason);
  await server.closed;
});

Deno.test("send returns the answer that comes after the write failed", async () => {
  using timers = new HeldTimers();
  const { client, server } = openPipe();
  server.failWritable(new Error("Broken"));
  const sending = client.send(get());
  await settle();
  assertEquals(timers.delays, [1000]);
  await server.write(TOO_LARGE, 1);
  const { response, closeReason } = await sending;
  assertEquals(response.text(), "no");
  assertEquals(closeReason, "RequestIncomplete");
  assertEquals(timers.delays, []);
  await server.closed;
});

Deno.test("send says why the write failed where the peer ends without an answer", async () => {
  using timers = new HeldTimers();
  const { client, server } = openPipe();
  const reason = new Error("Broken");
  server.failWritable(reason);
  const sending = rejection(client.send(get()));
  await settle();
  await server.close();
  const error = await sending;
  assertInstanceOf(error, HttpError);
  assertEquals(error.code, "UnexpectedEof");
  assertStrictEquals(error.cause, reason);
  assertEquals(timers.delays, []);
});

Deno.test("send leaves a fault as it is where the write failed as well", async () => {
  using timers = new HeldTimers();
  const { client, server } = openPipe();
  server.failWritable(new Error("Broken"));
  const sending = rejection(client.send(get()));
  await settle();
  await server.write("HTTP/2 200\r\n\r\n");
  const error = await sending;
  assertInstanceOf(error, HttpError);
  assertEquals(error.code, "InvalidStatusLine");
  assertEquals(error.cause, undefined);
  assertEquals(timers.delays, []);
  await server.closed;
});

Deno.test("an abort ends a call that waits for an answer after a failed write", async () => {
  using timers = new HeldTimers();
  const { client, server } = openPipe();
  server.failWritable(new Error("Broken"));
  const { signal, abort } = watchedSignal();
  const sending = rejection(client.send(get(), { signal }));
  await settle();
  assertEquals(timers.delays, [1000]);
  abort("Enough");
  assertEquals(await sending, "Enough");
  assertEquals(timers.delays, []);
  await server.closed;
});

Deno.test("a write that fails after the upgrade does not end what follows it", async () => {
  using timers = new HeldTimers();
  const { client, server } = openPipe({ capacity: 0 });
  const sending = client.send(upgrade());
  await server.write("HTTP/1.1 101 Switching Protocols\r\n\r\n");
  assertEquals((await sending).upgraded, true);
  const { readable } = client.detach();
  server.failWritable(new Error("Broken"));
  await settle();
  assertEquals(timers.delays, []);
  await server.write("still");
  await server.close();
  assertEquals(await drain(readable), "still");
});

Deno.test("send returns a 413 that a socket gives before it is read, and closes it", async () => {
  const { near, far } = await tcpPair();
  const client = new HttpClient(near);
  // More than the buffers on the way hold.
  const sending = client.send(largePost(50_000_000));
  await readUntil(far, "\r\n\r\n");
  await writeText(far, TOO_LARGE);
  const { response, closeReason } = await sending;
  assertEquals(response.text(), "no");
  assertEquals(closeReason, "RequestIncomplete");
  assertEquals(client.reusable, false);
  // It ends, in whichever way.
  await readToEnd(far).catch(() => {});
  far.close();
});

Deno.test("send rejects where a peer closes the idle socket, and closes it", async () => {
  const { near, far } = await tcpPair();
  const client = new HttpClient(near);
  const first = client.send(get());
  await readUntil(far, "\r\n\r\n");
  await writeText(far, HI);
  assertEquals((await first).closeReason, null);
  far.close();
  // An end of file, or a reset where the peer's system saw the request.
  const error = await rejection(client.send(get()));
  assertInstanceOf(error, Error);
  if (error instanceof HttpError) assertEquals(error.code, "UnexpectedEof");
  assertEquals(client.reusable, false);
  await client.close();
});

Deno.test("close and abort end a call over a socket", async () => {
  for (const how of ["close", "abort"] as const) {
    const { near, far } = await tcpPair();
    const client = new HttpClient(near);
    const { signal, abort } = watchedSignal();
    const sending = rejection(client.send(get(), { signal }));
    await readUntil(far, "\r\n\r\n");
    if (how === "abort") abort("Enough");
    else await client.close();
    const error = await sending;
    if (how === "abort") assertEquals(error, "Enough");
    else assertInstanceOf(error, DOMException);
    assertEquals(await readToEnd(far), "");
    far.close();
    await client.close();
  }
});

Deno.test("close closes an idle socket", async () => {
  const { near, far } = await tcpPair();
  const client = new HttpClient(near);
  await client.close();
  await client.close();
  assertEquals(await readToEnd(far), "");
  far.close();
});

Deno.test("close closes a client whose socket was closed by someone else", async () => {
  const { near, far } = await tcpPair();
  const client = new HttpClient(near);
  near.close();
  await assertRejects(() => client.send(get()));
  await client.close();
  const idle = new HttpClient(near);
  await idle.close();
  far.close();
});

for (
  const [wire, why] of [
    ["HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", "Http10"],
    [
      "HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1",
      "bytes came after the response",
    ],
    ["nonsense", "an exchange failed"],
  ] as const
) {
  Deno.test(`send says that the connection is closed: ${why}`, async () => {
    const { client, server } = openPipe();
    const sending = client.send(get());
    await server.write(wire);
    await sending.catch(() => {});
    await assertRejects(
      () => client.send(get()),
      TypeError,
      `the connection is closed (${why})`,
    );
  });
}
