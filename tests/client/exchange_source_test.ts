// What becomes of the source of an upload: how it is pulled, what its faults do,
// and that it is let go whenever its exchange ends before it.

import { assertEquals, assertRejects } from "@std/assert";
import type { HttpExchangeOptions } from "@pimalaya/io-http/client";
import { toBytes } from "../_text.ts";
import {
  drain,
  endless,
  generatorOf,
  get,
  openPipe,
  post,
  rejection,
  settle,
  streamOf,
} from "./_exchange.ts";

type Body = NonNullable<HttpExchangeOptions["body"]>;

const ANSWER = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

Deno.test("exchange rejects a stream that is locked, at once", async () => {
  const { client, server } = openPipe();
  const { body } = streamOf(["a"]);
  const reader = body.getReader();
  await assertRejects(() => client.exchange(post(), { body }), TypeError);
  assertEquals(client.reusable, true);
  reader.releaseLock();

  // The stream and the connection are both still good.
  const exchanging = client.exchange(post(), { body });
  await server.readUntil("1\r\na\r\n0\r\n\r\n");
  server.write(ANSWER);
  assertEquals(await (await exchanging).text(), "ok");
  await client.close();
});

Deno.test("exchange leaves a source alone where the connection takes no call", async () => {
  const { client } = openPipe();
  await client.close();
  for (const { body, taken } of [streamOf(["a"]), generatorOf(["a"])]) {
    await assertRejects(() => client.exchange(post(), { body }), TypeError);
    assertEquals(taken(), 0);
    assertEquals(await drain(ReadableStream.from(body)), "a");
  }
});

for (const source of [streamOf, generatorOf]) {
  const kind = source === streamOf ? "a stream" : "an async iterable";

  Deno.test(`exchange takes no more of ${kind} than the peer does`, async () => {
    const { client, server } = openPipe({ capacity: 0 });
    const { body, taken } = source(endless(1000));
    const exchanging = client.exchange(post(), { body });
    await server.readUntil("\r\n\r\n");
    for (let read = 1; read <= 5; read++) {
      await server.read();
      await settle();
      assertEquals(taken(), read + 1);
    }
    await client.close();
    await assertRejects(() => exchanging, DOMException, "closed");
  });

  for (const pieces of [[], ["a"], ["a", ""]]) {
    const after = `after ${pieces.length} pieces`;

    Deno.test(`exchange rejects with what ${kind} throws, ${after}`, async () => {
      const { client, server } = openPipe();
      const fault = new RangeError("The disk is gone");
      const { body } = source(pieces, fault);
      const exchanging = client.exchange(post(), { body });
      assertEquals(await rejection(exchanging), fault);

      assertEquals(client.reusable, false);
      assertEquals(await rejection(server.readUntil("\r\n0\r\n")), fault);
      await server.closed;
    });
  }

  Deno.test(`exchange rejects ${kind} that throws under a Content-Length, incomplete`, async () => {
    const { client, server } = openPipe();
    const fault = new RangeError("The disk is gone");
    const { body } = source(["hello"], fault);
    const request = post({ "Content-Length": "5" });
    assertEquals(await rejection(client.exchange(request, { body })), fault);
    assertEquals(await rejection(server.readUntil("hello")), fault);
    await server.closed;
  });

  for (const piece of ["text", 1, null, undefined, [1], new ArrayBuffer(1)]) {
    const shown = Deno.inspect(piece, { compact: true });

    Deno.test(`exchange rejects ${kind} that gives ${shown}`, async () => {
      const { client, server } = openPipe();
      const good = toBytes("good");
      const { body, stopped } = rawSource(source === streamOf, [good, piece]);
      const error = await assertRejects(
        () => client.exchange(post(), { body }),
        TypeError,
        "not a Uint8Array",
      );
      const reason = await stopped;
      if (source === streamOf) assertEquals(reason, error);
      await server.closed;
      assertEquals(await rejection(server.readUntil("\r\n0\r\n")), error);
    });
  }

  Deno.test(`exchange lets go of ${kind} when its signal aborts`, async () => {
    const { client, server } = openPipe({ capacity: 0 });
    const { body, stopped } = source(endless(10));
    const controller = new AbortController();
    const { signal } = controller;
    const exchanging = client.exchange(post(), { body, signal });
    await server.readUntil("\r\n\r\n");
    await server.read();
    const reason = new Error("Enough");
    controller.abort(reason);
    assertEquals(await rejection(exchanging), reason);
    assertEquals(
      await stopped,
      source === streamOf ? reason : undefined,
    );
    await server.closed;
  });

  Deno.test(`exchange lets go of ${kind} that was not asked for anything`, async () => {
    const { client, server } = openPipe();
    const { body, stopped, taken } = source(["a"]);
    const signal = AbortSignal.abort("No");
    assertEquals(
      await rejection(client.exchange(post(), { body, signal })),
      "No",
    );
    // A generator that has not started has no `finally` to run.
    if (source === streamOf) assertEquals(await stopped, "No");
    else assertEquals(await drain(ReadableStream.from(body)), "");
    assertEquals(taken(), 0);
    await server.closed;
    assertEquals(await rejection(server.read()), "No");
  });

  Deno.test(`exchange lets go of ${kind} when the response is at fault`, async () => {
    const { client, server } = openPipe({ capacity: 0 });
    const { body, stopped } = source(endless(10));
    const exchanging = client.exchange(post(), { body });
    await server.readUntil("\r\n\r\n");
    await server.read();
    server.write("SMTP");
    const error = await rejection(exchanging);
    assertEquals((error as { code?: string }).code, "InvalidStatusLine");
    assertEquals(await stopped, source === streamOf ? error : undefined);
    await server.closed;
  });

  Deno.test(`exchange does not let go of ${kind} that was read to its end`, async () => {
    const { client, server } = openPipe();
    const { body, stopped } = source(["a"]);
    const exchanging = client.exchange(post(), { body });
    await server.readUntil("0\r\n\r\n");
    // A generator that ends runs its `finally` by itself.
    if (source === generatorOf) await stopped;
    server.write(ANSWER);
    const exchange = await exchanging;
    let isStopped = false;
    stopped.then(() => isStopped = true);
    await exchange.body.cancel("Not needed");
    await settle();
    assertEquals(isStopped, source === generatorOf);
    await server.closed;
  });
}

Deno.test("exchange rejects with what an upload's stream was errored with before", async () => {
  const { client, server } = openPipe();
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => controller.error("Errored"),
  });
  assertEquals(await rejection(client.exchange(post(), { body })), "Errored");
  await server.closed;
});

Deno.test("exchange rejects with what an iterator throws or gives at once", async () => {
  const fault = new RangeError("No");
  const bodies: [unknown, (error: unknown) => boolean][] = [
    [
      iterable(() => {
        throw fault;
      }),
      (error) => error === fault,
    ],
    [iterable(() => undefined), (error) => error instanceof TypeError],
    [{}, (error) => error instanceof TypeError],
    [[toBytes("a")], (error) => error instanceof TypeError],
  ];
  for (const [body, isRight] of bodies) {
    const { client, server } = openPipe();
    const exchanging = client.exchange(post(), { body: body as Body });
    assertEquals(isRight(await rejection(exchanging)), true);
    await client.close();
    await server.closed;
  }
});

const RETURNS: [string, (() => unknown) | undefined][] = [
  ["has no return", undefined],
  ["returns no promise", () => ({ done: true })],
  ["returns nothing", () => undefined],
  ["rejects", () => Promise.reject(new Error("Cannot return"))],
  ["throws", () => {
    throw new Error("Cannot return");
  }],
];

for (const [what, onReturn] of RETURNS) {
  Deno.test(`exchange rejects with its reason where the iterator ${what}`, async () => {
    const { client, server } = openPipe();
    const body = iterable(() => new Promise(() => {}), onReturn);
    const controller = new AbortController();
    const { signal } = controller;
    const exchanging = client.exchange(post(), { body, signal });
    await server.readUntil("\r\n\r\n");
    await settle();
    controller.abort("Enough");
    assertEquals(await rejection(exchanging), "Enough");
    assertEquals(client.reusable, false);
    await server.closed;
  });

  Deno.test(`exchange gives an early answer where the iterator ${what}`, async () => {
    const { client, server } = openPipe();
    const body = iterable(() => new Promise(() => {}), onReturn);
    const exchanging = client.exchange(post(), { body });
    await server.readUntil("\r\n\r\n");
    server.write(ANSWER);
    const exchange = await exchanging;
    assertEquals(await exchange.text(), "ok");
    assertEquals((await exchange.closed).closeReason, "RequestIncomplete");
    await server.closed;
  });
}

Deno.test("exchange rejects with its reason where the stream's cancel throws", async () => {
  const { client, server } = openPipe();
  const body = new ReadableStream<Uint8Array>({
    cancel: () => {
      throw new Error("Cannot cancel");
    },
  });
  const exchanging = client.exchange(post(), { body });
  await server.readUntil("\r\n\r\n");
  await client.close();
  await assertRejects(() => exchanging, DOMException, "closed");
  await server.closed;
});

Deno.test("exchange has no source to ask where there is no body", async () => {
  const { client, server } = openPipe();
  const exchanging = client.exchange(get());
  assertEquals(
    await server.readUntil("\r\n\r\n"),
    "GET / HTTP/1.1\r\nHost: example.com\r\n\r\n",
  );
  server.write(ANSWER);
  assertEquals(await (await exchanging).text(), "ok");
  await client.close();
});

/** An iterable of one method, and maybe a second. */
function iterable(next: () => unknown, onReturn?: () => unknown): Body {
  const iterator = onReturn === undefined ? { next } : {
    next,
    return: onReturn,
  };
  return { [Symbol.asyncIterator]: () => iterator } as unknown as Body;
}

/** A source of anything, which goes on after it. */
function rawSource(
  isStream: boolean,
  pieces: unknown[],
): { body: Body; stopped: Promise<unknown> } {
  const { promise, resolve } = Promise.withResolvers<unknown>();
  const rest = [...pieces];
  const body = isStream
    ? new ReadableStream({
      pull: (controller) => controller.enqueue(rest.shift()),
      cancel: resolve,
    }, { highWaterMark: 0 })
    : iterable(
      () => Promise.resolve({ value: rest.shift(), done: false }),
      () => Promise.resolve(resolve(undefined)),
    );
  return { body: body as Body, stopped: promise };
}
