// The raw stream of a socket after `detach`: its two directions end one by one,
// and the socket is closed with the second of them.

import { assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { HttpRequest } from "@pimalaya/io-http";
import { type ByteStream, HttpClient } from "@pimalaya/io-http/client";
import { toBytes } from "../_text.ts";
import {
  readSome,
  readToEnd,
  readUntil,
  Script,
  SWITCH,
  tcpPair,
  upgrade,
  writeText,
} from "./_buffered.ts";
import { drain, rejection, settle, SITE } from "./_exchange.ts";

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

Deno.test("detach gives a socket's early bytes first, and ends with both halves", async () => {
  const { stream: { readable, writable }, far } = await upgradedPair("early ");
  await writeText(far, "late");
  await far.closeWrite();
  assertEquals(await drain(readable), "early late");
  // The peer has ended its half alone.
  const writer = writable.getWriter();
  await writer.write(toBytes("still"));
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
  assertEquals(value, toBytes("ans"));
  const { value: rest } = await reader.read(new Uint8Array(10));
  assertEquals(rest, toBytes("wer"));
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
  await writer.write(toBytes("unread"));
  await settle();
  far.close();
  const reader = readable.getReader();
  // The peer's end of file, or the reset that answers what it has not read.
  await reader.read().catch(() => {});
  // The peer is gone, which one of a few writes has to find out.
  let failure: unknown = null;
  while (failure === null) {
    await writer.write(toBytes("more")).catch((error) => failure = error);
  }
  assertInstanceOf(failure, Error);
  await assertRejects(() => writer.close());
});

Deno.test("a detached socket whose write failed gives what was sent before", async () => {
  const { stream: { readable, writable }, far } = await upgradedPair();
  const writer = writable.getWriter();
  await writeText(far, "last words");
  await writer.write(toBytes("unread"));
  await settle();
  far.close();
  let failure: unknown = null;
  while (failure === null) {
    await writer.write(toBytes("more")).catch((error) => failure = error);
  }
  const reader = readable.getReader();
  // Systems differ in whether a reset takes away what came before it.
  try {
    assertEquals((await reader.read()).value, toBytes("last words"));
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
  await assertRejects(() => writable.getWriter().write(toBytes("x")));
  far.close();
});

Deno.test("a detached socket that someone else closed cannot be closed in good order", async () => {
  const { near, far } = await tcpPair();
  const { readable, writable } = new HttpClient(near).detach();
  near.close();
  await assertRejects(() => writable.close());
  await readable.cancel();
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
  const writing = writer.write(toBytes("raw")).then(() => writer.close());
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
