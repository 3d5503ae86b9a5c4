// Answers that come before the request is out, and what becomes of a call whose
// write has failed.

import {
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStrictEquals,
} from "@std/assert";
import { Http11Send, HttpError, HttpRequest } from "@pimalaya/io-http";
import { HttpClient } from "@pimalaya/io-http/client";
import { toBytes } from "../_text.ts";
import {
  HI,
  PIPES,
  readToEnd,
  readUntil,
  SWITCH,
  tcpPair,
  upgrade,
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

for (const call of ["send", "sendHttp10", "run"] as const) {
  Deno.test(`${call} keeps a connection whose answer comes before it learns that all went out`, async () => {
    const { promise: written, resolve } = Promise.withResolvers<void>();
    const readable = new ReadableStream<Uint8Array>({
      pull(controller) {
        const answer = HI.replace("OK", "OK\r\nConnection: keep-alive");
        controller.enqueue(toBytes(answer));
        setTimeout(resolve, 0);
      },
    }, { highWaterMark: 0 });
    const writable = new WritableStream<Uint8Array>({ write: () => written });
    const client = new HttpClient({ readable, writable });
    const request = get().header("Connection", "keep-alive");
    const { response } = call === "run"
      ? await client.run(new Http11Send(request))
      : await client[call](request);
    assertEquals(response.text(), "hi");
    assertEquals(client.reusable, true);
    await client.close();
  });
}

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
  await server.write(SWITCH);
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
