// The stream of a body: how it fills the views of a BYOB reader, what it takes
// from the connection ahead of its reader, and that what it has given stays.

import { concat } from "@std/bytes";
import { assertEquals, assertLess, assertRejects } from "@std/assert";
import { HttpRequest } from "@pimalaya/io-http";
import { HttpClient, type HttpExchange } from "@pimalaya/io-http/client";
import { toBytes, toText } from "../../_text.ts";
import {
  carryOne,
  fails,
  get,
  openPipe,
  openSocket,
  PIPES,
  readUntil,
  settle,
  writeText,
} from "../_client.ts";

const TOTAL = 2 ** 20;
const LENGTH = `HTTP/1.1 200 OK\r\nContent-Length: ${TOTAL}\r\n\r\n`;
const CHUNKED = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
const CLOSE = "HTTP/1.1 200 OK\r\n\r\n";

for (const length of [1, 2, 3, 100, 5000]) {
  Deno.test(`a body fills views of ${length} bytes`, async () => {
    const { client, server } = openPipe();
    server.write(`${CHUNKED}5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n`);
    const exchange = await client.exchange(get());
    const reader = exchange.body.getReader({ mode: "byob" });
    let text = "";
    while (true) {
      const { value, done } = await reader.read(new Uint8Array(length));
      // At the end the view comes back, empty.
      assertEquals(value?.buffer.byteLength, length);
      if (done) break;
      text += toText(value);
    }
    assertEquals(text, "hello world");
    assertEquals((await exchange.closed).keepAlive, true);
    await client.close();
  });
}

for (const size of [20, 5000]) {
  for (const framing of ["length", "chunked", "close"]) {
    Deno.test(`read(view, { min }) of ${size} bytes at the end of a ${framing} body loses nothing`, async () => {
      const { client, server } = openPipe();
      server.write(
        framing === "length"
          ? "HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\nhe"
          : framing === "chunked"
          ? `${CHUNKED}d\r\nhe`
          : `${CLOSE}he`,
      );
      const exchange = await client.exchange(get());
      const reader = exchange.body.getReader({ mode: "byob" });
      const first = reader.read(new Uint8Array(size), { min: 8 });
      for (const piece of ["l", "lo", " ", "worl"]) {
        server.write(piece);
        await settle();
      }
      let text = toText((await first).value!);
      assertLess(7, text.length);
      const last = reader.read(new Uint8Array(size), { min: 8 });
      server.write("d");
      await settle();
      server.write("!!");
      if (framing === "chunked") server.write("\r\n0\r\n\r\n");
      if (framing === "close") server.close();
      // By the standard, a view that the end cuts short comes back as done.
      text += toText((await last).value!);
      assertEquals(text, "hello world!!");
      assertEquals((await reader.read(new Uint8Array(size))).done, true);
      assertEquals([...await exchange.trailers], []);
      await client.close();
    });
  }
}

Deno.test("read(view, { min }) returns what came before it was asked, if that is less", async () => {
  const { client, server } = openPipe();
  server.write("HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nhello world");
  const exchange = await client.exchange(get());
  const reader = exchange.body.getReader({ mode: "byob" });
  const reads: [string, boolean][] = [];
  for (let i = 0; i < 2; i++) {
    const { value, done } = await reader.read(new Uint8Array(8), { min: 8 });
    reads.push([toText(value!), done]);
  }
  assertEquals(reads, [["hello wo", false], ["rld", true]]);
  await client.close();
});

Deno.test("a body rejects a read of words that its end cuts, and ends all the same", async () => {
  for (const end of ["length", "close"]) {
    const { client, server } = openPipe();
    server.write(
      end === "length"
        ? "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsi"
        : `${CLOSE}si`,
    );
    const exchange = await client.exchange(get());
    const reader = exchange.body.getReader({ mode: "byob" });
    const first = reader.read(new Uint32Array(2));
    server.write("x by");
    if (end === "close") server.close();
    assertEquals((await first).value!.length, 1);
    await assertRejects(() => reader.read(new Uint32Array(2)), TypeError);
    assertEquals((await exchange.closed).keepAlive, end === "length");
    await client.close();
    await server.closed;
  }
});

/** A body of `TOTAL` bytes in chunks of some bytes each. */
function chunks(length: number): Uint8Array {
  const chunk = toBytes(`${length.toString(16)}\r\n${"x".repeat(length)}\r\n`);
  return concat([
    ...Array(TOTAL / length).fill(chunk),
    toBytes("0\r\n\r\n"),
  ]);
}

const BODIES: [name: string, head: string, body: Uint8Array][] = [
  ["a known length", LENGTH, new Uint8Array(TOTAL)],
  ["large chunks", CHUNKED, chunks(TOTAL / 2)],
  ["small chunks", CHUNKED, chunks(64)],
  ["the end of the connection", CLOSE, new Uint8Array(TOTAL)],
];

/** Ways to start reading and to stop; each returns how much it has got. */
const READERS: [string, (exchange: HttpExchange) => unknown][] = [
  ["nobody", () => 0],
  ["nobody, of a Response", (exchange) => void exchange.toResponse()],
  ["a reader of one piece", async ({ body }) => {
    return (await body.getReader().read()).value!.length;
  }],
  ["a reader of one byte", async ({ body }) => {
    const reader = body.getReader({ mode: "byob" });
    return (await reader.read(new Uint8Array(1))).value!.length;
  }],
  ["a reader of a large view", async ({ body }) => {
    const reader = body.getReader({ mode: "byob" });
    return (await reader.read(new Uint8Array(TOTAL / 2))).value!.length;
  }],
];

for (const [how, head, body] of BODIES) {
  Deno.test(`a body framed by ${how} is not read far ahead of its reader`, async () => {
    for (const [who, read] of READERS) {
      for (const [kind, options] of PIPES) {
        const { client, server } = openPipe(options);
        server.write(head);
        server.write(body, 16 * 1024);
        const exchange = await client.exchange(get());
        const got = Number(await read(exchange) ?? 0);
        await settle();
        const ahead = body.length - server.unread - got;
        assertLess(ahead, 16 * 1024 + 1, `${who}, ${kind}`);
        await client.close();
        await server.closed;
      }
    }
  });
}

Deno.test("bytes and text stop reading at their limit", async () => {
  const { client, server } = openPipe();
  server.write(CHUNKED);
  server.write(chunks(64), 16 * 1024);
  const all = server.unread;
  const exchange = await client.exchange(get(), { maxBodyBytes: 1000 });
  let least = all;
  const failing = fails(exchange.text(), "BodyTooLarge");
  // The pipe drops what is left as soon as the client has failed.
  while (!server.isClosed) {
    least = server.unread;
    await null;
  }
  await failing;
  assertLess(all - least, 17 * 1024);
});

Deno.test("a server comes to a halt if nobody reads the body", async () => {
  const { client, far, url } = await openSocket();
  // More than all buffers between the two can hold.
  const total = 2 ** 28;
  let written = 0;
  const exchanging = client.exchange(HttpRequest.get(url));
  await readUntil(far, "\r\n\r\n");
  const serving = (async () => {
    await writeText(far, `HTTP/1.1 200 OK\r\nContent-Length: ${total}\r\n\r\n`);
    const piece = new Uint8Array(65536);
    while (written < total) written += await far.write(piece);
  })();
  const exchange = await exchanging;
  const reader = exchange.body.getReader();
  let got = 0;
  while (got < TOTAL) got += (await reader.read()).value!.length;
  for (let before = -1; before < written;) {
    before = written;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assertLess(written, total / 2);
  await client.close();
  await assertRejects(() => serving);
  await assertRejects(() => reader.read(), DOMException);
  far.close();
});

/** Bytes that say where in a body they are. */
function patterned(length: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at++) bytes[at] = (at * 7 + seed * 31) % 251;
  return bytes;
}

function areEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
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

for (const pieceLength of [1000, 40_000, 200_000]) {
  Deno.test(`what a body gave stays as it is, in pieces of ${pieceLength}`, async () => {
    for (const [, options] of PIPES) {
      for (const keep of [keepPieces, keepViews]) {
        // Several connections share the buffers that are read into.
        await Promise.all([1, 2, 3].map(async (seed) => {
          const { client, server } = openPipe(options);
          const exchanging = client.exchange(get());
          await server.readUntil("\r\n\r\n");
          const body = patterned(TOTAL, seed);
          server.write(LENGTH);
          server.write(body, pieceLength);
          const pieces = await keep(await exchanging);
          // The next exchange reads into buffers of the first one.
          const next = client.exchange(get());
          await server.readUntil("\r\n\r\n");
          server.write(LENGTH);
          server.write(patterned(TOTAL, seed + 10), pieceLength);
          await (await next).bytes();
          assertEquals(areEqual(concat(pieces), body), true);
          await client.close();
        }));
      }
    }
  });
}

Deno.test("the buffer of a piece holds nothing but the piece", async () => {
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    (request) => {
      const length = Number(new URL(request.url).searchParams.get("length"));
      const secret = "secret".repeat(length / 6 + 1);
      return new Response(
        request.method === "PUT" ? secret : "x".repeat(length),
      );
    },
  );
  const url = `http://127.0.0.1:${server.addr.port}/`;
  for (const length of [11, 2100, 3000, 70_000, 300_000]) {
    // Fills the shared buffers with someone else's bytes.
    await using other = await HttpClient.connect(url);
    const request = HttpRequest.put(`${url}?length=${length * 2}`);
    await (await other.exchange(request)).bytes();
    await using client = await HttpClient.connect(url);
    for (const keep of [keepPieces, keepViews]) {
      const exchange = await client.exchange(
        HttpRequest.get(`${url}?length=${length}`),
      );
      for (const { buffer } of await keep(exchange)) {
        assertEquals(toText(new Uint8Array(buffer)).includes("secret"), false);
      }
    }
    const exchange = await client.exchange(
      HttpRequest.get(`${url}?length=${length}`),
    );
    for (const piece of await keepPieces(exchange)) {
      assertEquals(piece.buffer.byteLength, piece.length);
    }
  }
});

Deno.test("the buffers of pieces may be taken away", async () => {
  const { client, server } = openPipe();
  server.write(LENGTH);
  server.write(patterned(TOTAL, 3), 60_000);
  const exchange = await client.exchange(get());
  let length = 0;
  for await (const piece of exchange.body) {
    length += piece.length;
    structuredClone(piece, { transfer: [piece.buffer] });
  }
  assertEquals(length, TOTAL);
  await server.readUntil("\r\n\r\n");
  await carryOne(client, server);
  await client.close();
});
