/**
 * Connections over `node:net` and `node:tls`.
 *
 * @module
 */

import type {
  HttpAddress,
  HttpConnection,
  HttpConnectionInfo,
  HttpConnector,
} from "../transport/http_connection.ts";
import { NodeTransport } from "../transport/node.ts";
import { PooledReads } from "../transport/node_io.ts";
import { isNode, loadNode, type NodeSocket } from "../transport/node_socket.ts";
import { connectFailed } from "../transport/open_failure.ts";
import { makeConnection } from "../transport/socket_connection.ts";
import { dialFirst, interleaveFamilies } from "./happy_eyeballs.ts";
import { resolveHost } from "./resolve.ts";

const KEEP_ALIVE_MILLISECONDS = 60_000;

/**
 * Opens connections through `node:net` and `node:tls`, on Node 22 or later, Bun,
 * and Deno.
 *
 * The addresses of a name are tried as RFC 8305 recommends. If none accepts, the
 * message of the `ConnectFailed` lists each with its reason.
 *
 * @example Connect to a closed port
 * ```ts
 * import { assertEquals, assertRejects } from "@std/assert";
 * import { HttpError } from "@pimalaya/io-http";
 * import { nodeConnector } from "@pimalaya/io-http/client";
 *
 * const error = await assertRejects(
 *   () => nodeConnector.connect({ hostname: "127.0.0.1", port: 1 }),
 *   HttpError,
 * );
 *
 * assertEquals(error.code, "ConnectFailed");
 * ```
 */
export const nodeConnector: HttpConnector = {
  async connect(target, { signal } = {}) {
    signal?.throwIfAborted();
    return "unixPath" in target
      ? await dialPath(target, signal)
      : await dialHost(target, signal);
  },
};

async function dialPath(
  target: Extract<HttpAddress, { unixPath: string }>,
  signal: AbortSignal | undefined,
): Promise<HttpConnection> {
  try {
    const transport = await dial({ path: target.unixPath }, target, signal);
    return makeConnection(transport);
  } catch (error) {
    signal?.throwIfAborted();
    throw connectFailed(target, [], error);
  }
}

async function dialHost(
  target: Extract<HttpAddress, { hostname: string }>,
  signal: AbortSignal | undefined,
): Promise<HttpConnection> {
  const { port } = target;
  const addresses = await resolveHost(target, signal);
  const dialed = await dialFirst(interleaveFamilies(addresses), {
    dial: (host, signal) => dial({ host, port }, target, signal),
    drop: (transport) => transport.abort(undefined),
  }, signal);
  if (dialed.kind === "connected") return makeConnection(dialed.connection);
  throw connectFailed(target, dialed.attempts);
}

/** Connects a socket, or destroys it if that fails or the signal aborts. */
function dial(
  where: { readonly host: string; readonly port: number } | {
    readonly path: string;
  },
  target: HttpAddress,
  signal: AbortSignal | undefined,
): Promise<NodeTransport> {
  // Bun and Deno would not gain from them.
  const reads = isNode() ? new PooledReads() : null;
  const socket = loadNode("node:net").connect({
    ...where,
    allowHalfOpen: true,
    ...(reads && { onread: reads.onread }),
  });
  return new Promise((resolve, reject) => {
    function settle(act: () => void): void {
      socket.off("connect", succeed);
      socket.off("error", fail);
      signal?.removeEventListener("abort", onAbort);
      act();
    }
    const succeed = () =>
      settle(() => {
        tuneSocket(socket);
        // At once, before the socket can emit anything else.
        const info = infoOf(socket, target);
        resolve(new NodeTransport(socket, info, { reads }));
      });
    const fail = (error: unknown) =>
      settle(() => {
        // It may fail more than once, and would throw without a listener.
        socket.on("error", () => {});
        socket.destroy();
        reject(error);
      });
    const onAbort = () => fail(signal!.reason);
    socket.on("connect", succeed);
    socket.on("error", fail);
    signal?.addEventListener("abort", onAbort);
  });
}

/** Turns off Nagle's algorithm, and turns on TCP keep-alive. */
function tuneSocket(socket: NodeSocket): void {
  // An upload is written piece by piece, and with Nagle's algorithm the last
  // piece would wait 40 ms for the peer's delayed acknowledgment.
  socket.setNoDelay?.(true);
  socket.setKeepAlive?.(true, KEEP_ALIVE_MILLISECONDS);
}

/** Returns the facts of a socket that is connected. */
function infoOf(
  socket: NodeSocket,
  target: HttpAddress,
): HttpConnectionInfo {
  const { remoteAddress, remotePort, localAddress, localPort } = socket;
  return "unixPath" in target ? { remote: target, local: null, tls: null } : {
    remote: addressOf(remoteAddress, remotePort),
    local: addressOf(localAddress, localPort),
    tls: null,
  };
}

function addressOf(
  hostname: string | undefined,
  port: number | undefined,
): HttpAddress | null {
  return hostname === undefined || port === undefined
    ? null
    : { hostname, port };
}
