// The life of a client: closing in every state, and peers that go away.

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
  SWITCH,
  tcpPair,
  upgrade,
  watchedSignal,
  writeText,
} from "./_buffered.ts";
import { get, openPipe, rejection, SITE } from "./_exchange.ts";

function largePost(length: number): HttpRequest {
  return HttpRequest.post(SITE, { body: new Uint8Array(length) });
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
  await server.write(SWITCH);
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
  far.close();
  const idle = await tcpPair();
  const other = new HttpClient(idle.near);
  idle.near.close();
  await other.close();
  idle.far.close();
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
