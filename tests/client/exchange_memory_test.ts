// What a streaming exchange takes from the connection ahead of its reader, and
// that what it has handed out stays as it is.

import { assertEquals, assertLess, assertRejects } from "@std/assert";
import { HttpError, HttpRequest } from "@pimalaya/io-http";
import { HttpClient, type HttpExchange } from "@pimalaya/io-http/client";
import { toBytes } from "../_text.ts";
import type { PipeServer } from "../_pipe.ts";
import { endless, get, openPipe, settle } from "./_exchange.ts";

/** What may be taken from the connection and not be given to the reader. */
const MAX_AHEAD = 256 * 1024;

const TOTAL = 2 ** 20;
const LENGTH = `HTTP/1.1 200 OK\r\nContent-Length: ${TOTAL}\r\n\r\n`;
const CHUNKED = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
const CLOSE = "HTTP/1.1 200 OK\r\n\r\n";

/** A body of `TOTAL` bytes in chunks of some bytes each. */
function chunks(length: number): Uint8Array {
  const chunk = toBytes(`${length.toString(16)}\r\n${"x".repeat(length)}\r\n`);
  return join([...Array(TOTAL / length).fill(chunk), toBytes("0\r\n\r\n")]);
}

const BODIES: [name: string, head: string, body: Uint8Array][] = [
  ["a known length", LENGTH, new Uint8Array(TOTAL)],
  ["large chunks", CHUNKED, chunks(TOTAL / 2)],
  ["small chunks", CHUNKED, chunks(64)],
  ["the end of the connection", CLOSE, new Uint8Array(TOTAL)],
];

/** Ways to start reading and to stop; each says how much it has got. */
const READERS: [name: string, read: (exchange: HttpExchange) => unknown][] = [
  ["nobody", () => 0],
  ["nobody, of a Response", (exchange) => void exchange.toResponse()],
  ["a reader that takes one piece", async ({ body }) => {
    return (await body.getReader().read()).value!.length;
  }],
  ["a reader that takes one byte", async ({ body }) => {
    const reader = body.getReader({ mode: "byob" });
    return (await reader.read(new Uint8Array(1))).value!.length;
  }],
  ["a reader that takes a large view", async ({ body }) => {
    const reader = body.getReader({ mode: "byob" });
    const view = new Uint8Array(TOTAL / 2);
    return (await reader.read(view)).value!.length;
  }],
  ["a reader of a Response that takes one piece", async (exchange) => {
    const reader = exchange.toResponse().body!.getReader();
    return (await reader.read()).value!.length;
  }],
];

for (const [how, head, body] of BODIES) {
  for (const [who, read] of READERS) {
    for (const bytes of [true, false]) {
      const kind = bytes ? "bytes" : "pieces";

      Deno.test(`exchange takes little of ${how} ahead of ${who} (${kind})`, async () => {
        const { client, server } = openPipe({ bytes });
        server.write(head);
        server.write(body, 16 * 1024);
        const exchange = await client.exchange(get());
        const got = Number(await read(exchange) ?? 0);
        await settle();
        const taken = body.length - server.unread;
        assertLess(taken - got, MAX_AHEAD + 1);
        await client.close();
        await server.closed;
      });
    }
  }
}

Deno.test("exchange takes nothing after the head before it is read", async () => {
  const { client, server } = openPipe();
  server.write(LENGTH);
  server.write("x".repeat(1000), 10);
  const exchange = await client.exchange(get());
  await settle();
  assertEquals(server.unread, 1000);
  const reader = exchange.body.getReader();
  assertEquals((await reader.read()).value!.length, 10);
  await settle();
  assertEquals(server.unread, 990);
  await client.close();
});

Deno.test("exchange stops to take a body at the limit of text", async () => {
  const { client, server } = openPipe();
  server.write(CHUNKED);
  server.write(chunks(64), 16 * 1024);
  const all = server.unread;
  const exchange = await client.exchange(get(), { maxBodyBytes: 1000 });
  const taken = (async () => await exchange.text())();
  // What is left in the pipe is dropped as soon as the client has cancelled.
  let least = all;
  const watching = watch(server, (unread) => least = unread);
  const error = await assertRejects(() => taken, HttpError);
  assertEquals(error.code, "BodyTooLarge");
  await watching;
  assertLess(all - least, MAX_AHEAD + 1);
});

/** Tells how much is unread, until the client is gone. */
async function watch(
  server: PipeServer,
  tell: (unread: number) => void,
): Promise<void> {
  while (!server.isClosed) {
    tell(server.unread);
    await Promise.resolve();
  }
}

/** A connection to a server, whose reads are counted. */
async function openCounted(
  port: number,
): Promise<{ client: HttpClient; taken: () => number }> {
  const conn = await Deno.connect({ hostname: "127.0.0.1", port });
  const read = conn.read.bind(conn);
  let taken = 0;
  conn.read = async (buffer) => {
    const length = await read(buffer);
    taken += length ?? 0;
    return length;
  };
  return { client: new HttpClient(conn), taken: () => taken };
}

Deno.test("exchange takes little from a socket ahead of its reader, and the server comes to a halt", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  // More than all buffers between the two can hold.
  const total = 2 ** 28;
  let written = 0;
  const serving = (async () => {
    using conn = await listener.accept();
    await conn.write(
      toBytes(`HTTP/1.1 200 OK\r\nContent-Length: ${total}\r\n`),
    );
    await conn.write(toBytes("\r\n"));
    const piece = new Uint8Array(65536);
    while (written < total) written += await conn.write(piece);
  })();
  const { client, taken } = await openCounted(port);
  const exchange = await client.exchange(
    HttpRequest.get(`http://127.0.0.1:${port}/`),
  );
  await settle();
  assertLess(taken(), MAX_AHEAD);

  const reader = exchange.body.getReader();
  let got = 0;
  while (got < 2 ** 20) got += (await reader.read()).value!.length;
  // The server fills what buffers there are; it has time for more.
  for (let before = -1; before < written;) {
    before = written;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assertLess(taken() - got, MAX_AHEAD);
  assertLess(written, total);

  await client.close();
  await assertRejects(() => serving);
  await assertRejects(() => reader.read(), DOMException);
});

/** Bytes that say where in a body they are. */
function patterned(length: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at++) bytes[at] = (at * 7 + seed * 31) % 251;
  return bytes;
}

/** Where an array differs from another; -1 where it does not. */
function difference(a: Uint8Array, b: Uint8Array): number {
  return a.length === b.length
    ? a.findIndex((byte, at) => byte !== b[at])
    : Math.min(a.length, b.length);
}

async function keepPieces(exchange: HttpExchange): Promise<Uint8Array[]> {
  const pieces: Uint8Array[] = [];
  for await (const piece of exchange.body) pieces.push(piece);
  return pieces;
}

async function keepViews(exchange: HttpExchange): Promise<Uint8Array[]> {
  const pieces: Uint8Array[] = [];
  const reader = exchange.body.getReader({ mode: "byob" });
  while (true) {
    const { value, done } = await reader.read(new Uint8Array(50_000));
    if (done) return pieces;
    pieces.push(value);
  }
}

function join(pieces: Uint8Array[]): Uint8Array {
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  const joined = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    joined.set(piece, at);
    at += piece.length;
  }
  return joined;
}

for (const bytes of [true, false]) {
  for (const pieceLength of [1000, 40_000, 65_536, 200_000]) {
    for (const keep of [keepPieces, keepViews]) {
      const kind = `${bytes ? "bytes" : "pieces"} of ${pieceLength}`;

      Deno.test(`exchange leaves what it gave to ${keep.name} as it is (${kind})`, async () => {
        // Several connections share the buffers that are read into.
        const readings = [1, 2, 3].map(async (seed) => {
          const { client, server } = openPipe({ bytes });
          const body = patterned(TOTAL, seed);
          server.write(LENGTH);
          server.write(body, pieceLength);
          const pieces = await keep(await client.exchange(get()));
          assertEquals(client.reusable, true);

          // The next exchange reads into buffers of the first one.
          server.write(LENGTH);
          server.write(patterned(TOTAL, seed + 10), pieceLength);
          await (await client.exchange(get())).bytes();
          assertEquals(difference(join(pieces), body), -1);
          await client.close();
        });
        await Promise.all(readings);
      });
    }
  }
}

Deno.test("exchange gives chunks of a socket that stay as they are", async () => {
  const body = patterned(3 * TOTAL, 5);
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    () => {
      const pieces = [1, 100, 50_000, 65_536, 200_000].map((length) =>
        body.slice(0, length)
      );
      return new Response(ReadableStream.from([...pieces, body]));
    },
  );
  const url = `http://127.0.0.1:${server.addr.port}/`;
  const expected = join([
    ...[1, 100, 50_000, 65_536, 200_000].map((length) => body.slice(0, length)),
    body,
  ]);
  const readings = [keepPieces, keepViews, keepPieces].map(async (keep) => {
    await using client = await HttpClient.connect(url);
    for (let i = 0; i < 2; i++) {
      const pieces = await keep(await client.exchange(HttpRequest.get(url)));
      assertEquals(difference(join(pieces), expected), -1);
    }
  });
  await Promise.all(readings);
});

Deno.test("exchange gives pieces whose buffers may be taken away", async () => {
  const { client, server } = openPipe();
  const body = patterned(TOTAL, 3);
  server.write(LENGTH);
  server.write(body, 60_000);
  const exchange = await client.exchange(get());
  let at = 0;
  for await (const piece of exchange.body) {
    assertEquals(difference(piece, body.subarray(at, at + piece.length)), -1);
    at += piece.length;
    structuredClone(piece, { transfer: [piece.buffer] });
  }
  assertEquals(at, TOTAL);
  await client.close();
});

Deno.test("exchange gives small pieces that keep no large buffer", async () => {
  for (const bytes of [true, false]) {
    const { client, server } = openPipe({ bytes });
    server.write(CHUNKED);
    server.write("1\r\na\r\n3e8\r\n" + "b".repeat(1000) + "\r\n");
    server.write("2000\r\n" + "c".repeat(8192) + "\r\n0\r\n\r\n", 1024);
    const exchange = await client.exchange(get());
    let length = 0;
    let held = 0;
    for await (const piece of exchange.body) {
      length += piece.length;
      held += piece.buffer.byteLength;
    }
    assertEquals([length, held], [9193, 9193]);
    await client.close();
  }
});

Deno.test("exchange gives bytes in storage of their length", async () => {
  for (const head of [LENGTH, CHUNKED]) {
    const { client, server } = openPipe();
    server.write(head);
    server.write(
      head === LENGTH ? patterned(TOTAL, 1) : chunks(TOTAL / 2),
      50_000,
    );
    const bytes = await (await client.exchange(get())).bytes();
    assertEquals([bytes.length, bytes.buffer.byteLength], [TOTAL, TOTAL]);
    await client.close();
  }
});

Deno.test("exchange holds no more of an upload than one piece", async () => {
  const { client, server } = openPipe({ capacity: 0 });
  let live = 0;
  let most = 0;
  async function* source() {
    for (const piece of endless(1000)) {
      most = Math.max(most, ++live);
      yield await Promise.resolve(piece);
    }
  }
  const exchanging = client.exchange(HttpRequest.post("http://example.com/"), {
    body: source(),
  });
  await server.readUntil("\r\n\r\n");
  for (let i = 0; i < 20; i++) {
    await server.read();
    live--;
  }
  assertLess(most, 3);
  await client.close();
  await assertRejects(() => exchanging, DOMException);
});
