// What only Deno can show of the connectors: how TLS ends on the wire, what is
// left open, and how a connection is used. `tests/runtimes/cases/sockets.ts` has
// the cases that every runtime runs.

import {
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { Socket } from "node:net";
import { denoConnector } from "../../../client/connect/deno.ts";
import { nodeConnector } from "../../../client/connect/node.ts";
import { openConnection } from "../../../client/connect/open.ts";
import type {
  HttpConnection,
  HttpConnector,
} from "../../../client/transport/http_connection.ts";
import {
  MissingCloseNotifyError,
  takeTransport,
  type Transport,
} from "../../../client/transport/transport.ts";
import { HttpRequest } from "@pimalaya/io-http";
import { HttpClient } from "@pimalaya/io-http/client";
import { toBytes, toText } from "../../_text.ts";
import { CA, SERVER } from "../../_tls.ts";

const LOCAL = { hostname: "127.0.0.1", port: 0 };
const CONNECTORS = [
  ["denoConnector", denoConnector],
  ["nodeConnector", nodeConnector],
] as const;

function listenTls(): Deno.TlsListener {
  return Deno.listenTls({ ...LOCAL, ...SERVER });
}

/** Opens a connection to a port. */
function connectTls(
  connector: HttpConnector,
  port: number,
): Promise<HttpConnection> {
  return openConnection({
    connector,
    target: { hostname: LOCAL.hostname, port },
    tls: { serverName: "localhost", caCerts: [CA] },
  });
}

/** Opens a connection to a port, and takes its transport. */
async function openTls(
  connector: HttpConnector,
  port: number,
): Promise<Transport> {
  return take(await connectTls(connector, port));
}

function take(connection: HttpConnection): Transport {
  const transport = takeTransport(connection);
  if (transport === null) throw new Error("The connection is not ours");
  return transport;
}

/**
 * Runs a script in a process of its own, and returns its output. Its function
 * `open` opens a connection over TLS to a port, and takes its transport.
 */
async function runScript(
  connector: string,
  port: number,
  script: string,
): Promise<string> {
  const url = (path: string) =>
    new URL(`../../../client/${path}`, import.meta.url).href;
  const setUp = `
    import { openConnection } from "${url("connect/open.ts")}";
    import { ${connector} as connector }
      from "${url(`connect/${connector.slice(0, 4)}.ts`)}";
    import { takeTransport } from "${url("transport/transport.ts")}";
    const open = async () => takeTransport(await openConnection({
      connector,
      target: { hostname: "127.0.0.1", port: ${port} },
      tls: { serverName: "localhost", caCerts: [${JSON.stringify(CA)}] },
    }));
  `;
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "--no-check", setUp + script],
    stderr: "inherit",
  }).output();
  return toText(stdout);
}

for (const [name, connector] of CONNECTORS) {
  Deno.test(`${name} sends a close_notify when it closes`, async () => {
    using listener = listenTls();
    const accepting = listener.accept();
    const transport = await openTls(connector, listener.addr.port);
    const server = await accepting;
    await transport.write([toBytes("bye")]);
    await transport.close();
    const buffer = new Uint8Array(10);
    assertEquals(await server.read(buffer), 3);
    assertEquals(await server.read(buffer), null);
    server.close();
  });

  Deno.test(`${name} reads all before an end without close_notify, which rejects`, async () => {
    await using relay = new Relay();
    const { connection, server } = await relay.open(connector);
    const transport = take(connection);
    await server.write(toBytes("half"));
    assertEquals(toText((await transport.read())!), "half");
    await relay.cut();
    const error = await assertRejects(() => transport.read());
    assertInstanceOf(error, MissingCloseNotifyError);
    await transport.close();
    server.close();
  });

  Deno.test(`${name} lets a client tell the end of a body from a cut one`, async () => {
    for (
      const [response, isCut, code] of [
        ["HTTP/1.1 200 OK\r\n\r\ngood", false, null],
        ["HTTP/1.1 200 OK\r\n\r\nhalf", true, "ConnectionLost"],
        ["HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfull", true, null],
        [
          "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf",
          true,
          "UnexpectedEof",
        ],
      ] as const
    ) {
      await using relay = new Relay();
      const { connection, server } = await relay.open(connector);
      await using client = new HttpClient(connection);
      const exchanging = client.exchange(HttpRequest.get("https://localhost/"));
      await server.read(new Uint8Array(1000));
      await server.write(toBytes(response));
      const reader = (await exchanging).body.getReader();
      assertEquals((await reader.read()).value?.length, 4);
      if (isCut) await relay.cut();
      else await server.closeWrite();
      const error = await reader.read().then(() => null, (error) => error);
      assertEquals(error?.code ?? null, code);
      server.close();
    }
  });

  Deno.test(`${name} leaves no socket of aborted uploads to a peer that does not read`, async () => {
    using listener = listenTls();
    const servers: Deno.Conn[] = [];
    const accepting = (async () => {
      while (servers.length < 10) servers.push(await listener.accept());
    })();
    const left = await runScript(
      name,
      listener.addr.port,
      `
      const countSockets = async () => {
        const args = ["-l", "/proc/" + Deno.pid + "/fd"];
        const { stdout } = await new Deno.Command("ls", { args }).output();
        return new TextDecoder().decode(stdout).split(" socket:").length;
      };
      const before = await countSockets();
      for (let i = 0; i < 10; i++) {
        const transport = await open();
        const writing = transport.write([new Uint8Array(20_000_000)]);
        const isAborted = writing.then(() => false, () => true);
        await transport.turn();
        transport.abort(new Error("Enough"));
        if (!await isAborted) throw new Error("It was written");
        await transport.close();
      }
      console.log(await countSockets() - before);
      Deno.exit();
      `,
    );
    // Deno opens up to 5 for its own use, such as for signals.
    assertEquals(/^[0-5]\n$/.test(left), true, `${left} sockets are left`);
    await accepting;
    for (const server of servers) server.close();
  });

  Deno.test(`${name} does not read on while nobody reads`, async () => {
    await using relay = new Relay();
    const { connection, server } = await relay.open(connector);
    const transport = take(connection);
    const writing = writeForever(server);
    let before = -1;
    while (
      relay.downBytes < 200_000 ||
      relay.downBytes !== before && before < 50_000_000
    ) {
      before = relay.downBytes;
      for (let i = 0; i < 200; i++) await transport.turn();
    }
    // What the kernel buffers is a few megabytes at most.
    assertEquals(before < 50_000_000, true, `${before} bytes were read`);
    transport.abort(new Error("Enough"));
    server.close();
    await writing;
    await transport.close();
  });

  Deno.test(`${name} lets the process end once it is unref'd, with a read pending`, async () => {
    using listener = listenTls();
    const accepting = listener.accept();
    const running = runScript(
      name,
      listener.addr.port,
      `
      const transport = await open();
      transport.unref();
      transport.read();
      console.log("end");
      `,
    );
    const server = await accepting;
    await server.handshake();
    assertEquals(await running, "end\n");
    server.close();
  });

  Deno.test(`${name} drives only the very connection that it returned`, async () => {
    using listener = Deno.listen(LOCAL);
    const target = { hostname: LOCAL.hostname, port: listener.addr.port };
    const connection = await connector.connect(target);
    const server = await listener.accept();
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
    server.close();

    const driven = await connector.connect(target);
    const transport = take(driven);
    assertThrows(() => driven.readable, TypeError, "a client drives it");
    assertThrows(() => takeTransport(driven), TypeError, "a client drives it");
    transport.abort(new Error("Enough"));
    await transport.close();
    (await listener.accept()).close();
  });
}

Deno.test("nodeConnector connects by name if Deno permits only that", async () => {
  using listener = Deno.listen(LOCAL);
  const { port } = listener.addr;
  const url = new URL("../../../client/connect/node.ts", import.meta.url);
  const root = new URL("../../../", import.meta.url);
  for (const permitted of ["localhost", `localhost:${port}`]) {
    const accepting = listener.accept();
    const child = new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--no-check",
        "--no-prompt",
        `--allow-net=${permitted}`,
        "-",
      ],
      cwd: root,
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    const writer = child.stdin.getWriter();
    await writer.write(toBytes(`
      import { nodeConnector } from "${url.href}";
      const target = { hostname: "localhost", port: ${port} };
      const { info, abort } = await nodeConnector.connect(target);
      console.log(info.remote.hostname);
      abort();
    `));
    await writer.close();
    assertEquals(toText((await child.output()).stdout), "127.0.0.1\n");
    (await accepting).close();
  }
});

Deno.test("the connectors turn off Nagle's algorithm, and turn on keep-alive", async () => {
  using listener = Deno.listen(LOCAL);
  const target = { hostname: LOCAL.hostname, port: listener.addr.port };
  const conn = await Deno.connect({ port: listener.addr.port });
  const calls: unknown[] = [];
  for (
    const [name, connector, prototype] of [
      ["Deno", denoConnector, Object.getPrototypeOf(conn)],
      ["Node", nodeConnector, Socket.prototype],
    ] as const
  ) {
    const { setNoDelay, setKeepAlive } = prototype;
    prototype.setNoDelay = function (...args: unknown[]) {
      calls.push(`${name} no-delay ${args}`);
      return setNoDelay.apply(this, args);
    };
    prototype.setKeepAlive = function (...args: unknown[]) {
      calls.push(`${name} keep-alive ${args}`);
      return setKeepAlive.apply(this, args);
    };
    try {
      const transport = take(await connector.connect(target));
      await transport.close();
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
  conn.close();
  for (let i = 0; i < 3; i++) (await listener.accept()).close();
});

/** TLS through a relay, which sees what is below TLS. */
class Relay implements AsyncDisposable {
  /** How many bytes the client's side has taken. */
  downBytes = 0;
  readonly #tls = listenTls();
  readonly #tcp = Deno.listen(LOCAL);
  readonly #conns: Deno.Conn[] = [];
  readonly #pumps: Promise<void>[] = [];

  async open(
    connector: HttpConnector,
  ): Promise<{ connection: HttpConnection; server: Deno.TlsConn }> {
    const accepting = this.#tls.accept();
    const opening = connectTls(connector, this.#tcp.addr.port);
    const down = await this.#tcp.accept();
    const up = await Deno.connect({ port: this.#tls.addr.port });
    this.#conns.push(down, up);
    this.#pumps.push(
      pump(down, up),
      pump(up, down, (length) => this.downBytes += length),
    );
    return { server: await accepting, connection: await opening };
  }

  /** Ends the client's side below TLS. */
  async cut(): Promise<void> {
    await this.#conns[0]!.closeWrite();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const resource of [...this.#conns, this.#tls, this.#tcp]) {
      resource.close();
    }
    await Promise.all(this.#pumps);
  }
}

/** Writes until the connection is closed. */
async function writeForever(conn: Deno.Conn): Promise<void> {
  const bytes = new Uint8Array(65536);
  try {
    while (true) await conn.write(bytes);
  } catch {
    // It was closed.
  }
}

/** Copies bytes from one connection to another, until either ends. */
async function pump(
  from: Deno.Conn,
  to: Deno.Conn,
  note: (length: number) => void = () => {},
): Promise<void> {
  const buffer = new Uint8Array(65536);
  try {
    for (let length; (length = await from.read(buffer)) !== null;) {
      for (let at = 0; at < length;) {
        const written = await to.write(buffer.subarray(at, length));
        note(written);
        at += written;
      }
    }
  } catch {
    // One of them was closed.
  }
}
