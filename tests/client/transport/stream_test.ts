// How a client uses the streams that it is given: their locks, reads and writes, and
// their release.

import {
  assertEquals,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { Buffer } from "node:buffer";
import { runInNewContext } from "node:vm";
import { HttpRequest } from "@pimalaya/io-http";
import { type ByteStream, HttpClient } from "@pimalaya/io-http/client";
import { pipe } from "../../_pipe.ts";
import { transfer } from "../../_pure.ts";
import { toBytes, toText } from "../../_text.ts";
import {
  carryOne,
  DONE,
  drain,
  drainViews,
  fails,
  get,
  HeldTimers,
  HI,
  openPipe,
  PIPES,
  rejection,
  Script,
  settle,
  SITE,
  SWITCH,
  upgrade,
  watchedSignal,
  write,
} from "../_client.ts";

/** A plain stream of some pieces, with a writable half that takes everything. */
function piecesOf(...pieces: unknown[]): ByteStream {
  const readable = new ReadableStream({
    pull(controller) {
      if (pieces.length === 0) controller.close();
      else controller.enqueue(pieces.shift());
    },
  }, { highWaterMark: 0 });
  return { readable, writable: new WritableStream() };
}

Deno.test("a client rejects what has no Web Streams, and locks nothing", () => {
  const { readable, writable } = pipe().client;
  for (
    const stream of [
      {},
      // As a socket of Node's.
      { readable: true, writable: true },
      { readable },
      { writable, readable: null },
    ]
  ) {
    const make = () => new HttpClient(stream as ByteStream);
    assertThrows(make, TypeError, "Duplex.toWeb");
  }
  assertEquals([readable.locked, writable.locked], [false, false]);
});

for (const [kind, options] of PIPES) {
  Deno.test(`a client locks both halves of ${kind}, or none`, async () => {
    for (const half of ["readable", "writable"] as const) {
      const { client: stream, server } = pipe(options);
      const lock = half === "readable"
        ? stream.readable.getReader()
        : stream.writable.getWriter();
      const other = half === "readable" ? stream.writable : stream.readable;
      assertThrows(() => new HttpClient(stream), TypeError);
      assertEquals(other.locked, false);
      lock.releaseLock();
      const invalid = { maxHeadBytes: -1 };
      assertThrows(() => new HttpClient(stream, invalid), RangeError);
      assertEquals(stream[half].locked, false);
      const client = new HttpClient(stream);
      assertEquals([stream.readable.locked, other.locked], [true, true]);
      assertThrows(() => new HttpClient(stream), TypeError);
      await carryOne(client, server);
    }
  });

  Deno.test(`detach gives ${kind} back, and what was read comes first`, async () => {
    const cases: [string, string, (client: HttpClient) => Promise<unknown>][] =
      [
        ["", "", () => Promise.resolve()],
        ["", "", (client) => client.run(new Script({ type: "Pause" }))],
        ["", HI, (client) => client.send(get())],
        ["early ", `${SWITCH}early `, async (client) => {
          // The caller owns its copy.
          (await client.send(upgrade())).remaining.fill(0x21);
        }],
        ["early ", "", async (client) => {
          const remaining = toBytes("early ");
          await client.run(new Script({ type: "Ok", remaining }));
          remaining.fill(0x21);
        }],
      ];
    for (const [early, sent, use] of cases) {
      for (const byob of [true, false]) {
        const { client, server } = openPipe(options);
        if (sent !== "") server.write(sent);
        await use(client);
        const { readable, writable, info } = client.detach();
        assertEquals(info, { remote: null, local: null, tls: null });
        // From now on, this does nothing.
        await client.close();
        assertEquals(client.reusable, false);
        await client.ended;
        const writer = writable.getWriter();
        await writer.write(toBytes("raw"));
        await server.readUntil("raw");
        for (const piece of options.bytes ? ["late"] : ["", "late", ""]) {
          server.write(piece);
        }
        server.close();
        const read = byob && options.bytes ? drainViews : drain;
        assertEquals(await read(readable), `${early}late`);
        await writer.close();
        await server.closed;
      }
    }
  });

  Deno.test(`a stream detached from ${kind} passes errors and cancellation on`, async () => {
    for (const early of ["", "early"]) {
      const open = async () => {
        const { client, server } = openPipe(options);
        server.write(SWITCH + early);
        await client.send(upgrade());
        return { ...client.detach(), server };
      };
      const failing = await open();
      const reader = failing.readable.getReader();
      if (early !== "") {
        assertEquals((await reader.read()).value, toBytes(early));
      }
      const reason = new Error("Cut");
      failing.server.abort(reason);
      assertStrictEquals(await rejection(reader.read()), reason);
      const { readable, writable, server } = await open();
      await readable.cancel();
      assertEquals(server.isClosed, false);
      await writable.abort("Enough");
      assertEquals(server.isClosed, true);
    }
  });

  Deno.test(`a stream detached from ${kind} carries another client`, async () => {
    const { client, server } = openPipe(options);
    const sending = client.send(new HttpRequest("CONNECT", SITE));
    await server.answer("HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 100");
    await sending;
    await using inner = new HttpClient(client.detach());
    const answering = inner.send(get());
    await server.answer(` Continue\r\n\r\n${HI}`);
    assertEquals((await answering).response.text(), "hi");
    await carryOne(inner, server);
  });
}

/** Gives up a connection while its write is blocked, over which TLS may start. */
async function detachBlocked(remaining = "") {
  using timers = new HeldTimers();
  const { client: stream, server } = pipe({ capacity: 0 });
  const calls: string[] = [];
  const wrapper = {
    ...stream,
    info: { remote: null, local: null, tls: null },
    abort: (reason: unknown) => {
      calls.push(`abort ${reason}`);
      server.abort(reason);
    },
    startTls: () => {
      calls.push(`startTls, writable ${stream.writable.locked}`);
      return Promise.resolve(wrapper);
    },
  };
  const client = new HttpClient(wrapper);
  for (const text of ["left", "more"]) {
    const end = { type: "Ok", remaining: toBytes(remaining) } as const;
    const running = client.run(new Script(write(text), end));
    await settle();
    await timers.fire(5);
    server.write("e");
    await running;
  }
  return { server, calls, ...client.detach() };
}

Deno.test("a detached stream writes after what was being written", async () => {
  const { server, writable } = await detachBlocked();
  const writer = writable.getWriter();
  const done: string[] = [];
  writer.write(toBytes("new")).then(() => done.push("write"));
  writer.close().then(() => done.push("close"));
  for (const text of ["left", "more", "new"]) {
    await settle();
    assertEquals(done, []);
    assertEquals(toText((await server.read())!), text);
  }
  assertEquals(await server.read(), null);
  await settle();
  assertEquals(done, ["write", "close"]);
});

Deno.test("a detached stream fails with what was being written", async () => {
  for (const how of ["abort", "failWritable", "idle"] as const) {
    const { server, writable } = await detachBlocked();
    const writer = writable.getWriter();
    const reason = new Error("Broken");
    const writing = how === "idle" ? writer.closed : writer.write(toBytes("x"));
    const failing = rejection(writing);
    if (how === "abort") await writer.abort(reason);
    else server.failWritable(reason);
    assertStrictEquals(await failing, reason);
    await writer.closed.catch(() => {});
  }
});

Deno.test("TLS starts over a detached stream after what was being written", async () => {
  const options = { serverName: "localhost" };
  const { server, calls, startTls } = await detachBlocked();
  const starting = startTls!(options);
  await settle();
  assertEquals(calls, []);
  assertEquals(await server.readUntil("leftmore"), "leftmore");
  await starting;
  assertEquals(calls, ["startTls, writable false"]);

  const failed = await detachBlocked();
  const failing = failed.startTls!(options);
  failed.server.failWritable(new Error("Broken"));
  const { message } = await fails(failing, "TlsFailed");
  assertEquals(message, 'Cannot start TLS with "localhost": Broken');

  const aborted = await detachBlocked();
  const { signal, abort, listeners } = watchedSignal();
  const aborting = aborted.startTls!({ ...options, signal });
  abort("Enough");
  assertEquals(await rejection(aborting), "Enough");
  assertEquals([listeners(), aborted.calls], [0, ["abort Enough"]]);

  const early = await detachBlocked("early");
  await fails(early.startTls!(options), "TlsFailed");
  assertEquals(early.calls.length, 1);
});

Deno.test("detach reads nothing before it is asked to", async () => {
  const { client, server } = openPipe();
  server.write(SWITCH);
  await client.send(upgrade());
  server.write("late");
  const { readable } = client.detach();
  await settle();
  assertEquals(server.unread, 4);
  await readable.cancel();
});

Deno.test("a client reads and writes nothing before its first call", async () => {
  const calls: string[] = [];
  const client = new HttpClient({
    readable: new ReadableStream<Uint8Array>({
      pull: () => void calls.push("pull"),
    }, { highWaterMark: 0 }),
    writable: new WritableStream({ write: () => void calls.push("write") }),
  });
  await settle();
  await client.close();
  assertEquals(calls, []);
});

Deno.test("a client brings a buffer along to a byte stream that needs one", async () => {
  const other = openPipe();
  await carryOne(other.client, other.server);
  await other.client.close();
  let text = HI.replace("hi", "ho");
  const readable = new ReadableStream({
    type: "bytes",
    pull(controller): void | Promise<void> {
      if (text === "") return new Promise(() => {});
      const view = controller.byobRequest!.view as Uint8Array<ArrayBuffer>;
      // Nothing that other connections have read is in it.
      assertEquals(toText(new Uint8Array(view.buffer)).includes("hi"), false);
      view.set(toBytes(text.slice(0, 10)));
      controller.byobRequest!.respond(Math.min(text.length, 10));
      text = text.slice(10);
    },
  });
  const client = new HttpClient({ readable, writable: new WritableStream() });
  assertEquals((await client.send(get())).response.text(), "ho");
});

Deno.test("a client skips empty pieces, however many, and lets others run", async () => {
  const { client, server } = openPipe({ bytes: false });
  const sending = client.send(get());
  for (const piece of ["", "", HI.slice(0, 9), "", HI.slice(9), ""]) {
    server.write(piece);
  }
  assertEquals((await sending).response.text(), "hi");

  const readable = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(new Uint8Array(0)),
  }, { highWaterMark: 0 });
  const starved = new HttpClient({ readable, writable: new WritableStream() });
  const { signal, abort } = watchedSignal();
  const failing = rejection(starved.send(get(), { signal }));
  setImmediate(() => abort("Enough"));
  assertEquals(await failing, "Enough");
});

Deno.test("a client leaves the pieces of a plain stream to their owner", async () => {
  const shared = toBytes(HI);
  for (
    const piece of [
      ...[shared, Buffer.from(HI), Buffer.from(shared.buffer)],
      runInNewContext("Uint8Array").from(shared), // of another realm
    ]
  ) {
    const client = new HttpClient(piecesOf(piece));
    const exchange = await client.exchange(get());
    // A stream takes its chunks away, as does a caller that transfers them.
    for await (const chunk of exchange.body) transfer(chunk);
    assertEquals(toText(piece), HI);
  }
  const early = `${SWITCH}early `;
  for (const piece of [toBytes(early), Buffer.from(early)]) {
    const late = Buffer.from("late");
    const client = new HttpClient(piecesOf(piece, late, late));
    await client.send(upgrade());
    assertEquals(await drain(client.detach().readable), "early latelate");
    assertEquals(late.toString(), "late");
  }
});

Deno.test("a client rejects a piece that is not bytes, and closes the connection", async () => {
  const view = new DataView(new ArrayBuffer(1));
  for (const piece of ["text", undefined, null, view, [1]]) {
    const { promise, resolve } = Promise.withResolvers<unknown>();
    const readable = new ReadableStream({
      pull: (controller) => controller.enqueue(piece),
      cancel: resolve,
    }, { highWaterMark: 0 });
    const writable = new WritableStream<Uint8Array>();
    const client = new HttpClient({ readable, writable });
    const error = await assertRejects(
      () => client.send(get()),
      TypeError,
      "Cannot read the stream: a chunk is not a Uint8Array",
    );
    assertStrictEquals(await promise, error);
  }
});

Deno.test("a client writes copies, which the stream may take away", async () => {
  const body = Buffer.alloc(100_000, "x");
  const request = HttpRequest.post(SITE, { body });
  for (const trailers of [undefined, { A: "1" }]) {
    const { client: { readable }, server } = pipe();
    let written = 0;
    const writable = new WritableStream<Uint8Array>({
      write(bytes) {
        written += bytes.length;
        transfer(bytes);
      },
    });
    const client = new HttpClient({ readable, writable });
    const exchanging = client.exchange(request, { trailers });
    while (written <= body.length) await settle();
    server.write(HI);
    assertEquals(await (await exchanging).text(), "hi");
    assertEquals(body.every((byte) => byte === 0x78), true);
  }
});

Deno.test("a client writes the bytes as they were given, although a stream looks at them late", async () => {
  const written: string[] = [];
  const client = new HttpClient({
    readable: new ReadableStream(),
    writable: new WritableStream({
      async write(bytes) {
        await settle();
        written.push(toText(bytes));
      },
    }),
  });
  const bytes = new Uint8Array(4);
  const texts = ["one", "two", "last"];
  await client.run({
    resume() {
      // Its result is valid up to here.
      bytes.fill(0x21);
      const text = texts.shift();
      if (text === undefined) return DONE;
      bytes.set(toBytes(text));
      return { type: "WantsWrite", bytes: bytes.subarray(0, text.length) };
    },
  });
  assertEquals(written, ["one", "two", "last"]);
});

Deno.test("closing closes both halves at once, if one waits for the other", async () => {
  // As with Deno's streams, on which closing one half closes both.
  const { promise, resolve } = Promise.withResolvers<void>();
  const client = new HttpClient({
    readable: new ReadableStream({ cancel: () => resolve() }),
    writable: new WritableStream({ close: () => promise }),
  });
  await client.close();
});

/** A socket like those of Cloudflare; its peer may take no byte. */
function socketOf(isTaken: boolean): { stream: ByteStream; calls: string[] } {
  const calls: string[] = [];
  const note = (call: string) => void calls.push(call);
  const stream = {
    readable: new ReadableStream<Uint8Array>({
      cancel: (reason) => note(`cancel ${reason}`),
    }),
    writable: new WritableStream<Uint8Array>({
      write() {
        note("write");
        return isTaken ? undefined : new Promise(() => {});
      },
      close: () => note("close of the writable half"),
      abort: () => note("abort of the writable half"),
    }),
    opened: Promise.resolve({}),
    close() {
      note("close");
      return Promise.reject(new Error("It was closed already"));
    },
  };
  return { stream, calls };
}

Deno.test("a socket with a close of its own is closed by that", async () => {
  const { stream, calls } = socketOf(true);
  await new HttpClient(stream).close();
  assertEquals(calls, ["close", "cancel undefined"]);
  for (const isTaken of [true, false]) {
    const { stream, calls } = socketOf(isTaken);
    const { signal, abort } = watchedSignal();
    const sending = rejection(new HttpClient(stream).send(get(), { signal }));
    await settle();
    abort("Enough");
    assertEquals(await sending, "Enough");
    await settle();
    assertEquals(calls, ["write", "close", "cancel Enough"]);
  }
});

Deno.test("a wrapped connection is driven by its streams, and told of everything", async () => {
  const { client: stream, server } = pipe();
  const calls: string[] = [];
  const remote = { hostname: "192.0.2.1", port: 80 };
  const wrapper = {
    ...stream,
    info: { remote, local: null, tls: null },
    ref: () => void calls.push("ref"),
    unref: () => void calls.push("unref"),
    abort: (reason: unknown) => void calls.push(`abort ${reason}`),
    startTls: () => Promise.resolve(wrapper),
  };
  const client = new HttpClient(wrapper);
  assertEquals(client.info, wrapper.info);
  await carryOne(client, server);
  assertEquals(calls, ["unref", "ref", "unref"]);
  const { signal, abort } = watchedSignal();
  const sending = rejection(client.send(get(), { signal }));
  abort("Enough");
  assertEquals(await sending, "Enough");
  assertEquals(calls.slice(3), ["ref", "abort Enough"]);

  const fresh = new HttpClient({ ...wrapper, ...pipe().client });
  await fresh.run(new Script(write("x"), { type: "Ok" }));
  const detached = fresh.detach();
  assertEquals(await detached.startTls!({ serverName: "x" }), wrapper);
  calls.length = 0;
  detached.unref!();
  detached.abort!("Mine");
  assertEquals(calls, ["unref", "abort Mine"]);
});
