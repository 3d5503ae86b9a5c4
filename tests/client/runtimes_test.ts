// What clients meet in runtimes other than Deno: Node's `Buffer`s, whose `slice`
// gives a view where that of other arrays gives a copy, and workerd's sockets,
// which end by their own `close` alone. `deno task runtimes` runs clients there.

import { Buffer } from "node:buffer";
import { assertEquals, assertStrictEquals } from "@std/assert";
import { HttpRequest } from "@pimalaya/io-http";
import { type ByteStream, HttpClient } from "@pimalaya/io-http/client";
import { pipe } from "../_pipe.ts";
import { transfer } from "../_pure.ts";
import { HI, READ, Script, write } from "./_buffered.ts";
import { get, openPipe, rejection, settle, SITE } from "./_exchange.ts";

Deno.test("exchange leaves a Buffer to the stream that gave it", async () => {
  const head = Buffer.from("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n");
  const piece = Buffer.from(new Uint8Array([104, 105]).buffer);
  const client = new HttpClient(streamOf(head, piece));
  const exchange = await client.exchange(get());
  assertEquals(await exchange.text(), "hi");
  assertEquals(piece.toString(), "hi");
});

Deno.test("detach leaves a Buffer to the stream that gave it", async () => {
  const piece = Buffer.from("late");
  const head = Buffer.from(
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\nearly ",
  );
  const client = new HttpClient(streamOf(head, piece));
  await client.send(get().header("Upgrade", "x"));
  const { readable } = client.detach();
  assertEquals(await new Response(readable).text(), "early late");
  assertEquals(piece.toString(), "late");
});

Deno.test("exchange leaves a body that is a Buffer as it is, whatever the stream does", async () => {
  const body = Buffer.alloc(100_000, "x");
  const { client: { readable }, server } = pipe();
  let written = 0;
  const writable = new WritableStream<Uint8Array>({
    write(bytes) {
      written += bytes.length;
      transfer(bytes);
    },
  });
  const client = new HttpClient({ readable, writable });
  const request = HttpRequest.post(SITE, { body });
  const starting = client.exchange(request, { trailers: { "X-Sum": "1" } });
  await settle();
  await server.write(HI);
  assertEquals(await (await starting).text(), "hi");
  assertEquals(written > body.length, true);
  assertEquals(body.length, 100_000);
});

Deno.test("run writes what a Buffer held when it was given", async () => {
  const { client: { readable, writable }, server } = pipe();
  const gate = Promise.withResolvers<void>();
  const writer = writable.getWriter();
  const client = new HttpClient({
    readable,
    writable: new WritableStream({
      start: () => gate.promise,
      write: (bytes) => writer.write(bytes),
    }),
  });
  const bytes = Buffer.from("given");
  const script = new Script({ type: "WantsWrite", bytes }, READ, {
    type: "Ok",
  });
  const running = client.run({
    resume(input?: Uint8Array) {
      // What was given is valid up to here.
      if (script.passed.length > 0) bytes.fill("x");
      return script.resume(input);
    },
  });
  await settle();
  gate.resolve();
  assertEquals(await server.readUntil("n"), "given");
  await server.write("done");
  await running;
});

Deno.test("run keeps what a Buffer held that it left", async () => {
  const { client } = openPipe();
  const remaining = Buffer.from("left");
  await client.run(new Script(write("a"), { type: "Ok", remaining }));
  remaining.fill("x");
  const next = new Script(READ, { type: "Ok" });
  await client.run(next);
  assertEquals(next.passed, [undefined, "left"]);
});

Deno.test("close closes a socket that has a close of its own", async () => {
  const { stream, calls } = socketOf();
  const client = new HttpClient(stream);
  await client.close();
  assertEquals(calls, ["close", "cancel undefined"]);
});

Deno.test("an aborted call closes a socket that has a close of its own", async () => {
  for (const isTaken of [true, false]) {
    const { stream, calls } = socketOf(isTaken);
    const client = new HttpClient(stream);
    const controller = new AbortController();
    const { signal } = controller;
    const sending = rejection(client.send(get(), { signal }));
    await settle();
    const reason = new Error("Enough");
    controller.abort(reason);
    assertStrictEquals(await sending, reason);
    await settle();
    assertEquals(calls, ["write", "close", "cancel Error: Enough"]);
  }
});

/** A stream that gives those pieces, and takes all that is written. */
function streamOf(...pieces: Uint8Array[]): ByteStream {
  const readable = new ReadableStream<Uint8Array>({
    pull(controller) {
      const piece = pieces.shift();
      if (piece === undefined) controller.close();
      else controller.enqueue(piece);
    },
  }, { highWaterMark: 0 });
  return { readable, writable: new WritableStream() };
}

/** A socket as Cloudflare's `connect` gives it; its peer may take no byte. */
function socketOf(
  isTaken = true,
): { stream: ByteStream; calls: string[] } {
  const calls: string[] = [];
  const note = (call: string) => {
    calls.push(call);
  };
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
