// What a client asks of the streams that it is given: their locks, how they are
// read and written, and how they are let go.

import {
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { HttpRequest } from "@pimalaya/io-http";
import { type ByteStream, HttpClient } from "@pimalaya/io-http/client";
import { toBytes, toText } from "../_text.ts";
import { pipe } from "../_pipe.ts";
import { HI, PIPES, readUntil, tcpPair, writeText } from "./_buffered.ts";
import {
  get,
  HeldTimers,
  openPipe,
  rejection,
  settle,
  SITE,
} from "./_exchange.ts";

for (const [kind, options] of PIPES) {
  Deno.test(`HttpClient throws for a readable half that is locked, and lets go of the other, of ${kind}`, () => {
    const { client: stream } = pipe(options);
    const reader = stream.readable.getReader();
    assertThrows(() => new HttpClient(stream), TypeError);
    assertEquals(stream.writable.locked, false);
    reader.releaseLock();
    new HttpClient(stream);
    assertEquals(stream.readable.locked, true);
    assertEquals(stream.writable.locked, true);
  });

  Deno.test(`HttpClient throws for a writable half that is locked, and lets go of the other, of ${kind}`, () => {
    const { client: stream } = pipe(options);
    const writer = stream.writable.getWriter();
    assertThrows(() => new HttpClient(stream), TypeError);
    assertEquals(stream.readable.locked, false);
    writer.releaseLock();
    new HttpClient(stream);
  });

  Deno.test(`HttpClient throws for a stream that another one has, of ${kind}`, async () => {
    const { client: stream, server } = pipe(options);
    const first = new HttpClient(stream);
    assertThrows(() => new HttpClient(stream), TypeError);
    const sending = first.send(get());
    await server.write(HI);
    assertEquals((await sending).response.text(), "hi");
    await first.close();
  });
}

Deno.test("HttpClient throws for a limit that is no whole number, and locks nothing", () => {
  const { client: stream } = pipe();
  assertThrows(() => new HttpClient(stream, { maxHeadBytes: -1 }), RangeError);
  assertEquals(stream.readable.locked, false);
  assertEquals(stream.writable.locked, false);
});

Deno.test("HttpClient reads and writes nothing before its first call", async () => {
  let pulls = 0;
  let writes = 0;
  const readable = new ReadableStream<Uint8Array>({
    pull() {
      pulls++;
    },
  }, { highWaterMark: 0 });
  const writable = new WritableStream<Uint8Array>({
    write() {
      writes++;
    },
  });
  const client = new HttpClient({ readable, writable });
  await settle();
  assertEquals([pulls, writes], [0, 0]);
  await client.close();
  assertEquals([pulls, writes], [0, 0]);
});

Deno.test("send reads a byte stream into buffers of its own", async () => {
  let fills = 0;
  const readable = new ReadableStream({
    type: "bytes",
    pull(controller) {
      // Nothing is there where a read brings no buffer along.
      const { byobRequest } = controller;
      const view = byobRequest!.view as Uint8Array<ArrayBuffer>;
      view.set(toBytes(HI));
      byobRequest!.respond(HI.length);
      fills++;
    },
  });
  const client = new HttpClient({ readable, writable: new WritableStream() });
  for (let turn = 0; turn < 3; turn++) {
    assertEquals((await client.send(get())).response.text(), "hi");
  }
  assertEquals(fills, 3);
  await client.close();
});

Deno.test("send reads a byte stream that gives more than fits", async () => {
  const body = "x".repeat(200_000);
  const { client, server } = openPipe();
  const sending = client.send(get());
  await server.write(
    `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
  assertEquals((await sending).response.text(), body);
  assertEquals(client.reusable, true);
  await client.close();
});

Deno.test("send reads a plain stream whose pieces share a buffer, and leaves it whole", async () => {
  const shared = toBytes(`${HI}${HI}`);
  const readable = piecesOf(shared, HI.length);
  const client = new HttpClient({ readable, writable: new WritableStream() });
  for (let turn = 0; turn < 2; turn++) {
    assertEquals((await client.send(get())).response.text(), "hi");
  }
  assertEquals(shared, toBytes(`${HI}${HI}`));
  await client.close();
});

Deno.test("send leaves the buffers of a plain stream to their owner, whatever their size", async () => {
  for (let size = 4096; size <= 1 << 18; size *= 2) {
    const head = `HTTP/1.1 200 OK\r\nContent-Length: ${size - 50}\r\nA:`;
    const piece = new Uint8Array(size).fill(0x78);
    piece.set(toBytes(`${head.padEnd(46)}\r\n\r\n`));
    const before = piece.slice();
    const readable = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(piece),
    }, { highWaterMark: 0 });
    const client = new HttpClient({ readable, writable: new WritableStream() });
    await client.send(get());
    // Others read into buffers of their own.
    const others = Array.from({ length: 4 }, () => openPipe());
    for (const { client, server } of others) {
      const sending = client.send(get());
      await server.write(before.map((byte) => byte === 0x78 ? 0x79 : byte));
      await sending;
      await client.close();
    }
    assertEquals(piece.length, size);
    assertEquals(piece.every((byte, at) => byte === before[at]), true);
    await client.close();
  }
});

Deno.test("send reads a stream that gives a Response's body", async () => {
  const { body } = new Response(HI);
  const client = new HttpClient({
    readable: body!,
    writable: new WritableStream(),
  });
  assertEquals((await client.send(get())).response.text(), "hi");
  await client.close();
});

Deno.test("send rejects a piece that is no Uint8Array, and closes the connection", async () => {
  for (const piece of ["text", null, new DataView(new ArrayBuffer(1)), [1]]) {
    let reason: unknown = "not cancelled";
    const readable = new ReadableStream({
      pull: (controller) => controller.enqueue(piece),
      cancel: (why) => {
        reason = why;
      },
    }, { highWaterMark: 0 });
    const writable = new WritableStream<Uint8Array>();
    const client = new HttpClient({ readable, writable });
    const error = await rejection(client.send(get()));
    assertInstanceOf(error, TypeError);
    assertEquals(error.message, "Cannot read: the stream gave no Uint8Array");
    assertStrictEquals(reason, error);
    assertEquals(client.reusable, false);
  }
});

Deno.test("send leaves the request's body as it is", async () => {
  const { client, server } = openPipe();
  const body = toBytes("body");
  const request = HttpRequest.post(SITE, { body });
  for (let turn = 0; turn < 2; turn++) {
    const sending = client.send(request);
    await server.readUntil("\r\n\r\nbody");
    await server.write(HI);
    await sending;
  }
  assertEquals(body, toBytes("body"));
  await client.close();
});

Deno.test("a failed call tells both halves why", async () => {
  const reasons: unknown[] = [];
  const note = (reason: unknown) => {
    reasons.push(reason);
  };
  const stream: ByteStream = {
    readable: new ReadableStream({ cancel: note }),
    writable: new WritableStream({ abort: note }),
  };
  const client = new HttpClient(stream);
  const controller = new AbortController();
  const { signal } = controller;
  const sending = rejection(client.send(get(), { signal }));
  const reason = new Error("Enough");
  controller.abort(reason);
  await sending;
  await settle();
  assertEquals(reasons.length, 2);
  for (const told of reasons) assertStrictEquals(told, reason);
});

Deno.test("close resolves though closing the streams fails", async () => {
  const fail = () => Promise.reject(new Error("Cannot close"));
  const client = new HttpClient({
    readable: new ReadableStream({ cancel: fail }),
    writable: new WritableStream({ close: fail }),
  });
  await client.close();
  assertEquals(client.reusable, false);
});

Deno.test("close waits a bounded time for streams that never close", async () => {
  using timers = new HeldTimers();
  const never = () => new Promise<void>(() => {});
  const client = new HttpClient({
    readable: new ReadableStream({ cancel: never }),
    writable: new WritableStream({ close: never }),
  });
  const closing = client.close();
  await timers.fire(1000);
  await closing;
  assertEquals(timers.delays, []);
});

Deno.test("a call that ends resolves though closing the streams fails, or never ends", async () => {
  // Closing goes on behind it, for a bounded time.
  using _timers = new HeldTimers();
  for (
    const close of [
      () => Promise.reject(new Error("Cannot close")),
      () => new Promise<void>(() => {}),
      () => {
        throw new Error("Cannot close");
      },
    ]
  ) {
    const { body } = new Response(
      HI.replace("OK\r\n", "OK\r\nConnection: close\r\n"),
    );
    const client = new HttpClient({
      readable: body!,
      writable: new WritableStream({ close, abort: close }),
    });
    const { response, closeReason } = await client.send(get());
    assertEquals(response.text(), "hi");
    assertEquals(closeReason, "ResponseClose");
    await client.close();
  }
});

Deno.test("close closes both halves at once, where the one waits for the other", async () => {
  // As with Deno's streams, on which closing one half closes both.
  const { promise, resolve } = Promise.withResolvers<void>();
  const client = new HttpClient({
    readable: new ReadableStream({ cancel: () => resolve() }),
    writable: new WritableStream({ close: () => promise }),
  });
  await client.close();
});

Deno.test("send goes on with what a connection did not take at once", async () => {
  const written: string[] = [];
  let reads = 0;
  // As much of Deno's connections as is used of them.
  const conn = {
    readable: new ReadableStream<Uint8Array>(),
    writable: new WritableStream<Uint8Array>(),
    read(buffer: Uint8Array): Promise<number | null> {
      buffer.set(toBytes(HI));
      return Promise.resolve(reads++ === 0 ? HI.length : null);
    },
    write(bytes: Uint8Array): Promise<number> {
      written.push(toText(bytes.subarray(0, 7)));
      return Promise.resolve(Math.min(bytes.length, 7));
    },
    closeWrite: () => Promise.resolve(),
    close() {},
  };
  const client = new HttpClient(conn);
  const { response, closeReason } = await client.send(get());
  assertEquals(response.text(), "hi");
  assertEquals(closeReason, null);
  assertEquals(written.length, 6);
  assertEquals(
    written.join(""),
    "GET / HTTP/1.1\r\nHost: example.com\r\n\r\n",
  );
  await client.close();
});

Deno.test("send works over a socket's own streams", async () => {
  const { near, far } = await tcpPair();
  const { readable, writable } = near;
  const client = new HttpClient({ readable, writable });
  assertEquals(readable.locked && writable.locked, true);
  for (let turn = 0; turn < 2; turn++) {
    const sending = client.send(get());
    await readUntil(far, "\r\n\r\n");
    await writeText(far, HI);
    assertEquals((await sending).response.text(), "hi");
  }
  await client.close();
  far.close();
});

Deno.test("send over a socket's own streams rejects at their end, and leaves nothing open", async () => {
  const { near, far } = await tcpPair();
  const { readable, writable } = near;
  const client = new HttpClient({ readable, writable });
  const sending = client.send(get());
  await readUntil(far, "\r\n\r\n");
  far.close();
  await assertRejects(() => sending);
  assertEquals(client.reusable, false);
  await client.close();
});

/** A plain stream of views of one buffer. */
function piecesOf(
  bytes: Uint8Array,
  length: number,
): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= bytes.length) return controller.close();
      controller.enqueue(bytes.subarray(at, at += length));
    },
  }, { highWaterMark: 0 });
}
