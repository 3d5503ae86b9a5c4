// Signals: whatever a call is doing, an abort ends it, and nothing once it is
// over.

import {
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStrictEquals,
} from "@std/assert";
import { HttpRequest } from "@pimalaya/io-http";
import { HttpClient } from "@pimalaya/io-http/client";
import {
  HI,
  PIPES,
  READ,
  Script,
  upgrade,
  watchedSignal,
} from "./_buffered.ts";
import { get, openPipe, rejection, settle, SITE } from "./_exchange.ts";

function largePost(length: number): HttpRequest {
  return HttpRequest.post(SITE, { body: new Uint8Array(length) });
}

for (const [kind, options] of PIPES) {
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
  const never = () => new Promise<void>(() => {});
  for (const call of ["send", "run"] as const) {
    const client = new HttpClient({
      readable: new ReadableStream({ cancel: never }),
      writable: new WritableStream({ write: never, abort: never }),
    });
    const { signal, abort } = watchedSignal();
    const write = { type: "WantsWrite", bytes: new Uint8Array(1) } as const;
    const failing = rejection(
      call === "send"
        ? client.send(get(), { signal })
        : client.run(new Script(write, { type: "Ok" }), { signal }),
    );
    await settle();
    abort("Enough");
    assertEquals(await failing, "Enough");
    await client.close();
  }
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
