/**
 * Connections over `node:net` and `node:tls`.
 *
 * @module
 */

import type {
  HttpAddress,
  HttpConnector,
} from "../transport/http_connection.ts";
import { infoOf, NodeTransport, tuneSocket } from "../transport/node.ts";
import { loadNode, type NodeSocket } from "../transport/node_socket.ts";
import { makeConnection } from "../transport/socket_connection.ts";
import { connectFailed } from "./failure.ts";
import { dialFirst, interleaveFamilies } from "./happy_eyeballs.ts";
import { resolveHost } from "./resolve.ts";

/**
 * Opens connections through `node:net` and `node:tls`, on Node 22 or later, Bun,
 * and Deno.
 *
 * A name with several addresses is tried as RFC 8305 recommends. If none of them
 * accepts, the message of the `ConnectFailed` lists each with its reason.
 *
 * @example Connect to a port that nobody listens on
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
    const socket = "unixPath" in target
      ? await dialPath(target, signal)
      : await dialHost(target, signal);
    tuneSocket(socket);
    return makeConnection(new NodeTransport(socket, infoOf(socket, target)));
  },
};

async function dialPath(
  target: Extract<HttpAddress, { unixPath: string }>,
  signal: AbortSignal | undefined,
): Promise<NodeSocket> {
  try {
    return await dial({ path: target.unixPath }, signal);
  } catch (error) {
    signal?.throwIfAborted();
    throw connectFailed(target, [], error);
  }
}

async function dialHost(
  target: Extract<HttpAddress, { hostname: string }>,
  signal: AbortSignal | undefined,
): Promise<NodeSocket> {
  const { port } = target;
  const addresses = await resolveHost(target, signal);
  const dialed = await dialFirst(interleaveFamilies(addresses), {
    dial: (host, signal) => dial({ host, port }, signal),
    drop: (socket) => socket.destroy(),
  }, signal);
  if (dialed.kind === "connected") return dialed.connection;
  throw connectFailed(target, dialed.attempts);
}

/** Connects a socket, or destroys it if that fails or the signal aborts. */
function dial(
  where: { readonly host: string; readonly port: number } | {
    readonly path: string;
  },
  signal: AbortSignal | undefined,
): Promise<NodeSocket> {
  const socket = loadNode("node:net").connect({
    ...where,
    allowHalfOpen: true,
  });
  return new Promise((resolve, reject) => {
    function settle(act: () => void): void {
      socket.off("connect", succeed);
      socket.off("error", fail);
      signal?.removeEventListener("abort", onAbort);
      act();
    }
    const succeed = () => settle(() => resolve(socket));
    const fail = (error: unknown) =>
      settle(() => {
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
