// The stream of a body: how it fills the views of a BYOB reader, how far it reads ahead
// of its reader, and that the bytes it has returned stay.

import { concat } from "@std/bytes";
import { assertEquals, assertLess, assertRejects } from "@std/assert";
import { HttpRequest } from "@pimalaya/io-http";
import { HttpClient, type HttpExchange } from "@pimalaya/io-http/client";
import { openSocket } from "../../hostile/_peer.ts";
import { toBytes, toText } from "../../_text.ts";
import {
  carryOne,
  fails,
  get,
  openPipe,
  PIPES,
  respond,
  settle,
} from "../_client.ts";

const TOTAL = 2 ** 20;
const CHUNKED = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
const CLOSE = "HTTP/1.1 200 OK\r\n\r\n";

function withLength(length: number): string {
  return `HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\n\r\n`;
}

for (const length of [1, 2, 3, 100, 5000]) {
  Deno.test(`a body fills views of ${length} bytes`, async () => {
    const { exchange } = await respond(
      `${CHUNKED}5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n`,
    );
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
  });
}

Deno.test("a body fills large views over a socket, with any framing around its data", async () => {
  await using ends = await openSocket("TCP");
  const { client, peer, url } = ends;
  const exchanging = client.exchange(HttpRequest.get(url));
  await peer.readUntil("\r\n\r\n");
  await peer.write(CHUNKED);
  const reader = (await exchanging).body.getReader({ mode: "byob" });
  let text = "";
  for (
    const piece of [
      "b\r\nhello",
      " world\r\n3\r\n, a\r\n4\r\nnd s\r\n5\r\no",
      " on.\r\n0\r\n\r\n",
    ]
  ) {
    const reading = reader.read(new Uint8Array(8192));
    // The framing is then read into the view, too.
    await settle();
    await peer.write(piece);
    text += toText((await reading).value!);
  }
  assertEquals(text, "hello world, and so on.");
  assertEquals((await reader.read(new Uint8Array(8192))).done, true);
});

for (const size of [20, 5000]) {
  for (
    const [framing, head, end] of [
      ["length", withLength(13), ""],
      ["chunked", `${CHUNKED}d\r\n`, "\r\n0\r\n\r\n"],
      ["close", CLOSE, ""],
    ] as const
  ) {
    Deno.test(`read(view, { min }) of ${size} bytes at the end of a ${framing} body loses nothing`, async () => {
      const { server, exchange } = await respond(`${head}he`);
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
      if (end !== "") server.write(end);
      if (framing === "close") server.close();
      // By the standard, a view that the end cuts short comes back as done.
      text += toText((await last).value!);
      assertEquals(text, "hello world!!");
      assertEquals((await reader.read(new Uint8Array(size))).done, true);
      assertEquals([...await exchange.trailers], []);
    });
  }
}

Deno.test("read(view, { min }) returns the bytes that came before it was asked, if they are fewer", async () => {
  const { exchange } = await respond(`${withLength(11)}hello world`);
  const reader = exchange.body.getReader({ mode: "byob" });
  const reads: [string, boolean][] = [];
  for (let i = 0; i < 2; i++) {
    const { value, done } = await reader.read(new Uint8Array(8), { min: 8 });
    reads.push([toText(value!), done]);
  }
  assertEquals(reads, [["hello wo", false], ["rld", true]]);
});

Deno.test("a body rejects a read of words that its end cuts, and ends all the same", async () => {
  for (const head of [withLength(6), CLOSE]) {
    const { client, server, exchange } = await respond(`${head}si`);
    const reader = exchange.body.getReader({ mode: "byob" });
    const first = reader.read(new Uint32Array(2));
    server.write("x by");
    if (head === CLOSE) server.close();
    assertEquals((await first).value!.length, 1);
    await assertRejects(() => reader.read(new Uint32Array(2)), TypeError);
    assertEquals((await exchange.closed).keepAlive, head !== CLOSE);
    await client.close();
    await server.closed;
  }
});

Deno.test("discard drops what is left of a piece that a view had no room for", async () => {
  const response = withLength(20_000) + "x".repeat(20_000);
  const pipe = { bytes: false };
  const { client, server, exchange } = await respond(response, { pipe });
  const reader = exchange.body.getReader({ mode: "byob" });
  assertEquals((await reader.read(new Uint8Array(5000))).value!.length, 5000);
  await exchange.discard();
  await carryOne(client, server);
});

/** A body of `TOTAL` bytes in chunks of some bytes each. */
function chunks(length: number): Uint8Array {
  const chunk = toBytes(`${length.toString(16)}\r\n${"x".repeat(length)}\r\n`);
  return concat([
    ...Array(TOTAL / length).fill(chunk),
    toBytes("0\r\n\r\n"),
  ]);
}

/** Ways to start reading and to stop; each returns how much it has got. */
const READERS: [string, (exchange: HttpExchange) => unknown][] = [
  ["nobody", () => 0],
  ["nobody, of a Response", (exchange) => void exchange.toResponse()],
  ["a reader of one piece", async ({ body }) => {
    return (await body.getReader().read()).value!.length;
  }],
  ...[1, TOTAL / 2].map((length): typeof READERS[number] => [
    `a reader of ${length} bytes`,
    async ({ body }) => {
      const reader = body.getReader({ mode: "byob" });
      return (await reader.read(new Uint8Array(length))).value!.length;
    },
  ]),
];

for (
  const [how, head, body] of [
    ["a known length", withLength(TOTAL), new Uint8Array(TOTAL)],
    ["large chunks", CHUNKED, chunks(TOTAL / 2)],
    ["small chunks", CHUNKED, chunks(64)],
    ["the end of the connection", CLOSE, new Uint8Array(TOTAL)],
  ] as const
) {
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
  // The pipe drops the rest as soon as the client has failed.
  while (!server.isClosed) {
    least = server.unread;
    await null;
  }
  await failing;
  assertLess(all - least, 17 * 1024);
});

/** Bytes that encode their place in a body. */
function patterned(length: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at++) bytes[at] = (at * 7 + seed * 31) % 251;
  return bytes;
}

async function keepPieces({ body }: HttpExchange): Promise<Uint8Array[]> {
  const pieces: Uint8Array[] = [];
  for await (const piece of body) pieces.push(piece);
  return pieces;
}

async function keepViews({ body }: HttpExchange): Promise<Uint8Array[]> {
  const pieces: Uint8Array[] = [];
  const reader = body.getReader({ mode: "byob" });
  while (true) {
    const { value, done } = await reader.read(new Uint8Array(50_000));
    if (done) return pieces;
    pieces.push(value);
  }
}

for (const pieceLength of [1000, 40_000, 200_000]) {
  Deno.test(`what a body gave stays as it is, in pieces of ${pieceLength}`, async () => {
    const head = withLength(TOTAL);
    for (const [, options] of PIPES) {
      for (const keep of [keepPieces, keepViews]) {
        // Several connections share the buffers that are read into.
        await Promise.all([1, 2, 3].map(async (seed) => {
          const { client, server } = openPipe(options);
          const exchanging = client.exchange(get());
          const body = patterned(TOTAL, seed);
          await server.answer(head);
          server.write(body, pieceLength);
          const pieces = await keep(await exchanging);
          // The next exchange reads into buffers of the first one.
          const next = client.exchange(get());
          await server.answer(head);
          server.write(patterned(TOTAL, seed + 10), pieceLength);
          await (await next).bytes();
          assertEquals(concat(pieces), body);
        }));
      }
    }
  });
}

Deno.test("the buffer of a piece holds nothing but the piece", async () => {
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    async (request) => {
      const length = Number(await request.text());
      const isSecret = request.method === "PUT";
      return new Response((isSecret ? "secret" : "public").repeat(length));
    },
  );
  const url = `http://127.0.0.1:${server.addr.port}/`;
  for (const length of [2, 350, 500, 12_000, 50_000]) {
    // Fills the shared buffers with someone else's bytes.
    await using other = await HttpClient.connect(url);
    await other.send(HttpRequest.put(url, { body: `${length * 2}` }));
    await using client = await HttpClient.connect(url);
    const request = HttpRequest.post(url, { body: `${length}` });
    for (const keep of [keepPieces, keepViews]) {
      for (const piece of await keep(await client.exchange(request))) {
        const { buffer } = piece;
        assertEquals(toText(new Uint8Array(buffer)).includes("secret"), false);
        if (keep === keepPieces) assertEquals(buffer.byteLength, piece.length);
      }
    }
  }
});

Deno.test("the buffers of pieces may be taken away", async () => {
  const { client, server } = openPipe();
  server.write(withLength(TOTAL));
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
});
