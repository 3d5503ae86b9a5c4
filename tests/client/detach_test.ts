// The raw stream after `detach`: what was read early comes first, and nothing of
// the client stays behind.

import {
  assert,
  assertEquals,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { HttpRequest } from "@pimalaya/io-http";
import { HttpClient } from "@pimalaya/io-http/client";
import { toBytes, toText } from "../_text.ts";
import { pipe } from "../_pipe.ts";
import { HI, PIPES, Script, SWITCH, upgrade } from "./_buffered.ts";
import { drain, get, openPipe, rejection, settle, SITE } from "./_exchange.ts";

for (const [kind, options] of PIPES) {
  Deno.test(`detach gives an idle stream back unlocked, ${kind}`, async () => {
    const { client: stream, server } = pipe(options);
    const client = new HttpClient(stream);
    const sending = client.send(get());
    await server.readUntil("\r\n\r\n");
    await server.write(HI);
    await sending;
    const { readable, writable } = client.detach();
    assertEquals(stream.writable.locked, false);
    assertEquals(client.reusable, false);
    const writer = writable.getWriter();
    await writer.write(toBytes("raw"));
    assertEquals(await server.readUntil("raw"), "raw");
    await server.write("back");
    await server.close();
    assertEquals(await drain(readable), "back");
    await writer.close();
    assertEquals(await server.read(), null);
    assert(server.isClosed);
  });

  Deno.test(`detach gives the bytes that came early first, over ${kind}`, async () => {
    const { client, server } = openPipe(options);
    const sending = client.send(upgrade());
    await server.write(`${SWITCH}early `);
    // What the caller got is the caller's.
    (await sending).remaining.fill(0x21);
    const { readable } = client.detach();
    await server.write("late ", 1);
    await server.close();
    assertEquals(await drain(readable), "early late ");
  });

  Deno.test(`detach gives a byte stream where bytes came early, over ${kind}`, async () => {
    const { client, server } = openPipe(options);
    const sending = client.send(new HttpRequest("CONNECT", SITE));
    await server.write("HTTP/1.1 200 OK\r\n\r\nearly");
    await sending;
    const reader = client.detach().readable.getReader({ mode: "byob" });
    let text = "";
    for (const length of [2, 10, 3, 8]) {
      if (length === 3) await server.write("late");
      const { value } = await reader.read(new Uint8Array(length));
      text += `${toText(value!)}|`;
    }
    assertEquals(text, "ea|rly|lat|e|");
    await server.close();
    assertEquals((await reader.read(new Uint8Array(3))).done, true);
  });

  Deno.test(`detach gives what a run has left, over ${kind}`, async () => {
    const { client, server } = openPipe(options);
    const remaining = toBytes("left ");
    await client.run(new Script({ type: "Ok", remaining }));
    remaining.fill(0x21);
    const { readable } = client.detach();
    await server.write("new");
    await server.close();
    assertEquals(await drain(readable), "left new");
  });
}

Deno.test("detach passes over empty pieces of a plain stream", async () => {
  const { client, server } = openPipe({ bytes: false });
  const sending = client.send(upgrade());
  await server.write(`${SWITCH}early `);
  await sending;
  const { readable } = client.detach();
  for (const piece of ["", "late", ""]) await server.write(piece);
  await server.close();
  assertEquals(await drain(readable), "early late");
});

Deno.test("detach leaves the pieces of a plain stream to their owner", async () => {
  const shared = toBytes("shared");
  const head = toBytes(`${SWITCH}early `);
  const pieces = [head, shared, shared];
  const readable = new ReadableStream<Uint8Array>({
    pull(controller) {
      const piece = pieces.shift();
      if (piece === undefined) controller.close();
      else controller.enqueue(piece);
    },
  }, { highWaterMark: 0 });
  const client = new HttpClient({ readable, writable: new WritableStream() });
  await client.send(upgrade());
  assertEquals(await drain(client.detach().readable), "early sharedshared");
  assertEquals(shared, toBytes("shared"));
});

Deno.test("detach gives a stream that fails with what is underneath", async () => {
  const { client, server } = openPipe();
  const sending = client.send(upgrade());
  await server.write(`${SWITCH}early`);
  await sending;
  const { readable, writable } = client.detach();
  const reader = readable.getReader();
  assertEquals((await reader.read()).value, toBytes("early"));
  const reason = new Error("Cut");
  server.abort(reason);
  assertStrictEquals(await rejection(reader.read()), reason);
  const writer = writable.getWriter();
  assertStrictEquals(await rejection(writer.closed), reason);
});

Deno.test("detach gives a stream whose cancelling reaches what is underneath", async () => {
  for (const early of ["", "early"]) {
    const { client, server } = openPipe();
    const sending = client.send(upgrade());
    await server.write(SWITCH + early);
    await sending;
    const { readable, writable } = client.detach();
    await readable.cancel();
    assertEquals(server.isClosed, false);
    await writable.abort("Enough");
    assertEquals(server.isClosed, true);
    assertEquals(await rejection(server.readToEnd()), "Enough");
  }
});

Deno.test("detach reads nothing before it is asked to", async () => {
  const { client, server } = openPipe();
  const sending = client.send(upgrade());
  await server.write(SWITCH);
  await sending;
  await server.write("late");
  const { readable } = client.detach();
  await settle();
  assertEquals(server.unread, 4);
  await readable.cancel();
});

Deno.test("detach gives the stream of a coroutine that is paused", async () => {
  const { client, server } = openPipe();
  await client.run(new Script({ type: "Pause" }));
  const { readable } = client.detach();
  await server.write("raw");
  await server.close();
  assertEquals(await drain(readable), "raw");
});

Deno.test("detach throws while a call is under way, and leaves it alone", async () => {
  const { client, server } = openPipe();
  const sending = client.send(get());
  assertThrows(() => client.detach(), TypeError, "in a call");
  await server.write(HI);
  assertEquals((await sending).response.text(), "hi");
  client.detach();
});

Deno.test("detach throws once the connection is closed, or detached", async () => {
  const closed = openPipe();
  await closed.client.close();
  assertThrows(() => closed.client.detach(), TypeError, "closed");
  const detached = openPipe();
  detached.client.detach();
  assertThrows(() => detached.client.detach(), TypeError, "detached");
  const failed = openPipe();
  const sending = rejection(failed.client.send(get()));
  await failed.server.write("?");
  await sending;
  assertThrows(() => failed.client.detach(), TypeError, "closed");
});

Deno.test("a detached stream carries another client", async () => {
  for (const [, options] of PIPES) {
    const { client, server } = openPipe(options);
    const sending = client.send(new HttpRequest("CONNECT", SITE));
    await server.readUntil("\r\n\r\n");
    await server.write("HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 100");
    await sending;
    await using inner = new HttpClient(client.detach());
    const answering = inner.send(get());
    await server.readUntil("\r\n\r\n");
    await server.write(` Continue\r\n\r\n${HI}`);
    assertEquals((await answering).response.text(), "hi");
    assertEquals(inner.reusable, true);
  }
});
