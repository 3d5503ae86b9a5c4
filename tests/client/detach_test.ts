// The raw stream after `detach`: what was read early comes first, and the two
// directions end one by one.

import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { HttpRequest } from "@pimalaya/io-http";
import { type ByteStream, HttpClient } from "@pimalaya/io-http/client";
import { fromLatin1, latin1, pipe } from "../_pipe.ts";
import {
  HI,
  PIPES,
  readSome,
  readToEnd,
  readUntil,
  Script,
  tcpPair,
  writeText,
} from "./_buffered.ts";
import { drain, get, openPipe, rejection, settle, SITE } from "./_exchange.ts";

const SWITCH = "HTTP/1.1 101 Switching Protocols\r\n\r\n";

function upgrade(): HttpRequest {
  const headers = { Connection: "upgrade", Upgrade: "x" };
  return HttpRequest.get(SITE, { headers });
}

/** The client's and the peer's end of a TCP connection that was upgraded. */
async function upgradedPair(
  early = "",
): Promise<{ stream: ByteStream; client: HttpClient; far: Deno.TcpConn }> {
  const { near, far } = await tcpPair();
  const client = new HttpClient(near);
  const sending = client.send(upgrade());
  await readUntil(far, "\r\n\r\n");
  await writeText(far, SWITCH + early);
  assertEquals((await sending).upgraded, true);
  return { stream: client.detach(), client, far };
}

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
    await writer.write(latin1("raw"));
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
    await sending;
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
      text += `${fromLatin1(value!)}|`;
    }
    assertEquals(text, "ea|rly|lat|e|");
    await server.close();
    assertEquals((await reader.read(new Uint8Array(3))).done, true);
  });

  Deno.test(`detach gives what a run has left, over ${kind}`, async () => {
    const { client, server } = openPipe(options);
    const remaining = latin1("left ");
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
  const shared = latin1("shared");
  const head = latin1(`${SWITCH}early `);
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
  assertEquals(shared, latin1("shared"));
});

Deno.test("detach gives a stream that fails with what is underneath", async () => {
  const { client, server } = openPipe();
  const sending = client.send(upgrade());
  await server.write(`${SWITCH}early`);
  await sending;
  const { readable, writable } = client.detach();
  const reader = readable.getReader();
  assertEquals((await reader.read()).value, latin1("early"));
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

Deno.test("detach gives a socket's early bytes first, and ends with both halves", async () => {
  const { stream: { readable, writable }, far } = await upgradedPair("early ");
  await writeText(far, "late");
  await far.closeWrite();
  assertEquals(await drain(readable), "early late");
  // The peer has ended its half alone.
  const writer = writable.getWriter();
  await writer.write(latin1("still"));
  assertEquals(await readUntil(far, "still"), "still");
  await writer.close();
  assertEquals(await readSome(far), "");
  far.close();
});

Deno.test("detach gives a socket whose writable half may end first", async () => {
  const { stream: { readable, writable }, far } = await upgradedPair();
  await writable.close();
  assertEquals(await readToEnd(far), "");
  const reader = readable.getReader({ mode: "byob" });
  await writeText(far, "answer");
  const { value } = await reader.read(new Uint8Array(3));
  assertEquals(value, latin1("ans"));
  const { value: rest } = await reader.read(new Uint8Array(10));
  assertEquals(rest, latin1("wer"));
  far.close();
  assertEquals((await reader.read(new Uint8Array(1))).done, true);
});

Deno.test("detach gives the socket of an idle client, and of one that is paused", async () => {
  for (const isPaused of [false, true]) {
    const { near, far } = await tcpPair();
    const client = new HttpClient(near);
    if (isPaused) await client.run(new Script({ type: "Pause" }));
    const { readable, writable } = client.detach();
    await client.close();
    await writeText(far, "raw");
    await far.closeWrite();
    assertEquals(await drain(readable), "raw");
    await writable.close();
    assertEquals(await readToEnd(far), "");
    far.close();
  }
});

Deno.test("cancelling or aborting a detached socket closes it", async () => {
  for (const half of ["readable", "writable"] as const) {
    const { stream, far } = await upgradedPair();
    const reading = half === "writable"
      ? rejection(stream.readable.getReader().read())
      : null;
    if (half === "readable") await stream.readable.cancel();
    else await stream.writable.abort();
    assertEquals(await readSome(far), "");
    // Not an end of file: the peer did not end.
    if (reading !== null) assertInstanceOf(await reading, Error);
    far.close();
  }
});

Deno.test("aborting a detached socket ends the write that is under way", async () => {
  const { stream: { writable }, far } = await upgradedPair();
  const writer = writable.getWriter();
  const writing = rejection(writer.write(new Uint8Array(50_000_000)));
  await readSome(far);
  await writer.abort("Enough");
  assertInstanceOf(await writing, Error);
  await readToEnd(far).catch(() => {});
  far.close();
});

Deno.test("cancelling a detached socket ends the read that is under way", async () => {
  const { stream: { readable }, far } = await upgradedPair();
  const reader = readable.getReader();
  const reading = reader.read();
  await reader.cancel();
  assertEquals((await reading).done, true);
  assertEquals(await readSome(far), "");
  far.close();
});

Deno.test("a detached socket whose peer is gone closes when its halves fail", async () => {
  const { stream: { readable, writable }, far } = await upgradedPair();
  const writer = writable.getWriter();
  await writer.write(latin1("unread"));
  await settle();
  far.close();
  const reader = readable.getReader();
  // The peer's end of file, or the reset that answers what it has not read.
  await reader.read().catch(() => {});
  // The peer is gone, which one of a few writes has to find out.
  let failure: unknown = null;
  while (failure === null) {
    await writer.write(latin1("more")).catch((error) => failure = error);
  }
  assertInstanceOf(failure, Error);
  await assertRejects(() => writer.close());
});

Deno.test("a detached socket whose write failed gives what was sent before", async () => {
  const { stream: { readable, writable }, far } = await upgradedPair();
  const writer = writable.getWriter();
  await writeText(far, "last words");
  await writer.write(latin1("unread"));
  await settle();
  far.close();
  let failure: unknown = null;
  while (failure === null) {
    await writer.write(latin1("more")).catch((error) => failure = error);
  }
  const reader = readable.getReader();
  // Systems differ in whether a reset takes away what came before it.
  try {
    assertEquals((await reader.read()).value, latin1("last words"));
    await reader.read();
  } catch (error) {
    assertInstanceOf(error, Deno.errors.ConnectionReset);
  }
});

Deno.test("a detached socket that someone else closed fails both ways", async () => {
  const { near, far } = await tcpPair();
  const { readable, writable } = new HttpClient(near).detach();
  near.close();
  await assertRejects(() => readable.getReader().read());
  await assertRejects(() => writable.getWriter().write(latin1("x")));
  const again = new HttpClient(near).detach();
  await assertRejects(() => again.writable.close());
  await again.readable.cancel();
  far.close();
});

Deno.test("a detached socket writes what it is given in order, however large", async () => {
  const { stream: { readable, writable }, far } = await upgradedPair();
  const writer = writable.getWriter();
  const piece = new Uint8Array(1_000_000);
  for (let at = 0; at < piece.length; at++) piece[at] = at % 251;
  const writing = Promise.all(
    [0, 1, 2].map(() => writer.write(piece)),
  ).then(() => writer.close());
  let length = 0;
  const buffer = new Uint8Array(65536);
  for (let count; (count = await far.read(buffer)) !== null;) {
    for (let at = 0; at < count; at++) {
      if (buffer[at] !== (length + at) % 1_000_000 % 251) {
        throw new Error(`Wrong byte at ${length + at}`);
      }
    }
    length += count;
  }
  assertEquals(length, 3_000_000);
  await writing;
  far.close();
  await drain(readable);
});

Deno.test("a detached stream writes after the request, where that is still on its way", async () => {
  const length = 20_000_000;
  const headers = { Connection: "upgrade", Upgrade: "x" };
  const body = new Uint8Array(length);
  const request = HttpRequest.post(SITE, { headers, body });
  const { near, far } = await tcpPair();
  const client = new HttpClient(near);
  const sending = client.send(request);
  const head = await readUntil(far, "\r\n\r\n");
  await writeText(far, SWITCH);
  assertEquals((await sending).upgraded, true);
  const { readable, writable } = client.detach();
  const writer = writable.getWriter();
  const writing = writer.write(latin1("raw")).then(() => writer.close());
  const wire = head + await readToEnd(far);
  const at = wire.indexOf("\r\n\r\n") + 4;
  assertEquals(wire.length - at, length + 3);
  assertEquals(wire.endsWith("\0raw"), true);
  await writing;
  far.close();
  await drain(readable);
});

Deno.test("a detached socket fails where the request could not be written", async () => {
  const headers = { Connection: "upgrade", Upgrade: "x" };
  const body = new Uint8Array(20_000_000);
  const request = HttpRequest.post(SITE, { headers, body });
  const { near, far } = await tcpPair();
  const client = new HttpClient(near);
  const sending = client.send(request);
  await readUntil(far, "\r\n\r\n");
  await writeText(far, SWITCH);
  await sending;
  const { readable, writable } = client.detach();
  far.close();
  assertInstanceOf(await rejection(writable.getWriter().closed), Error);
  await drain(readable).catch(() => {});
});
