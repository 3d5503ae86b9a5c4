// Connections of Deno's: which are driven directly, and into which buffers.

import { assertEquals, assertThrows } from "@std/assert";
import { takeBuffer } from "../../../client/transport/buffers.ts";
import {
  type DenoConn,
  DenoTransport,
} from "../../../client/transport/deno.ts";
import { makeConnection } from "../../../client/transport/socket_connection.ts";
import { readFrom, writeTo } from "../../../client/transport/transport.ts";
import { HttpRequest } from "@pimalaya/io-http";
import { HttpClient } from "@pimalaya/io-http/client";
import { toBytes } from "../../_text.ts";
import {
  DONE,
  fails,
  HeldClock,
  pass,
  READ,
  Script,
  settle,
} from "../_client.ts";

/** A connection whose reads return these lengths, and then end of file. */
function connOf(...lengths: number[]): DenoConn & { sizes: number[] } {
  const address = { hostname: "127.0.0.1", port: 1 };
  return {
    localAddr: address,
    remoteAddr: address,
    sizes: [],
    read(into) {
      this.sizes.push(into.length);
      return Promise.resolve(lengths.shift() ?? null);
    },
    write: ({ length }) => Promise.resolve(length),
    closeWrite: () => Promise.resolve(),
    close() {},
    ref() {},
    unref() {},
  };
}

Deno.test("DenoTransport keeps no buffer of its caller's", async () => {
  for (const size of [1024, 4096, 65536, 262144]) {
    const transport = new DenoTransport(connOf(1));
    const into = new Uint8Array(size);
    assertEquals((await readFrom(transport, into))?.buffer, into.buffer);
    assertEquals(await readFrom(transport, into), null);
    // More than the pool holds of any size.
    const pooled = Array.from({ length: 300 }, () => takeBuffer(size).buffer);
    assertEquals(pooled.includes(into.buffer), false);
  }
});

Deno.test("DenoTransport lends a buffer to one reader at a time", async () => {
  const transport = new DenoTransport(connOf(1, 1, 1));
  const first = (await readFrom(transport))!;
  const second = (await readFrom(transport))!;
  assertEquals(first.buffer === second.buffer, false);
  transport.recycle(second);
  const third = (await readFrom(transport))!;
  assertEquals(third.buffer === second.buffer, true);
  transport.recycle(first);
  assertEquals(takeBuffer(1).buffer === first.buffer, true);
  assertEquals(await readFrom(transport), null);
});

Deno.test("a request that follows a response at once is written before anything is read", async () => {
  using clock = new HeldClock();
  const conn = connOf();
  const calls: string[] = [];
  let respond = (_: number) => {};
  let buffer: Uint8Array = new Uint8Array(0);
  conn.read = (into) => {
    calls.push("read");
    buffer = into;
    return new Promise((resolve) => respond = resolve);
  };
  conn.write = ({ length }) => {
    calls.push("write");
    return Promise.resolve(length);
  };
  conn.unref = () => calls.push("unref");
  const client = new HttpClient(makeConnection(new DenoTransport(conn)));
  const request = HttpRequest.get("http://127.0.0.1:1/");
  const send = async () => {
    const sending = client.send(request);
    await settle();
    const response = toBytes("HTTP/1.1 204 No Content\r\n\r\n");
    buffer.set(response);
    respond(response.length);
    return await sending;
  };
  await send();
  calls.length = 0;
  clock.now += 0.5;
  await send();
  assertEquals(calls, ["write", "read"]);
  await settle();
  assertEquals(calls, ["write", "read", "unref", "read"]);
  await client.close();
});

Deno.test("a response to a request over an idle connection spares the others a turn", async () => {
  using clock = new HeldClock();
  const ends = [0, 0.9, 1.8, 3].map((elapsed) => {
    const conn = connOf();
    let isWritten = false;
    let respond = () => {};
    conn.read = (into) =>
      new Promise((resolve) => {
        const response = toBytes("HTTP/1.1 204 No Content\r\n\r\n");
        respond = () => {
          into.set(response);
          resolve(response.length);
        };
      });
    conn.write = ({ length }) => {
      isWritten = true;
      return Promise.resolve(length);
    };
    const client = new HttpClient(makeConnection(new DenoTransport(conn)));
    /** Returns whether the request was written without a turn. */
    const send = async () => {
      isWritten = false;
      const sending = client.send(HttpRequest.get("http://127.0.0.1:1/"));
      await pass(20);
      const isAtOnce = isWritten;
      await settle();
      respond();
      await sending;
      return isAtOnce;
    };
    return { elapsed, client, send };
  });
  for (const { send } of ends) await send();
  await settle();
  const start = clock.now + 10;
  const areAtOnce: boolean[] = [];
  for (const { elapsed, client, send } of ends) {
    clock.now = start + elapsed;
    areAtOnce.push(await send());
    await client.close();
  }
  // Only the last one comes more than 1 ms after a poll that is known.
  assertEquals(areAtOnce, [false, true, true, false]);
});

Deno.test("a connection whose end a coroutine has read takes no request", async () => {
  const client = new HttpClient(makeConnection(new DenoTransport(connOf())));
  await client.run(new Script(READ, DONE));
  assertEquals(client.reusable, false);
});

Deno.test("DenoTransport reads more at once after full reads, unless it is idle", async () => {
  const conn = connOf(1024, 4096, 65536, 1, 1, 1);
  const transport = new DenoTransport(conn);
  for (let i = 0; i < 4; i++) await readFrom(transport);
  transport.unref();
  await readFrom(transport);
  transport.ref();
  await readFrom(transport);
  assertEquals(conn.sizes, [1024, 4096, 65536, 262144, 4096, 4096]);
});

Deno.test("DenoTransport gives a buffer back to the pool if it has no use for it", async () => {
  const uses: ((transport: DenoTransport) => Promise<unknown>)[] = [
    // The next read has another size.
    (transport) => readFrom(transport),
    (transport) => transport.close(),
  ];
  for (const use of uses) {
    const transport = new DenoTransport(connOf(1024, 1, 1));
    const first = (await readFrom(transport))!;
    transport.recycle(first);
    await use(transport);
    assertEquals(takeBuffer(1024).buffer === first.buffer, true);
  }
});

Deno.test("DenoTransport joins pieces that fit into a buffer in one write", async () => {
  const lengths: number[] = [];
  const transport = new DenoTransport({
    ...connOf(),
    write({ length }) {
      lengths.push(length);
      return Promise.resolve(length);
    },
  });
  for (const length of [1000, 60_000, 130_000, 140_000]) {
    await writeTo(transport, [new Uint8Array(length), new Uint8Array(length)]);
  }
  assertEquals(lengths, [2000, 120_000, 260_000, 140_000, 140_000]);
});

/** Connections, by the way they are made from a `Deno.Conn`. */
const ALIKE: [string, drivesStreams: boolean, (conn: Deno.Conn) => object][] = [
  ["is", false, (conn) => conn],
  // Native members reject an object that only inherits them, so that its `ref`
  // and `unref` throw.
  ["inherits from", true, (conn) => Object.create(conn)],
  [
    "is a Proxy of",
    true,
    (conn) =>
      new Proxy(conn, { get: (target, name) => Reflect.get(target, name) }),
  ],
  ["only looks like", true, ({ localAddr, remoteAddr }) => ({
    read: () => Promise.reject(new Error("Not mine")),
    write: () => Promise.reject(new Error("Not mine")),
    close() {},
    closeWrite: () => Promise.resolve(),
    localAddr,
    remoteAddr,
  })],
];

for (const [how, drivesStreams, wrap] of ALIKE) {
  const what = drivesStreams ? "through its streams" : "directly";
  Deno.test(`HttpClient drives what ${how} a Deno.Conn ${what}`, async () => {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = listener.addr as Deno.NetAddr;
    const conn = await Deno.connect({ hostname: "127.0.0.1", port });
    using server = await listener.accept();
    const used: string[] = [];
    const get = (name: "readable" | "writable") => () => {
      used.push(name);
      return conn[name];
    };
    const wrapped = how === "is a Proxy of"
      ? wrap(conn)
      : Object.defineProperties(wrap(conn), {
        readable: { get: get("readable") },
        writable: { get: get("writable") },
      });
    const client = new HttpClient(wrapped as Deno.Conn);
    if (how !== "is a Proxy of") {
      assertEquals(used.length > 0, drivesStreams);
    }
    const remote = { hostname: "127.0.0.1", port };
    assertEquals(client.info?.remote, drivesStreams ? undefined : remote);
    const request = HttpRequest.get(`http://127.0.0.1:${port}/`);
    for (const isFirst of [true, false]) {
      const sending = client.send(request);
      await server.read(new Uint8Array(1024));
      await server.write(toBytes("HTTP/1.1 204 No Content\r\n\r\n"));
      assertEquals((await sending).reused, !isFirst);
    }
    await client.close();
  });
}

Deno.test("HttpClient takes a Deno.Conn once, and fails calls over a closed one", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  const conn = await Deno.connect({ hostname: "127.0.0.1", port });
  using _server = await listener.accept();
  conn.close();
  const client = new HttpClient(conn);
  assertThrows(() => new HttpClient(conn), TypeError, "a client drives it");
  await fails(client.send(HttpRequest.get("http://a/")), "ConnectionLost");
  assertEquals(client.info?.tls, null);
  const tls = { ...connOf(), handshake: () => Promise.resolve() };
  assertEquals(new DenoTransport(tls).info.tls, { alpnProtocol: null });
});
