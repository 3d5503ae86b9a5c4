// Corners where two things meet: an abort and the last step, a client's limits
// and a call's, an upgrade and an upload, an error and a promise.

import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { HttpError } from "@pimalaya/io-http";
import { HttpClient } from "@pimalaya/io-http/client";
import { pipe } from "../_pipe.ts";
import {
  generatorOf,
  get,
  openPipe,
  post,
  rejection,
  settle,
} from "./_exchange.ts";

/** A coroutine with one step, at which something happens. */
function atItsStep(happens: () => void) {
  return {
    resume() {
      happens();
      return { type: "Half" } as const;
    },
  };
}

Deno.test("run rejects when it is aborted at its coroutine's last step", async () => {
  const { client, server } = openPipe();
  const controller = new AbortController();
  const reason = new Error("Enough");
  const running = client.run(
    atItsStep(() => queueMicrotask(() => controller.abort(reason))),
    { signal: controller.signal },
  );
  assertStrictEquals(await rejection(running), reason);
  assertEquals(client.reusable, false);
  await server.closed;
});

Deno.test("run rejects when the client is closed at its coroutine's last step", async () => {
  const { client, server } = openPipe();
  const running = client.run(
    atItsStep(() => queueMicrotask(() => void client.close())),
  );
  const error = await rejection(running);
  assertEquals(error instanceof DOMException && error.name, "AbortError");
  assertEquals(client.reusable, false);
  await server.closed;
});

Deno.test("a limit of a client holds where a call's is undefined", async () => {
  const { client: stream, server } = pipe();
  const limits = { maxBodyBytes: 1 };
  const client = new HttpClient(stream, limits);
  // What becomes of the options afterwards changes nothing.
  limits.maxBodyBytes = 100;
  const sending = client.send(get(), { maxBodyBytes: undefined as never });
  await server.readUntil("\r\n\r\n");
  await server.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
  const error = await assertRejects(() => sending, HttpError);
  assertEquals(error.code, "BodyTooLarge");
});

Deno.test("an upload goes on to its end before another protocol starts", async () => {
  const { client, server } = openPipe();
  const { body } = generatorOf(["one", "two", "three"]);
  const starting = client.exchange(
    post({ Upgrade: "x", Connection: "upgrade" }),
    { body },
  );
  await server.readUntil("one\r\n");
  await server.write("HTTP/1.1 101 Switching Protocols\r\n\r\nraw");
  const rest = server.readUntil("0\r\n\r\n");
  const exchange = await starting;
  assertEquals(await rest, "3\r\ntwo\r\n5\r\nthree\r\n0\r\n\r\n");
  assertEquals(exchange.upgraded, true);
  assertEquals((await exchange.closed).closeReason, "Upgraded");
  const { readable, writable } = client.detach();
  const reader = readable.getReader();
  const { value } = await reader.read();
  assertEquals(new TextDecoder().decode(value), "raw");
  await Promise.all([reader.cancel(), writable.close()]);
});

Deno.test("an abort ends an upload that another protocol waits for", async () => {
  const { client, server } = openPipe();
  const controller = new AbortController();
  const reason = new Error("Enough");
  // Its `return` waits for the piece that never comes.
  async function* neverEnding() {
    yield new TextEncoder().encode("one");
    await new Promise(() => {});
  }
  const starting = client.exchange(
    post({ Upgrade: "x", Connection: "upgrade" }),
    { body: neverEnding(), signal: controller.signal },
  );
  await server.readUntil("one\r\n");
  await server.write("HTTP/1.1 101 Switching Protocols\r\n\r\n");
  await settle();
  controller.abort(reason);
  assertStrictEquals(await rejection(starting), reason);
  await server.closed;
});

Deno.test("a source that throws ends an upload that another protocol waits for", async () => {
  const { client, server } = openPipe();
  const reason = new Error("No more");
  const { body } = generatorOf(["one"], reason);
  const starting = client.exchange(
    post({ Upgrade: "x", Connection: "upgrade" }),
    { body },
  );
  const rejected = rejection(starting);
  await server.readUntil("one\r\n");
  await server.write("HTTP/1.1 101 Switching Protocols\r\n\r\n").catch(
    () => {},
  );
  assertStrictEquals(await rejected, reason);
});

Deno.test("what an async onInterim rejects with ends the exchange", async () => {
  const { client, server } = openPipe();
  const reason = new Error("No hints");
  const starting = client.exchange(get(), {
    onInterim: () => Promise.reject(reason),
  });
  await server.readUntil("\r\n\r\n");
  await server.write("HTTP/1.1 103 Early Hints\r\n\r\n");
  assertStrictEquals(await rejection(starting), reason);
  await server.closed;
});

Deno.test("an abort ends an exchange whose onInterim does not come to an end", async () => {
  const { client, server } = openPipe();
  const controller = new AbortController();
  const reason = new Error("Enough");
  const starting = client.exchange(get(), {
    signal: controller.signal,
    onInterim: () => new Promise(() => {}),
  });
  await server.readUntil("\r\n\r\n");
  await server.write("HTTP/1.1 103 Early Hints\r\n\r\n");
  await settle();
  controller.abort(reason);
  assertStrictEquals(await rejection(starting), reason);
  await server.closed;
});

Deno.test("exchange rejects a body that is neither a stream nor iterable", async () => {
  const { client } = openPipe();
  for (const body of ["text", new Uint8Array(3), 5, null]) {
    await assertRejects(
      () => client.exchange(post(), { body: body as never }),
      TypeError,
      "neither a stream nor an async iterable",
    );
  }
  assertEquals(client.reusable, true);
  await client.close();
});

Deno.test("connect rejects a Unix socket that is given a host or a port", async () => {
  for (const other of [{ hostname: "localhost" }, { port: 80 }]) {
    await assertRejects(
      () =>
        HttpClient.connect("http://localhost", { unixPath: "/x", ...other }),
      TypeError,
      "a Unix socket has no host and port",
    );
  }
});
