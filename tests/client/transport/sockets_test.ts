// The properties of connectors that only Deno can show: how TLS ends on the wire,
// resources that stay open, and how a connection is used.
// `tests/runtimes/cases/sockets.ts` has the cases that every runtime runs.

import {
  assertEquals,
  assertInstanceOf,
  assertLess,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { once } from "node:events";
import { Socket } from "node:net";
import { createServer } from "node:tls";
import { denoConnector } from "../../../client/connect/deno.ts";
import { nodeConnector } from "../../../client/connect/node.ts";
import { openConnection } from "../../../client/connect/open.ts";
import type {
  HttpConnection,
  HttpConnector,
} from "../../../client/transport/http_connection.ts";
import {
  MissingCloseNotifyError,
  readFrom,
  takeTransport,
  type Transport,
  writeTo,
} from "../../../client/transport/transport.ts";
import { nextTurn } from "../../../client/transport/turn.ts";
import { HttpRequest } from "@pimalaya/io-http";
import { openSocket } from "../../hostile/_peer.ts";
import { toBytes, toText } from "../../_text.ts";
import { CA, SERVER } from "../../_tls.ts";
import { drain, fails, runProgram, SWITCH, upgrade } from "../_client.ts";

const LOCAL = { hostname: "127.0.0.1", port: 0 };

/** Connectors, by their source text. */
const CONNECTORS = Object.entries({
  denoConnector,
  nodeConnector,
  // It connects without TLS, and then starts it over a `Deno.Conn`.
  "{ ...denoConnector }": { ...denoConnector },
});

/** Opens a connection over TLS to a port, and takes its transport. */
async function openTls(
  connector: HttpConnector,
  port: number,
): Promise<Transport> {
  return take(
    await openConnection({
      connector,
      target: { ...LOCAL, port },
      tls: { serverName: "localhost", caCerts: [CA] },
    }),
  );
}

function take(connection: HttpConnection): Transport {
  const transport = takeTransport(connection);
  if (transport === null) throw new Error("The connection is not ours");
  return transport;
}

for (const [name, connector] of CONNECTORS) {
  Deno.test(`${name} sends a close_notify when it closes`, async () => {
    using listener = Deno.listenTls({ ...LOCAL, ...SERVER });
    const accepting = listener.accept();
    const transport = await openTls(connector, listener.addr.port);
    using server = await accepting;
    await writeTo(transport, [toBytes("bye")]);
    await transport.close();
    const buffer = new Uint8Array(10);
    assertEquals(await server.read(buffer), 3);
    assertEquals(await server.read(buffer), null);
  });

  for (
    const [what, response, cuts, code] of [
      ["an end of the body", "\r\ngood", false, null],
      ["a cut body", "\r\nhalf", true, "ConnectionLost"],
      ["a whole body", "Content-Length: 4\r\n\r\nfull", true, null],
      ["half a body", "Content-Length: 9\r\n\r\nhalf", true, "UnexpectedEof"],
    ] as const
  ) {
    Deno.test(`${name} lets a client know ${what} at an end ${cuts ? "without" : "with"} close_notify`, async () => {
      await using ends = await openSocket("TLS", { connector });
      const { client, peer } = ends;
      const exchanging = client.exchange(HttpRequest.get(ends.url));
      await peer.readUntil("\r\n\r\n");
      await peer.write(`HTTP/1.1 200 OK\r\n${response}`);
      const reader = (await exchanging).body.getReader();
      assertEquals((await reader.read()).value?.length, 4);
      if (cuts) peer.cut();
      else peer.close();
      const reading = reader.read();
      if (code === null) assertEquals((await reading).done, true);
      else {
        const { cause } = await fails(reading, code);
        if (code !== "ConnectionLost") return;
        assertInstanceOf(cause, MissingCloseNotifyError);
      }
    });
  }

  Deno.test(`${name} leaves no socket of aborted uploads to a peer that does not read`, async () => {
    using listener = Deno.listenTls({ ...LOCAL, ...SERVER });
    const servers: Deno.Conn[] = [];
    const accepting = (async () => {
      while (servers.length < 10) servers.push(await listener.accept());
    })();
    const url = (path: string) =>
      new URL(`../../../client/${path}`, import.meta.url).href;
    const left = await runProgram(`
      import { openConnection } from "${url("connect/open.ts")}";
      import { denoConnector, nodeConnector } from "@pimalaya/io-http/client";
      import { takeTransport, writeTo } from "${url("transport/transport.ts")}";
      import { nextTurn } from "${url("transport/turn.ts")}";
      const countSockets = async () => {
        const args = ["-l", "/proc/" + Deno.pid + "/fd"];
        const { stdout } = await new Deno.Command("ls", { args }).output();
        return new TextDecoder().decode(stdout).split(" socket:").length;
      };
      const connector = ${name};
      const before = await countSockets();
      for (let i = 0; i < 10; i++) {
        const transport = takeTransport(await openConnection({
          connector,
          target: { hostname: "127.0.0.1", port: ${listener.addr.port} },
          tls: { serverName: "localhost", caCerts: [${JSON.stringify(CA)}] },
        }));
        const writing = writeTo(transport, [new Uint8Array(20_000_000)]);
        const isAborted = writing.then(() => false, () => true);
        await nextTurn();
        transport.abort(new Error("Enough"));
        if (!await isAborted) throw new Error("It was written");
        await transport.close();
      }
      console.log(await countSockets() - before);
      Deno.exit();`);
    // Deno opens up to 5 for its own use, such as for signals.
    assertEquals(/^[0-5]\n$/.test(left), true, `${left} sockets are left`);
    await accepting;
    for (const server of servers) server.close();
  });

  Deno.test(`${name} does not read on while nobody reads`, async () => {
    await using ends = await openSocket("TLS", { connector });
    const { client, peer } = ends;
    const transport = take(client.detach());
    const flooding = peer.flood("x".repeat(65536));
    let before = -1;
    while (
      peer.written < 200_000 ||
      peer.written !== before && before < 50_000_000
    ) {
      before = peer.written;
      for (let i = 0; i < 200; i++) await nextTurn();
    }
    // The kernel buffers a few megabytes at most.
    assertLess(peer.written, 50_000_000);
    transport.abort(new Error("Enough"));
    await flooding;
    await transport.close();
  });

  for (const scheme of ["http", "https"]) {
    Deno.test(`${name} lets the process end while a client of ${scheme} is idle`, async () => {
      const identity = scheme === "https" ? SERVER : {};
      await using server = Deno.serve(
        { ...LOCAL, ...identity, onListen() {} },
        () => new Response("hi"),
      );
      const { port } = server.addr;
      const tls = scheme === "https"
        ? `{ caCerts: [${JSON.stringify(CA)}] }`
        : "";
      assertEquals(
        await runProgram(`
          import { denoConnector, HttpClient, nodeConnector } from "@pimalaya/io-http/client";
          import { HttpRequest } from "@pimalaya/io-http";
          const connector = ${name};
          const url = "${scheme}://127.0.0.1:${port}/";
          const tls = ${tls || "undefined"};
          const client = await HttpClient.connect(url, { connector, tls });
          await client.send(HttpRequest.get(url));
          console.log("idle");`),
        "idle\n",
      );
    });
  }

  for (const kind of ["TCP", "TLS"] as const) {
    Deno.test(`${name} carries another protocol both ways once it is detached, over ${kind}`, async () => {
      for (const end of ["close", "abort"] as const) {
        await using ends = await openSocket(kind, { connector });
        const { client, peer } = ends;
        const sending = client.send(upgrade());
        await peer.readUntil("\r\n\r\n");
        await peer.write(`${SWITCH}early `);
        await sending;
        const { readable, writable } = client.detach();
        const writer = writable.getWriter();
        const text = "x".repeat(1_000_000);
        const writing = writer.write(toBytes(`${text}up`));
        await peer.readUntil("up");
        await writing;
        const draining = drain(readable);
        if (end === "abort") {
          await peer.abort();
          await assertRejects(() => draining);
          await writer.abort();
        } else {
          await peer.write(text);
          peer.close();
          assertEquals(await draining === `early ${text}`, true);
          await writer.close();
        }
        await peer.closed;
      }
    });
  }

  Deno.test(`${name} starts no TLS behind bytes that came before the handshake`, async () => {
    await using ends = await openSocket("TCP", { connector });
    const { client, peer, url } = ends;
    const sending = client.send(new HttpRequest("CONNECT", url));
    await peer.readUntil("\r\n\r\n");
    await peer.write("HTTP/1.1 200 OK\r\n\r\nearly");
    await sending;
    const connection = client.detach();
    const starting = connection.startTls!({ serverName: "localhost" });
    const { message } = await fails(starting, "TlsFailed");
    assertEquals(message.includes("5 bytes came before"), true, message);
    await peer.closed;
  });

  Deno.test(`${name} drives only the very connection that it returned`, async () => {
    using listener = Deno.listen(LOCAL);
    const target = { ...LOCAL, port: listener.addr.port };
    const connection = await connector.connect(target);
    using server = await listener.accept();
    const wrappers = [Object.create(connection), new Proxy(connection, {})];
    for (const wrapper of wrappers) assertEquals(takeTransport(wrapper), null);
    const [inheriting, proxy] = wrappers as [HttpConnection, HttpConnection];
    assertStrictEquals(inheriting.readable, proxy.readable);
    const writer = proxy.writable.getWriter();
    await writer.write(toBytes("hi"));
    assertEquals(await server.read(new Uint8Array(9)), 2);
    assertEquals(takeTransport(connection), null);
    await assertRejects(
      () => connection.startTls!({ serverName: "localhost" }),
      TypeError,
      "its streams are in use",
    );
    await inheriting.readable.cancel();

    const driven = await connector.connect(target);
    const transport = take(driven);
    assertThrows(() => driven.readable, TypeError, "a client drives it");
    assertThrows(() => takeTransport(driven), TypeError, "a client drives it");
    transport.abort(new Error("Enough"));
    await transport.close();
    (await listener.accept()).close();
  });
}

for (
  const [name, connector] of Object.entries({ denoConnector, nodeConnector })
) {
  Deno.test(`${name} starts TLS for a copy whose streams are not in use`, async () => {
    using listener = Deno.listenTls({ ...LOCAL, ...SERVER });
    const serving = listener.accept().then(async (server) => {
      await server.handshake();
      return server;
    });
    let copy!: HttpConnection;
    const secure = await openConnection({
      connector: {
        connect: async (target, options) =>
          copy = { ...await connector.connect(target, options) },
      },
      target: { ...LOCAL, port: listener.addr.port },
      tls: { serverName: "localhost", caCerts: [CA] },
    });
    using server = await serving;
    await copy.readable.cancel();
    await copy.writable.abort();
    const transport = take(secure);
    await writeTo(transport, [toBytes("hi")]);
    assertEquals(await server.read(new Uint8Array(9)), 2);
    transport.abort(new Error("Enough"));
    await transport.close();

    using plain = Deno.listen(LOCAL);
    const target = { ...LOCAL, port: plain.addr.port };
    const { readable, startTls } = await connector.connect(target);
    const reader = readable.getReader();
    const locked = startTls!({ serverName: "localhost" });
    await assertRejects(() => locked, TypeError, "its streams are in use");
    await reader.cancel();
    (await plain.accept()).close();
  });
}

Deno.test("a read over TLS, over a Unix socket, rejects at a reset", async () => {
  const folder = await Deno.makeTempDir();
  const unixPath = `${folder}/socket`;
  const server = createServer({ ...SERVER });
  const accepting = once(server, "connection");
  const securing = once(server, "secureConnection");
  server.listen(unixPath);
  await once(server, "listening");
  const transport = take(
    await openConnection({
      connector: nodeConnector,
      target: { unixPath },
      tls: { serverName: "localhost", caCerts: [CA] },
    }),
  );
  const [raw] = await accepting as [Socket];
  await securing;
  raw.pause();
  await writeTo(transport, [toBytes("unread")]);
  raw.destroy();
  const reading = readFrom(transport);
  await assertRejects(() => reading, Error, "ECONNRESET");
  await transport.close();
  await new Promise((resolve) => server.close(resolve));
  await Deno.remove(folder, { recursive: true });
});

Deno.test("denoConnector connects as nodeConnector for TLS, once that is loaded", async () => {
  using listener = Deno.listenTls({ ...LOCAL, ...SERVER });
  const { port } = listener.addr;
  await using open = new AsyncDisposableStack();
  const connect = async () => {
    const accepting = listener.accept();
    const transport = await openTls(denoConnector, port);
    open.use(await accepting);
    open.defer(() => transport.close());
  };
  await connect();
  const original = Deno.connect;
  const failing = () => Promise.reject(new Error("Not this way"));
  Object.assign(Deno, { connect: failing });
  try {
    await connect();
  } finally {
    Object.assign(Deno, { connect: original });
  }
});

Deno.test("nodeConnector connects by name if Deno permits only that", async () => {
  const listener = Deno.listen(LOCAL);
  const serving = (async () => {
    for await (const conn of listener) conn.close();
  })();
  const { port } = listener.addr;
  const url = new URL("../../../client/connect/node.ts", import.meta.url);
  const denied = `Cannot connect to localhost:${port}: permission denied`;
  for (
    const [permitted, printed] of [
      ["localhost", "127.0.0.1"],
      [`localhost:${port}`, "127.0.0.1"],
      ["127.0.0.1", denied],
    ]
  ) {
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-prompt", `--allow-net=${permitted}`, "-"],
      cwd: new URL("../../../", import.meta.url),
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    const writer = child.stdin.getWriter();
    await writer.write(toBytes(`
      import { nodeConnector } from "${url.href}";
      const target = { hostname: "localhost", port: ${port} };
      try {
        const { info, abort } = await nodeConnector.connect(target);
        console.log(info.remote.hostname);
        abort();
      } catch ({ message }) {
        console.log(message);
      }`));
    await writer.close();
    assertEquals(toText((await child.output()).stdout), `${printed}\n`);
  }
  listener.close();
  await serving;
});

Deno.test("the connectors turn off Nagle's algorithm, and turn on keep-alive", async () => {
  using listener = Deno.listen(LOCAL);
  const target = { ...LOCAL, port: listener.addr.port };
  using conn = await Deno.connect({ port: listener.addr.port });
  const calls: string[] = [];
  for (
    const [name, connector, prototype] of [
      ["Deno", denoConnector, Object.getPrototypeOf(conn)],
      ["Node", nodeConnector, Socket.prototype],
    ] as const
  ) {
    const { setNoDelay, setKeepAlive } = prototype;
    const spy = (what: string, method: () => unknown) =>
      function (this: unknown, ...args: []) {
        calls.push(`${name} ${what} ${args}`);
        return method.apply(this, args);
      };
    prototype.setNoDelay = spy("no-delay", setNoDelay);
    prototype.setKeepAlive = spy("keep-alive", setKeepAlive);
    try {
      await take(await connector.connect(target)).close();
    } finally {
      Object.assign(prototype, { setNoDelay, setKeepAlive });
    }
  }
  assertEquals(calls, [
    "Deno no-delay true",
    "Deno keep-alive true",
    "Node no-delay true",
    "Node keep-alive true,60000",
  ]);
  for (let i = 0; i < 3; i++) (await listener.accept()).close();
});
