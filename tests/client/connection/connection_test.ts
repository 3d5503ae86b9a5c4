// A connection between exchanges (docs/protocol.md), and the errors of calls at the
// wrong time.

import {
  assertEquals,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Http11Send, type HttpErrorCode, HttpRequest } from "@pimalaya/io-http";
import { HttpClient, type HttpExchange } from "@pimalaya/io-http/client";
import { DenoTransport } from "../../../client/transport/deno.ts";
import { NodeTransport } from "../../../client/transport/node.ts";
import { PooledReads } from "../../../client/transport/node_io.ts";
import type {
  NodeSocket,
  NodeTlsSocket,
} from "../../../client/transport/node_socket.ts";
import { Wire } from "../../../client/transport/node_wire.ts";
import {
  makeConnection,
  type SocketTransport,
} from "../../../client/transport/socket_connection.ts";
import { pipe, type PipeServer } from "../../_pipe.ts";
import { toBytes, toText } from "../../_text.ts";
import { openSocket } from "../../hostile/_peer.ts";
import {
  assertClosed,
  carryOne,
  checkOver,
  DONE,
  fails,
  get,
  HeldClock,
  HeldTimers,
  HI,
  openPipe,
  pass,
  PIPES,
  READ,
  rejection,
  Script,
  settle,
  SWITCH,
  upgrade,
  watchedSignal,
} from "../_client.ts";

/** The events on an idle connection, and the errors of the next call. */
const ENDS: [string, (server: PipeServer) => unknown, HttpErrorCode][] = [
  ["bytes", (server) => server.write(HI), "UnexpectedBytes"],
  ["an empty line", (server) => server.write("\r\n"), "UnexpectedBytes"],
  ["end of file", (server) => server.close(), "NoResponse"],
  ["a reset", (server) => server.abort(new Error("Reset")), "ConnectionLost"],
];

/** Every way to start a call. */
const CALLS: [string, (client: HttpClient) => Promise<unknown>][] = [
  ["send", (client) => client.send(get())],
  ["sendHttp10", (client) => client.sendHttp10(get())],
  ["exchange", (client) => client.exchange(get())],
  ["run", (client) => client.run(new Http11Send(get()))],
];

for (const [kind, options] of PIPES) {
  for (const [what, happen, code] of ENDS) {
    Deno.test(`an idle connection over ${kind} ends with ${what}`, async () => {
      const { client, server } = openPipe(options);
      await carryOne(client, server);
      assertEquals(client.reusable, true);
      const { ended } = client;
      happen(server);
      await ended;
      await checkOver(client, server);
      for (const [, call] of CALLS) {
        const error = await fails(call(client), code);
        assertEquals(error.progress, {
          phase: "idle",
          reused: true,
          requestBytes: 0,
          responseBytes: 0,
        });
      }
      assertEquals(server.received, 0);
      assertThrows(() => client.detach(), TypeError, "ended while it was idle");
    });

    for (const [name, call] of CALLS) {
      Deno.test(`${name} over ${kind} reports ${what} of just before`, async () => {
        const { client, server } = openPipe(options);
        await carryOne(client, server);
        happen(server);
        await fails(call(client), code);
        assertEquals(server.received, 0);
        await server.closed;
      });
    }
  }

  Deno.test(`a response may be written right after a call over ${kind}, before the request is read`, async () => {
    using clock = new HeldClock();
    const { client, server } = openPipe(options);
    for (let round = 0; round < 20; round++) {
      for (const [name, call] of CALLS) {
        if (name === "sendHttp10") continue;
        // Too short a time for the runtime to need a turn.
        clock.now += 0.001;
        const calling = call(client) as Promise<Partial<HttpExchange>>;
        server.write(HI);
        await (await calling).discard?.();
        assertEquals(client.reusable, true);
      }
    }
  });

  Deno.test(`the first exchange over ${kind} may find its response in it`, async () => {
    for (const [, call] of CALLS) {
      const { client, server } = openPipe(options);
      server.write("HTTP/1.1 204 No Content\r\n\r\n");
      await settle();
      await call(client);
    }
  });
}

type Deliver = (bytes: Uint8Array<ArrayBuffer>) => void;

const NO_INFO = { remote: null, local: null, tls: null };

/** Sockets without a system: what they write is dropped, and `deliver` is a read. */
const SOCKETS: Readonly<
  Record<string, () => { transport: SocketTransport; deliver: Deliver }>
> = {
  "in a full read of Deno's"() {
    let deliver!: Deliver;
    const transport = new DenoTransport({
      localAddr: {},
      remoteAddr: {},
      read: (into) =>
        new Promise((resolve) => {
          deliver = (bytes) => {
            into.set(bytes);
            resolve(bytes.length);
          };
        }),
      write: ({ length }) => Promise.resolve(length),
      closeWrite: () => Promise.resolve(),
      close() {},
      ref() {},
      unref() {},
    });
    return { transport, deliver: (bytes) => deliver(bytes) };
  },
  "in a full read of Node's"() {
    const reads = new PooledReads();
    const transport = new NodeTransport(nodeSocket(() => {}), NO_INFO, {
      reads,
    });
    const deliver = (bytes: Uint8Array) => {
      const buffer = reads.onread.buffer();
      buffer.set(bytes);
      reads.onread.callback(bytes.length, buffer);
    };
    return { transport, deliver };
  },
  "in a full read under Deno's TLS"() {
    let deliver!: Deliver;
    const secure = nodeSocket((onData) => deliver = onData);
    const handle = {
      onread(_: ArrayBuffer) {},
      readStart() {},
      readStop() {},
    };
    const wire = Wire.of({ _handle: handle } as unknown as NodeSocket)!;
    // TLS takes its bytes from the handle.
    handle.onread = () => {};
    wire.watch(secure as NodeTlsSocket);
    const under = { layers: [], wire };
    const transport = new NodeTransport(secure, NO_INFO, { under });
    return {
      transport,
      deliver(bytes) {
        handle.onread(new ArrayBuffer(65536));
        deliver(bytes);
      },
    };
  },
  "in a record of TLS"() {
    let deliver!: Deliver;
    const socket = nodeSocket((onData) => deliver = onData);
    const under = { layers: [] };
    const transport = new NodeTransport(socket, NO_INFO, { under });
    return { transport, deliver: (bytes) => deliver(bytes) };
  },
};

function nodeSocket(listen: (onData: Deliver) => void): NodeSocket {
  const socket = {
    on: (event: string, listener: Deliver) =>
      event === "data" && listen(listener),
    write(_: unknown, ...rest: unknown[]) {
      queueMicrotask(rest.at(-1) as () => void);
    },
    end() {},
    destroy() {},
  };
  return socket as unknown as NodeSocket;
}

for (const [where, open] of Object.entries(SOCKETS)) {
  Deno.test(`bytes behind a response ${where} are not the next response`, async () => {
    using clock = new HeldClock();
    const { transport, deliver } = open();
    const client = new HttpClient(makeConnection(transport));
    const sending = client.send(get());
    await settle();
    // As long as the first buffer.
    const head = "HTTP/1.1 200 OK\r\nContent-Length: 984\r\n\r\n";
    deliver(toBytes(head.padEnd(1024)));
    assertEquals((await sending).keepAlive, true);
    clock.now += 0.5;
    const failing = fails(client.send(get()), "UnexpectedBytes");
    if (where.includes("full")) {
      await new Promise((resolve) => setImmediate(resolve));
    } else await pass(20);
    deliver(toBytes(HI));
    await failing;
  });
}

Deno.test("a connection that was idle during the turn of another needs none itself for 1 ms", async () => {
  using clock = new HeldClock();
  const pipes = [0, 1, 1.1].map((elapsed) => ({ elapsed, ...openPipe() }));
  for (const { client, server } of pipes) await carryOne(client, server);
  const start = clock.now + 10;
  const written: boolean[] = [];
  for (const { elapsed, client, server } of pipes) {
    clock.now = start + elapsed;
    const sending = client.send(get());
    await pass(20);
    written.push(server.received > 0);
    await server.answer(HI);
    await sending;
  }
  assertEquals(written, [false, true, false]);
});

Deno.test("a connection whose body nobody read during the turn of another needs one itself", async () => {
  using clock = new HeldClock();
  const [other, { client, server }] = [openPipe(), openPipe()];
  await carryOne(other.client, other.server);
  const exchanging = client.exchange(get());
  await server.answer(HI);
  const exchange = await exchanging;
  clock.now += 10;
  const others = other.client.send(get());
  await other.server.answer(HI);
  await others;
  clock.now += 0.5;
  await exchange.text();
  const sending = client.send(get());
  await pass(20);
  assertEquals(server.received, 0);
  await server.answer(HI);
  await sending;
});

Deno.test("the error of an idle end shows the bytes, the peer, and the cause", async () => {
  const { client, server } = openPipe();
  await carryOne(client, server);
  server.write(`HTTP/1.1 408 \x07${"x".repeat(99)}`);
  const error = await fails(client.send(get()), "UnexpectedBytes");
  assertEquals(
    error.message,
    "Cannot send the request: example.com:80 sent " +
      `"HTTP/1.1 408 \\x07${"x".repeat(26)}..." on the idle connection`,
  );
  const lost = openPipe();
  await carryOne(lost.client, lost.server);
  const text = "C0:error:0A00045C:SSL routines:ssl3_read_bytes:alert\n";
  const reason = "the peer wants a certificate";
  const reset = Object.assign(new Error(text), { reason });
  lost.server.abort(reset);
  const secure = HttpRequest.get("https://example.com/");
  const { cause, message } = await fails(
    lost.client.send(secure),
    "ConnectionLost",
  );
  assertStrictEquals(cause, reset);
  assertEquals(message.endsWith(`to example.com:443: ${reason}`), true);
});

Deno.test("a connection with facts is watched from the start", async () => {
  for (const [what, happen, code] of ENDS) {
    const { client: stream, server } = pipe();
    const info = { remote: null, local: null, tls: null };
    const client = new HttpClient({ ...stream, info });
    assertEquals(client.info, info);
    happen(server);
    await settle();
    // Only bytes may be there for the first exchange.
    if (what === "bytes") await client.send(get());
    else if (what !== "an empty line") await fails(client.send(get()), code);
    assertEquals(client.reusable, what === "bytes" || what === "an empty line");
  }
});

/**
 * A server in another process, which this one cannot block. It sends a response
 * to each request, and another one when a file has grown.
 */
const TALKER = `
const [file] = Deno.args;
const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
console.log(listener.addr.port);
const response = new TextEncoder().encode(${JSON.stringify(HI)});
for (let turn = 1;; turn++) {
  const conn = await listener.accept();
  await conn.read(new Uint8Array(1000));
  await conn.write(response);
  while (Deno.statSync(file).size < turn);
  await conn.write(response);
}`;

/** Blocks until the system has bytes for the client of a port. */
function blockUntilArrived(port: number): void {
  const hex = port.toString(16).padStart(4, "0").toUpperCase();
  const start = performance.now();
  // In "remote address, state, bytes to send:bytes to read".
  const arrived = new RegExp(`:${hex} 01 \\w+:0*[1-9A-F]`);
  // Deno itself reads files there only with every permission.
  const list = new Deno.Command("cat", { args: ["/proc/net/tcp"] });
  while (!arrived.test(toText(list.outputSync().stdout)));
  // After less, the client takes it that nothing can have arrived.
  while (performance.now() < start + 2);
}

/** Carries one exchange, and blocks the event loop at some point of it. */
const BLOCKED: ((client: HttpClient, block: () => void) => unknown)[] = [
  async (client, block) => {
    assertEquals((await client.send(get())).response.text(), "hi");
    block();
  },
  async (client, block) => {
    const exchange = await client.exchange(get());
    // The whole response has come.
    block();
    assertEquals(await exchange.text(), "hi");
  },
  async (client, block) => {
    const exchange = await client.exchange(get());
    const { parse } = JSON;
    JSON.parse = () => {
      JSON.parse = parse;
      block();
    };
    await exchange.json();
  },
];

Deno.test({
  name: "no call reads what arrived while the event loop was blocked",
  // Nothing else says whether bytes have arrived.
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    const file = await Deno.makeTempFile();
    await using child = new Deno.Command(Deno.execPath(), {
      args: ["eval", TALKER, file],
      stdout: "piped",
    }).spawn();
    const reader = child.stdout.getReader();
    const port = Number(new TextDecoder().decode((await reader.read()).value));
    const openings = [
      () => HttpClient.connect(`http://127.0.0.1:${port}/`, { origin: null }),
      async () => new HttpClient(await Deno.connect({ port })),
      async () => {
        const { readable, writable } = await Deno.connect({ port });
        return new HttpClient({ readable, writable });
      },
    ];
    for (const [, call] of CALLS) {
      for (const open of openings) {
        const block = () => {
          Deno.writeTextFileSync(file, ".", { append: true });
          blockUntilArrived(port);
        };
        for (const carryBlocked of BLOCKED) {
          const client = await open();
          await carryBlocked(client, block);
          await fails(call(client), "UnexpectedBytes");
          await client.close();
        }
        // Before the request is written, which is a microtask after the call.
        const client = await open();
        await client.send(get());
        const calling = call(client);
        block();
        await fails(calling, "UnexpectedBytes");
        await client.close();
      }
    }
    await reader.cancel();
    child.kill();
    await Deno.remove(file);
  },
});

Deno.test("a connection that connect opened takes no bytes before the first request", async () => {
  await using ends = await openSocket("TCP");
  const { url, client, peer } = ends;
  await peer.write(HI);
  // The idle socket does not keep the process alive, but the peer's does.
  await client.ended;
  const error = await fails(client.send(get()), "UnexpectedBytes");
  assertEquals(error.progress?.reused, false);
  assertEquals(error.message.includes(new URL(url).host), true);
});

/** Each state that accepts no request, how to get there, and the error of a call. */
const STATES: [
  name: string,
  response: string | null,
  enter: (client: HttpClient) => unknown,
  says: string,
][] = [
  [
    "a send in flight",
    null,
    (client) => void client.send(get()).catch(() => {}),
    "GET http://example.com/ is in flight; await its response",
  ],
  [
    "a run in flight",
    null,
    (client) => void client.run(new Script(READ)).catch(() => {}),
    "run() is in flight; await its step",
  ],
  [
    "an unread body",
    HI,
    (client) => client.exchange(get()),
    "the response body of GET http://example.com/ is not read to its end; " +
    "read it, or call discard()",
  ],
  [
    "a canceled body",
    HI,
    async (client) => (await client.exchange(get())).body.cancel(),
    "connection is closed: the last response body was canceled " +
    "(discard() can keep it open)",
  ],
  [
    "close()",
    null,
    (client) => client.close(),
    "the client is closed; open another connection",
  ],
  [
    "an upgrade",
    SWITCH,
    (client) => client.send(upgrade()),
    "the connection was upgraded; call detach()",
  ],
  [
    "a detach",
    null,
    (client) => void client.detach(),
    "its connection is detached",
  ],
  [
    "a failure",
    "SMTP",
    (client) => client.send(get()).catch(() => {}),
    "connection is closed: the last exchange failed (InvalidStatusLine)",
  ],
  [
    "an abort",
    null,
    (client) => {
      const { signal, abort } = watchedSignal();
      const sending = client.send(get(), { signal });
      abort();
      return sending.catch(() => {});
    },
    "connection is closed: the last exchange was aborted",
  ],
  [
    "a response that ends the connection",
    "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n",
    (client) => client.send(get()),
    "connection is closed (Http10)",
  ],
  [
    "a step without keepAlive",
    null,
    (client) => client.run(new Script({ type: "Ok" })),
    "the last run() did not leave the connection reusable",
  ],
];

for (const [name, response, enter, says] of STATES) {
  Deno.test(`a call after ${name} rejects, and says what to do`, async () => {
    const { client, server } = openPipe();
    const { ended } = client;
    if (response !== null) server.write(response);
    await enter(client);
    assertEquals(client.reusable, false);
    for (const [how, call] of CALLS) {
      if (how === "run" && name === "a step without keepAlive") continue;
      await assertRejects(() => call(client), TypeError, says);
    }
    if (!/in flight|unread|keepAlive/.test(name)) {
      await ended;
      // Also a promise that is asked for only now.
      await client.ended;
    }
    await client.close();
  });
}

Deno.test("a call that is rejected leaves the one in flight alone", async () => {
  const { client, server } = openPipe();
  const first = client.send(get());
  for (const [, call] of CALLS) {
    await assertRejects(() => call(client), TypeError);
  }
  assertThrows(() => client.detach(), TypeError, "in flight");
  await server.answer(HI);
  assertEquals(server.received, 0);
  assertEquals((await first).response.text(), "hi");
  await carryOne(client, server);
});

Deno.test("close fails the call in flight with an AbortError, and closes once", async () => {
  for (const [, call] of CALLS) {
    const { client, server } = openPipe();
    const calling = rejection(call(client));
    await client.close();
    assertClosed(await calling);
    await server.closed;
    await client.close();
  }
});

Deno.test("close closes a socket that is idle, or that someone else closed", async () => {
  for (const isClosed of [false, true]) {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const near = await Deno.connect({ port: listener.addr.port });
    using far = await listener.accept();
    const client = new HttpClient(near);
    if (isClosed) near.close();
    await client.close();
    await client.close();
    assertEquals(await far.read(new Uint8Array(1)), null);
  }
});

Deno.test("close waits a bounded time for streams that do not close, and aborts them", async () => {
  using timers = new HeldTimers();
  const aborted: unknown[] = [];
  const never = () => new Promise<void>(() => {});
  const client = new HttpClient({
    readable: new ReadableStream({ cancel: never }),
    writable: new WritableStream({ write: never, close: never }),
    info: { remote: null, local: null, tls: null },
    abort: (reason) => void aborted.push(reason),
  });
  const closing = client.close();
  await timers.fire(1000);
  await closing;
  assertEquals(aborted.map(String), ["Error: Closing took too long"]);
});

Deno.test("close resolves although the streams fail to close", async () => {
  const fail = () => Promise.reject(new Error("Cannot close"));
  const client = new HttpClient({
    readable: new ReadableStream({ cancel: fail }),
    writable: new WritableStream({ close: fail }),
  });
  await client.close();
  assertEquals(client.reusable, false);
});

Deno.test("await using closes the client", async () => {
  const { client, server } = openPipe();
  {
    await using disposed = client;
    await disposed.run(new Script(DONE));
  }
  assertEquals(server.isClosed, true);
});

const collectGarbage: () => void = (() => {
  setFlagsFromString("--expose-gc");
  return runInNewContext("gc");
})();

for (
  const [what, use] of [
    ["a client", () => Promise.resolve()],
    ["a client that is idle", carryOne],
    ["an exchange that is not read", async (client, server) => {
      server.write(HI);
      await client.exchange(get());
    }],
    ["an exchange that is read in part", async (client, server) => {
      server.write(HI);
      const { body } = await client.exchange(get());
      const reader = body.getReader();
      await reader.read();
      reader.releaseLock();
    }],
  ] as [string, (client: HttpClient, server: PipeServer) => Promise<unknown>][]
) {
  Deno.test(`${what} closes its connection when it is dropped`, async () => {
    const { client: stream, server } = pipe();
    await (async () => await use(new HttpClient(stream), server))();
    for (let round = 0; round < 1000 && !server.isClosed; round++) {
      collectGarbage();
      // Registries call back in later turns.
      await settle();
    }
    assertEquals(server.isClosed, true);
  });
}

Deno.test("a client that is dropped lives on while its exchange is used", async () => {
  const { client: stream, server } = pipe();
  server.write("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nhi");
  const { body } = await new HttpClient(stream).exchange(get());
  const reader = body.getReader();
  await reader.read();
  for (let round = 0; round < 5; round++) {
    collectGarbage();
    await settle();
  }
  const reading = reader.read();
  server.write("ho");
  assertEquals((await reading).value?.length, 2);
});
