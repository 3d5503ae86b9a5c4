// Connecting, and its errors.

import type {
  HttpAddress,
  HttpConnection,
} from "../../../client/transport/http_connection.ts";
import { readFrom, writeTo } from "../../../client/transport/transport.ts";
import { HttpError } from "../../../mod.ts";
import { equal } from "../../_sweep.ts";
import { toBytes } from "../../_text.ts";
import { type Action, casesOf, type Group, reasonOf } from "./_case.ts";
import {
  HOST,
  open,
  openPeer,
  readUntil,
  take,
  type Tls,
} from "./_transports.ts";

const overTcp = casesOf("transport", {
  async "connect tells the addresses of both ends"(env) {
    const connection = await open(env, env.port, null);
    const { remote, local, tls } = connection.info;
    equal("remote", remote, { hostname: HOST, port: env.port });
    if (local === null || !("port" in local)) throw new Error("It has no port");
    equal("local", [local.hostname, local.port > 0], [HOST, true]);
    equal("tls", tls, null);
    await getHello(connection);
    const byName = { hostname: "localhost", port: env.port };
    await getHello(await open(env, byName, null));
  },

  async "connect rejects with the address and the reason"(env) {
    // A port of a closed peer may be taken by another program, but 1 is free.
    const targets: [HttpAddress, string[]][] = [
      [{ hostname: HOST, port: 1 }, ["127.0.0.1:1", "refused"]],
      [{ hostname: "localhost", port: 1 }, ["localhost:1", HOST, "refused"]],
      [{ hostname: "[::1]", port: 1 }, ["to [::1]:1: "]],
      [{ hostname: "unknown.invalid", port: 80 }, ["unknown.invalid:80"]],
      [{ unixPath: `${env.unixPath}.none` }, ["no such file"]],
    ];
    for (const [target, parts] of targets) {
      const error = await reasonOf(open(env, target, null));
      checkError(error, "ConnectFailed", "connect", parts);
      equal("cause", (error as Error).cause instanceof Error, true);
    }
  },

  async "connect rejects with the reason of an aborted signal, and opens nothing"(
    env,
  ) {
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
  },
});

const overUnix = casesOf("unix", {
  async "connect opens a Unix socket"(env) {
    const { unixPath } = env;
    const connection = await open(env, { unixPath }, null);
    equal("remote", connection.info.remote, { unixPath });
    await getHello(connection);
  },
});

const withCertificate = casesOf("clientCertificate", {
  async "TLS presents a client certificate, under any server name"(env) {
    await getHello(await open(env, env.mutualPort, env.client));
    const { client, mutualPort } = env;
    for (
      const tls of [
        { cert: client.cert },
        { ...client, cert: "/etc/client.pem" },
        { ...client, key: "/etc/client.key" },
        { caCerts: ["/etc/ca.pem"] },
        { serverName: "" },
        { alpnProtocols: [""] },
        { alpnProtocols: ["\u00e4".repeat(128)] },
      ]
    ) {
      const error = await reasonOf(open(env, mutualPort, tls));
      equal("error", (error as Error).name, "TypeError");
    }
  },
});

const overTls = casesOf("tls", {
  async "TLS trusts the caller's authorities, by name and by address"(env) {
    for (const serverName of ["localhost", "localhost.", HOST]) {
      const connection = await open(env, env.tlsPort, { serverName });
      const { tls, remote } = connection.info;
      equal("tls", tls, { alpnProtocol: "http/1.1" });
      equal("remote", remote, { hostname: HOST, port: env.tlsPort });
      await getHello(connection);
    }
  },

  async "TLS rejects with the name, the address, and the reason"(env) {
    const faults: [Partial<Tls>, string][] = [
      [{ caCerts: [env.otherCaCert] }, "localhost"],
      [{ caCerts: undefined }, "localhost"],
      [{ serverName: "example.test" }, "example.test"],
      [{ serverName: "127.0.0.2" }, "127.0.0.2"],
    ];
    const address = `${HOST}:${env.tlsPort}`;
    for (const [tls, name] of faults) {
      const error = await reasonOf(open(env, env.tlsPort, tls));
      checkError(error, "TlsFailed", "tls", [address, name]);
    }
    const answers: Action[] = [
      { write: "HTTP/1.1 400 Bad Request\r\n\r\n" },
      ...["fin", "reset"] as const,
    ];
    for (const answer of answers) {
      const peer = await env.peer([[{ read: 1 }, answer]]);
      const error = await reasonOf(open(env, peer.port, {}));
      checkError(error, "TlsFailed", "tls", [`${HOST}:${peer.port}`]);
      await peer.closed();
    }
  },

  async "aborted handshakes leave no socket"(env) {
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
  },

  async "startTls works through CONNECT, also inside TLS"(env) {
    const tls = { serverName: "localhost", caCerts: [env.caCert] };
    const outers = [
      await open(env, env.port, null),
      await open(env, env.tlsPort, {}),
    ];
    for (const outer of outers) {
      const inner = await openTunnel(outer, env.tlsPort);
      const secure = await inner.startTls!(tls);
      equal("protocol", secure.info.tls?.alpnProtocol, "http/1.1");
      await getHello(secure);
    }
  },

  async "startTls rejects bytes that came before the handshake"(env) {
    const { peer, transport } = await openPeer(env, ["eof"], false);
    const connection = transport.detach({
      unread: toBytes("220 x"),
      read: null,
      write: null,
    });
    const starting = connection.startTls!({ serverName: "localhost" });
    checkError(await reasonOf(starting), "TlsFailed", "tls", ["5 bytes"]);
    await peer.closed();
  },
});

/** Connecting, and its errors. */
export const CONNECTS: Group = {
  title: "Connect: TCP, Unix, TLS, client certificate, faults",
  cases: [...overTcp, ...overUnix, ...withCertificate, ...overTls],
};

/** Sends a GET over a connection, and closes it. */
async function getHello(connection: HttpConnection): Promise<void> {
  const transport = take(connection);
  await writeTo(transport, [toBytes("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")]);
  const text = await readUntil(transport, "hello");
  equal("status", text.slice(0, 15), "HTTP/1.1 200 OK");
  await transport.close();
}

/** Checks an error's phase, and the contents of its message. */
function checkError(
  error: unknown,
  code: string,
  phase: string,
  parts: readonly string[],
): void {
  if (!(error instanceof HttpError)) throw error;
  equal("code", error.code, code);
  equal("phase", error.progress?.phase, phase);
  const missing = parts.filter((part) => !error.message.includes(part));
  equal(`missing in ${error.message}`, missing, []);
}

/** Opens a tunnel to a port, and returns its transport. */
async function openTunnel(
  outer: HttpConnection,
  port: number,
): Promise<HttpConnection> {
  const transport = take(outer);
  const authority = `${HOST}:${port}`;
  await writeTo(transport, [
    toBytes(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`),
  ]);
  await readUntil(transport, "\r\n\r\n");
  // A client has a read pending at that moment.
  return transport.detach({
    unread: new Uint8Array(0),
    read: readFrom(transport),
    write: null,
  });
}
