// Connecting, TLS, and how connections end, through the connectors of the
// runtime and below HTTP.

import { openConnection } from "../../../client/connect/open.ts";
import type {
  HttpAddress,
  HttpConnection,
} from "../../../client/transport/http_connection.ts";
import {
  takeTransport,
  type Transport,
} from "../../../client/transport/transport.ts";
import { HttpError } from "../../../mod.ts";
import { equal } from "../../_sweep.ts";
import { toBytes, toText } from "../../_text.ts";
import {
  type Action,
  type Case,
  type Env,
  type Group,
  type Peer,
  reasonOf,
} from "./_case.ts";

type Tls = Exclude<Parameters<typeof openConnection>[0]["tls"], null>;

const HOST = "127.0.0.1";
const MEGABYTES = new Uint8Array(20_000_000);

/** Connecting, and what it rejects with. */
export const CONNECTS: Group = {
  title: "Connect: TCP, Unix, TLS, client certificate, faults",
  cases: [
    {
      name: "connect tells the addresses of both ends",
      needs: ["transport"],
      run: addresses,
    },
    {
      name: "connect opens a Unix socket, also for TLS",
      needs: ["unix"],
      run: unix,
    },
    {
      name: "connect rejects with the address and the reason",
      needs: ["transport"],
      run: refused,
    },
    {
      name:
        "connect rejects with the reason of an aborted signal, and opens nothing",
      needs: ["transport"],
      run: abortedEarly,
    },
    {
      name: "TLS trusts the caller's authorities, by name and by address",
      needs: ["tls"],
      run: trusted,
    },
    {
      name: "TLS presents a client certificate, under any server name",
      needs: ["clientCertificate"],
      run: clientCertificate,
    },
    {
      name: "TLS rejects with the name, the address, and the reason",
      needs: ["tls"],
      run: handshakeFaults,
    },
    {
      name: "aborted handshakes leave no socket",
      needs: ["tls"],
      run: abortedHandshakes,
    },
    {
      name: "startTls works through CONNECT, also inside TLS",
      needs: ["tls"],
      run: tunnels,
    },
    {
      name: "startTls rejects bytes that came before the handshake",
      needs: ["tls"],
      run: injected,
    },
  ],
};

/** What reads and writes do at the end of a connection. */
export const SOCKETS: Group = {
  title: "Sockets: end of file, reset, abort, half-close",
  cases: [false, true].flatMap((tls): Case[] => {
    const over = tls ? "over TLS" : "over TCP";
    const needs = [tls ? "tls" : "transport"] as const;
    return [
      {
        name: `a read ${over} returns null at end of file, for good`,
        needs,
        run: (env) => endOfFile(env, tls),
      },
      {
        name: `a read ${over} rejects at a reset`,
        needs,
        run: (env) => reset(env, tls),
      },
      {
        name: `abort ${over} settles the read and the blocked write`,
        needs,
        run: (env) => abort(env, tls),
      },
      {
        name: `close ${over} ends the connection in order`,
        needs,
        run: (env) => close(env, tls),
      },
      {
        name: `the streams of a connection ${over} end one by one`,
        needs: [tls ? "tls" : "sockets"],
        run: (env) => halves(env, tls),
      },
      {
        name: `all bytes come through ${over} to a slow reader`,
        needs,
        run: (env) => slowReader(env, tls),
      },
    ];
  }),
};

function open(
  { connector, caCert }: Env,
  target: number | HttpAddress,
  tls: Partial<Tls> | null,
  signal?: AbortSignal,
): Promise<HttpConnection> {
  return openConnection({
    connector,
    target: typeof target === "number"
      ? { hostname: HOST, port: target }
      : target,
    tls: tls && { serverName: "localhost", caCerts: [caCert], ...tls },
    signal,
  });
}

/** Opens a connection to a peer, and takes its transport. */
async function openPeer(
  env: Env,
  script: Action[],
  tls: boolean,
): Promise<{ peer: Peer; transport: Transport }> {
  const peer = await env.peer([script], { tls });
  const connection = await open(env, peer.port, tls ? {} : null);
  return { peer, transport: take(connection) };
}

function take(connection: HttpConnection): Transport {
  const transport = takeTransport(connection);
  if (transport === null) throw new Error("The connection is not ours");
  return transport;
}

/** Reads through the end of a text. */
async function readUntil(transport: Transport, end: string): Promise<string> {
  let text = "";
  while (!text.includes(end)) {
    const bytes = await transport.read();
    if (bytes === null) throw new Error(`The end of file comes after ${text}`);
    text += toText(bytes);
    transport.recycle(bytes);
  }
  return text;
}

/** Sends a GET over a connection, and closes it. */
async function getHello(connection: HttpConnection): Promise<void> {
  const transport = take(connection);
  await transport.write([toBytes("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")]);
  const text = await readUntil(transport, "hello");
  equal("status", text.slice(0, 15), "HTTP/1.1 200 OK");
  await transport.close();
}

async function addresses(env: Env): Promise<void> {
  const connection = await open(env, env.port, null);
  const { remote, local, tls } = connection.info;
  equal("remote", remote, { hostname: HOST, port: env.port });
  if (local === null || !("port" in local)) throw new Error("It has no port");
  equal("local", [local.hostname, local.port > 0], [HOST, true]);
  equal("tls", tls, null);
  await getHello(connection);
  await getHello(
    await open(env, { hostname: "localhost", port: env.port }, null),
  );
}

async function unix(env: Env): Promise<void> {
  const connection = await open(env, { unixPath: env.unixPath }, null);
  equal("remote", connection.info.remote, { unixPath: env.unixPath });
  await getHello(connection);
}

/** Checks an error of a phase, and what its message contains. */
function checkError(
  error: unknown,
  code: string,
  phase: string,
  parts: readonly string[],
): void {
  if (!(error instanceof HttpError)) throw error;
  equal("code", error.code, code);
  equal("phase", error.progress?.phase, phase);
  for (const part of parts) {
    if (!error.message.includes(part)) {
      throw new Error(`No ${part} in ${error.message}`);
    }
  }
}

async function refused(env: Env): Promise<void> {
  // A port of a peer that is gone would do, if nobody else took it; 1 is free.
  const targets: [HttpAddress, string[]][] = [
    [{ hostname: HOST, port: 1 }, ["127.0.0.1:1", "refused"]],
    [{ hostname: "localhost", port: 1 }, ["localhost:1", HOST, "refused"]],
    [{ hostname: "unknown.invalid", port: 80 }, ["unknown.invalid:80"]],
    [{ unixPath: `${env.unixPath}.none` }, ["no such file"]],
  ];
  for (const [target, parts] of targets) {
    const error = await reasonOf(open(env, target, null));
    checkError(error, "ConnectFailed", "connect", parts);
    equal("cause", (error as Error).cause instanceof Error, true);
  }
}

async function abortedEarly(env: Env): Promise<void> {
  const peer = await env.peer([["eof"]]);
  const reason = { not: "an error" };
  const aborted = open(env, peer.port, null, AbortSignal.abort(reason));
  equal("is the reason", await reasonOf(aborted) === reason, true);
  const controller = new AbortController();
  const connecting = open(env, peer.port, null, controller.signal);
  controller.abort(reason);
  equal("is the reason", await reasonOf(connecting) === reason, true);
  const { transport, peer: other } = await openPeer(env, ["eof"], false);
  await transport.close();
  await other.closed();
  equal("open", (await peer.facts()).open, 0);
}

async function trusted(env: Env): Promise<void> {
  for (const serverName of ["localhost", HOST]) {
    const connection = await open(env, env.tlsPort, { serverName });
    equal("tls", connection.info.tls, { alpnProtocol: "http/1.1" });
    equal("remote", connection.info.remote, {
      hostname: HOST,
      port: env.tlsPort,
    });
    await getHello(connection);
  }
}

async function clientCertificate(env: Env): Promise<void> {
  await getHello(await open(env, env.mutualPort, env.client));
  const { cert } = env.client;
  for (const tls of [{ cert }, { caCerts: ["/etc/ca.pem"] }]) {
    const error = await reasonOf(open(env, env.mutualPort, tls));
    equal("error", (error as Error).name, "TypeError");
  }
}

async function handshakeFaults(env: Env): Promise<void> {
  const faults: [Partial<Tls>, string[]][] = [
    [{ caCerts: [env.otherCaCert] }, ["localhost"]],
    [{ caCerts: undefined }, ["localhost"]],
    [{ serverName: "example.test" }, ["example.test"]],
    [{ serverName: "127.0.0.2" }, ["127.0.0.2"]],
  ];
  for (const [tls, parts] of faults) {
    const error = await reasonOf(open(env, env.tlsPort, tls));
    checkError(error, "TlsFailed", "tls", [`${HOST}:${env.tlsPort}`, ...parts]);
  }
  const scripts: Action[][] = [
    [{ read: 1 }, { write: "HTTP/1.1 400 Bad Request\r\n\r\n" }],
    [{ read: 1 }, "fin"],
    [{ read: 1 }, "reset"],
  ];
  for (const script of scripts) {
    const peer = await env.peer([script]);
    const error = await reasonOf(open(env, peer.port, {}));
    checkError(error, "TlsFailed", "tls", [`${HOST}:${peer.port}`]);
    await peer.closed();
  }
}

async function abortedHandshakes(env: Env): Promise<void> {
  const peer = await env.peer([["eof"]]);
  const controller = new AbortController();
  const handshakes = Array.from(
    { length: 40 },
    () => reasonOf(open(env, peer.port, {}, controller.signal)),
  );
  while ((await peer.facts()).connections < 40);
  const reason = new RangeError("Enough");
  controller.abort(reason);
  for (const each of handshakes) {
    equal("is the reason", await each === reason, true);
  }
  equal("open", (await peer.closed()).open, 0);
}

/** Opens a tunnel to a port, and gives up the transport. */
async function openTunnel(
  outer: HttpConnection,
  port: number,
): Promise<HttpConnection> {
  const transport = take(outer);
  const authority = `${HOST}:${port}`;
  await transport.write([
    toBytes(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`),
  ]);
  await readUntil(transport, "\r\n\r\n");
  // A client has a read pending at that moment.
  const pending = transport.read();
  return transport.detach(new Uint8Array(0), pending);
}

async function tunnels(env: Env): Promise<void> {
  const tls = { serverName: "localhost", caCerts: [env.caCert] };
  const targets: [number, Partial<Tls> | null][] = [
    [env.port, null],
    [env.tlsPort, {}],
  ];
  for (const [port, outer] of targets) {
    const inner = await openTunnel(
      await open(env, port, outer),
      env.tlsPort,
    );
    const secure = await inner.startTls!(tls);
    equal("protocol", secure.info.tls?.alpnProtocol, "http/1.1");
    await getHello(secure);
  }
}

async function injected(env: Env): Promise<void> {
  const { peer, transport } = await openPeer(env, ["eof"], false);
  const connection = transport.detach(toBytes("220 x"), null);
  const error = await reasonOf(
    connection.startTls!({ serverName: "localhost" }),
  );
  checkError(error, "TlsFailed", "tls", ["5 bytes"]);
  await peer.closed();
}

async function endOfFile(env: Env, tls: boolean): Promise<void> {
  // Node's server sends no close_notify before it has read something.
  const script: Action[] = [{ read: 1 }, { write: "last" }, "fin", "eof"];
  const { peer, transport } = await openPeer(env, script, tls);
  await transport.write([toBytes("x")]);
  equal("text", await readUntil(transport, "last"), "last");
  equal("end", await transport.read(), null);
  equal("end", await transport.read(), null);
  await transport.write([toBytes("late")]);
  await transport.close();
  equal("received", (await peer.closed()).received, "xlate");
}

async function reset(env: Env, tls: boolean): Promise<void> {
  const script: Action[] = [{ read: 1 }, "reset"];
  const { transport } = await openPeer(env, script, tls);
  const reading = reasonOf(transport.read());
  await transport.write([toBytes("x")]);
  equal("code", (await reading as { code?: unknown }).code, "ECONNRESET");
  await transport.close();
}

async function abort(env: Env, tls: boolean): Promise<void> {
  const script: Action[] = ["pause", "signal"];
  const { transport } = await openPeer(env, script, tls);
  const settled = Promise.allSettled([
    transport.read(),
    transport.write([MEGABYTES]),
  ]);
  await transport.turn();
  transport.abort(new Error("Enough"));
  const kinds = (await settled).map(({ status }) => status);
  equal("outcomes", kinds, ["rejected", "rejected"]);
  equal("later", await reasonOf(transport.read()) instanceof Error, true);
  await transport.close();
}

async function close(env: Env, tls: boolean): Promise<void> {
  const { peer, transport } = await openPeer(env, [], tls);
  const reading = transport.read().catch(() => null);
  await transport.write([toBytes("a"), toBytes("b"), MEGABYTES]);
  await transport.close();
  equal("read", await reading, null);
  await transport.close();
  const { received, open } = await peer.closed();
  equal("facts", [received.length, open], [2 + MEGABYTES.length, 0]);
}

async function halves(env: Env, tls: boolean): Promise<void> {
  const script: Action[] = ["eof", { write: "answer" }];
  const peer = await env.peer([script], { tls });
  const { readable, writable } = await open(env, peer.port, tls ? {} : null);
  const writer = writable.getWriter();
  await writer.write(toBytes("question"));
  await writer.close();
  equal("text", await new Response(readable).text(), "answer");
  equal("received", (await peer.closed()).received, "question");
}

async function slowReader(env: Env, tls: boolean): Promise<void> {
  const times = 2_000_000;
  const script: Action[] = [
    { read: 1 },
    { write: "0123456789", times },
    "fin",
  ];
  const { transport } = await openPeer(env, script, tls);
  await transport.write([toBytes("x")]);
  let length = 0;
  for (let bytes; (bytes = await transport.read()) !== null;) {
    for (const byte of bytes) {
      if (byte !== 0x30 + length % 10) {
        throw new Error(`Byte ${length} differs`);
      }
      length++;
    }
    transport.recycle(bytes);
    await transport.turn();
  }
  equal("length", length, 10 * times);
  await transport.close();
}
