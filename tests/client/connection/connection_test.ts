// What becomes of a connection between exchanges (docs/protocol.md), and what a call
// says that comes at the wrong time.

import {
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStrictEquals,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { type AddressInfo, createServer } from "node:net";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Http11Send, HttpError, type HttpErrorCode } from "@pimalaya/io-http";
import { HttpClient } from "@pimalaya/io-http/client";
import { pipe, type PipeServer } from "../../_pipe.ts";
import {
  assertClosed,
  awake,
  carryOne,
  DONE,
  fails,
  FastClock,
  get,
  HeldTimers,
  HI,
  openPipe,
  openSocket,
  PIPES,
  READ,
  readToEnd,
  readUntil,
  rejection,
  Script,
  settle,
  SWITCH,
  tcpPair,
  upgrade,
  writeText,
} from "../_client.ts";

/** What can happen to an idle connection, and what the next call reports. */
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
      await happen(server);
      await ended;
      assertEquals(client.reusable, false);
      await server.closed;
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
        const happened = happen(server);
        await fails(call(client), code);
        await happened;
        assertEquals(server.received, 0);
        await server.closed;
      });
    }
  }
}

Deno.test("a response may be written right after a call, before the request is read", async () => {
  using _clock = new FastClock();
  for (const [, options] of PIPES) {
    const { client, server } = openPipe(options);
    for (let round = 0; round < 20; round++) {
      const sending = client.send(get());
      server.write(HI);
      assertEquals((await sending).response.text(), "hi");
      const exchanging = client.exchange(get());
      server.write(HI);
      assertEquals(await (await exchanging).text(), "hi");
      const running = client.run(new Http11Send(get()));
      server.write(HI);
      assertEquals((await running).response.text(), "hi");
    }
    await client.close();
  }
});

Deno.test("the error of an idle end shows the bytes, the peer, and the cause", async () => {
  const { client, server } = openPipe();
  await carryOne(client, server);
  await server.write(`HTTP/1.1 408 \x07${"x".repeat(99)}`);
  const error = await fails(client.send(get()), "UnexpectedBytes");
  assertEquals(
    error.message,
    "Cannot send the request: example.com:80 sent " +
      `"HTTP/1.1 408 \\x07${"x".repeat(26)}..." on the idle connection`,
  );
  const lost = openPipe();
  await carryOne(lost.client, lost.server);
  const cause = new Error("Reset");
  lost.server.abort(cause);
  const { cause: told } = await fails(
    lost.client.send(get()),
    "ConnectionLost",
  );
  assertStrictEquals(told, cause);
});

Deno.test("the first exchange over a stream may find its response in it", async () => {
  for (const [, options] of PIPES) {
    for (const [, call] of CALLS) {
      const { client, server } = openPipe(options);
      await server.write("HTTP/1.1 204 No Content\r\n\r\n");
      await settle();
      await call(client);
      await client.close();
    }
  }
});

Deno.test("a connection with facts is watched from the start", async () => {
  for (const [what, happen, code] of ENDS) {
    const { client: stream, server } = pipe();
    const info = { remote: null, local: null, tls: null };
    const client = new HttpClient({ ...stream, info });
    assertEquals(client.info, info);
    await happen(server);
    await settle();
    // Only bytes may be there for the first exchange.
    if (what === "bytes") await client.send(get());
    else if (what !== "an empty line") await fails(client.send(get()), code);
    assertEquals(client.reusable, what === "bytes" || what === "an empty line");
    await client.close();
  }
});

/** A server in this process that sends what a test says, when it says so. */
async function talkTo(
  talk: (client: HttpClient, far: Deno.TcpConn, url: string) => Promise<void>,
): Promise<void> {
  const { client, far, url } = await openSocket();
  try {
    await talk(client, far, url);
  } finally {
    await client.close();
    try {
      far.close();
    } catch {
      // The test has closed it.
    }
  }
}

async function carryOneOver(client: HttpClient, far: Deno.Conn): Promise<void> {
  const sending = client.send(get());
  await readUntil(far, "\r\n\r\n");
  await writeText(far, HI);
  assertEquals((await sending).closeReason, null);
}

/**
 * A server in another process, which this one cannot block. Some time after each
 * response it sends another one, and then adds to a file.
 */
const TALKER = `
const file = Deno.args[0];
const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
console.log(listener.addr.port);
const response = new TextEncoder().encode(${JSON.stringify(HI)});
for await (const conn of listener) talk(conn).catch(() => {});
async function talk(conn) {
  await conn.read(new Uint8Array(1000));
  await conn.write(response);
  await new Promise((resolve) => setTimeout(resolve, 10));
  await conn.write(response);
  await Deno.writeTextFile(file, ".", { append: true });
}`;

for (const [name, call] of CALLS) {
  Deno.test(`${name} never reads what arrived while the event loop was blocked`, async () => {
    const file = await Deno.makeTempFile();
    await using child = new Deno.Command(Deno.execPath(), {
      args: ["eval", TALKER, file],
      stdout: "piped",
    }).spawn();
    const reader = child.stdout.getReader();
    const port = new TextDecoder().decode((await reader.read()).value).trim();
    const address = { hostname: "127.0.0.1", port: Number(port) };
    const openings = [
      () => HttpClient.connect(`http://127.0.0.1:${port}/`, { origin: null }),
      async () => new HttpClient(await Deno.connect(address)),
      async () => {
        const { readable, writable } = await Deno.connect(address);
        return new HttpClient({ readable, writable });
      },
    ];
    let sent = 0;
    for (const open of [...openings, ...openings, ...openings]) {
      const client = await open();
      assertEquals((await client.send(get())).response.text(), "hi");
      sent++;
      while (Deno.statSync(file).size < sent);
      await fails(call(client), "UnexpectedBytes");
      await client.close();
    }
    await reader.cancel();
    child.kill();
    await Deno.remove(file);
  });
}

Deno.test("an idle socket ends with bytes, end of file, or a reset", async () => {
  for (const how of ["bytes", "eof"]) {
    await talkTo(async (client, far) => {
      await carryOneOver(client, far);
      if (how === "bytes") await writeText(far, HI);
      else far.close();
      await awake(client.ended);
      assertEquals(client.reusable, false);
      const error = await rejection(client.send(get()));
      assertEquals(
        error instanceof HttpError && error.code,
        how === "bytes" ? "UnexpectedBytes" : "NoResponse",
      );
    });
  }
  const server = createServer((socket) => {
    server.close();
    socket.once("data", () => {
      socket.write(HI, () => setTimeout(() => socket.resetAndDestroy(), 5));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}/`;
  const client = await HttpClient.connect(url, { origin: null });
  await client.send(get());
  await awake(client.ended);
  const error = await fails(client.send(get()), "ConnectionLost");
  assertStringIncludes(error.message, `127.0.0.1:${port}`);
});

Deno.test("a connection that connect opened takes no bytes before the first request", async () => {
  await talkTo(async (client, far) => {
    await writeText(far, HI);
    await awake(client.ended);
    const error = await fails(client.send(get()), "UnexpectedBytes");
    assertEquals(error.progress?.reused, false);
  });
});

Deno.test("an idle connection does not keep the process alive", async () => {
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    () => new Response("hi"),
  );
  const url = `http://127.0.0.1:${server.addr.port}/`;
  const program = `
    import { HttpClient } from "@pimalaya/io-http/client";
    import { HttpRequest } from "@pimalaya/io-http";
    const client = await HttpClient.connect("${url}");
    await client.send(HttpRequest.get("${url}"));
    console.log("idle");`;
  const { success, stdout } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--allow-net",
      `--config=${new URL("../../../deno.json", import.meta.url).pathname}`,
      "--ext=ts",
      "data:application/typescript," + encodeURIComponent(program),
    ],
    stdout: "piped",
    stderr: "inherit",
  }).output();
  assertEquals(new TextDecoder().decode(stdout), "idle\n");
  assertEquals(success, true);
});

/** Each state that takes no request, how to get there, and what a call says. */
const STATES: [
  name: string,
  enter: (client: HttpClient, server: PipeServer) => Promise<unknown>,
  says: RegExp,
][] = [
  [
    "a send in flight",
    (client) => {
      client.send(get()).catch(() => {});
      return Promise.resolve();
    },
    /GET http:\/\/example\.com\/ is in flight; await its response/,
  ],
  [
    "a run in flight",
    (client) => {
      client.run(new Script(READ)).catch(() => {});
      return Promise.resolve();
    },
    /run\(\) is in flight; await its step/,
  ],
  [
    "an unread body",
    async (client, server) => {
      server.write(HI);
      await client.exchange(get());
    },
    /the response body of GET http:\/\/example\.com\/ is not read to its end; read it, or call discard\(\)/,
  ],
  [
    "a canceled body",
    async (client, server) => {
      server.write(HI);
      await (await client.exchange(get())).body.cancel();
    },
    /connection is closed: the last response body was canceled \(discard\(\) can keep it open\)/,
  ],
  [
    "close()",
    (client) => client.close(),
    /the client is closed; open another connection/,
  ],
  [
    "an upgrade",
    async (client, server) => {
      server.write(SWITCH);
      await client.send(upgrade());
    },
    /the connection was upgraded; call detach\(\)/,
  ],
  [
    "a detach",
    (client) => {
      client.detach();
      return Promise.resolve();
    },
    /its connection is detached/,
  ],
  [
    "a failure",
    async (client, server) => {
      server.write("SMTP");
      await client.send(get()).catch(() => {});
    },
    /connection is closed: the last exchange failed \(InvalidStatusLine\)/,
  ],
  [
    "an abort",
    async (client) => {
      await client.send(get(), { signal: AbortSignal.timeout(0) })
        .catch(() => {});
    },
    /connection is closed: the last exchange was aborted/,
  ],
  [
    "a response that ends the connection",
    async (client, server) => {
      server.write("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n");
      await client.send(get());
    },
    /connection is closed \(Http10\)/,
  ],
  [
    "a step without keepAlive",
    (client) => client.run(new Script({ type: "Ok" })),
    /the last run\(\) did not leave the connection reusable/,
  ],
];

for (const [name, enter, says] of STATES) {
  Deno.test(`a call after ${name} rejects, and says what to do`, async () => {
    const { client, server } = openPipe();
    await enter(client, server);
    assertEquals(client.reusable, false);
    for (const [how, call] of CALLS) {
      if (how === "run" && name === "a step without keepAlive") continue;
      const error = await rejection(call(client));
      assertInstanceOf(error, TypeError);
      assertEquals(says.test(error.message), true, error.message);
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
  await server.readUntil("\r\n\r\n");
  assertEquals(server.received, 0);
  await server.write(HI);
  assertEquals((await first).response.text(), "hi");
  await carryOne(client, server);
  await client.close();
});

Deno.test("ended resolves however the connection ends", async () => {
  for (const [name, enter] of STATES) {
    if (/in flight|unread|keepAlive/.test(name)) continue;
    const { client, server } = openPipe();
    const { ended } = client;
    await enter(client, server);
    await ended;
    // The same promise, and also one that is asked for later.
    await client.ended;
    await client.close();
  }
});

Deno.test("close fails the call in flight with an AbortError", async () => {
  for (const [, call] of CALLS) {
    const { client, server } = openPipe();
    const calling = rejection(call(client));
    await client.close();
    assertClosed(await calling);
    await server.closed;
    await client.close();
  }
});

Deno.test("close closes an idle socket, and one that someone else closed", async () => {
  for (const closesNear of [false, true]) {
    const { near, far } = await tcpPair();
    const client = new HttpClient(near);
    if (closesNear) near.close();
    await client.close();
    await client.close();
    assertEquals(await readToEnd(far), "");
    far.close();
  }
});

Deno.test("close waits a bounded time for streams that do not close", async () => {
  using timers = new HeldTimers();
  const aborted: unknown[] = [];
  const never = () => new Promise<void>(() => {});
  const client = new HttpClient({
    readable: new ReadableStream({ cancel: never }),
    writable: new WritableStream({
      close: never,
      abort(reason) {
        aborted.push(reason);
      },
    }),
  });
  const closing = client.close();
  await timers.fire(1000);
  await closing;
  assertEquals(timers.delays, []);
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

Deno.test("await using closes the client, also if its block throws", async () => {
  for (const throws of [false, true]) {
    const { client: stream, server } = pipe();
    const reason = new Error("Mine");
    const block = async () => {
      await using client = new HttpClient(stream);
      await client.run(new Script(DONE));
      if (throws) throw reason;
    };
    if (throws) assertStrictEquals(await rejection(block()), reason);
    else await block();
    assertEquals(server.isClosed, true);
  }
});

const collectGarbage: () => void = (() => {
  setFlagsFromString("--expose-gc");
  return runInNewContext("gc");
})();

/** Collects garbage until a condition holds. */
async function collectUntil(holds: () => boolean): Promise<void> {
  for (let round = 0; round < 1000 && !holds(); round++) {
    collectGarbage();
    // Registries call back in later turns.
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  assertEquals(holds(), true);
}

Deno.test("a client that is dropped closes its connection", async () => {
  const cases:
    ((client: HttpClient, server: PipeServer) => Promise<unknown>)[] = [
      () => Promise.resolve(),
      carryOne,
      async (client, server) => {
        server.write(HI);
        await client.exchange(get());
      },
      async (client, server) => {
        server.write(HI);
        const { body } = await client.exchange(get());
        const reader = body.getReader();
        await reader.read();
        reader.releaseLock();
      },
    ];
  for (const use of cases) {
    const { client: stream, server } = pipe();
    let closed = false;
    server.closed.then(() => closed = true);
    await (async () => await use(new HttpClient(stream), server))();
    await collectUntil(() => closed);
  }
});

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
