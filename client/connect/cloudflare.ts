/**
 * Connections over the sockets of Cloudflare Workers.
 *
 * @module
 */

import type {
  HttpAddress,
  HttpConnection,
  HttpConnectionInfo,
  HttpConnector,
} from "../transport/http_connection.ts";
import {
  connectFailed,
  reasonOf,
  tlsFailed,
} from "../transport/open_failure.ts";
import type { StartTlsOptions } from "../transport/socket_connection.ts";
import { abortable } from "../transport/abortable.ts";

/** The members in use of a socket of `cloudflare:sockets`. */
interface Socket {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
  readonly opened: Promise<unknown>;
  close(): Promise<void>;
  startTls(options?: { expectedServerHostname: string }): Socket;
}

/**
 * The function `connect` of the module `cloudflare:sockets`. Its own type is not
 * assignable to a narrower one.
 */
// deno-lint-ignore no-explicit-any
export type CloudflareConnect = (address: any, options?: any) => any;

/**
 * Opens connections on Cloudflare Workers.
 *
 * A socket ends with the request whose handler opened it, and at most six are
 * open at once. Cloudflare refuses sockets to its own addresses, and so to all sites
 * behind it. It decides which certificates it trusts: `caCerts`, client certificates,
 * and ALPN are not available.
 *
 * @param connect The function `connect` of `cloudflare:sockets`.
 * @returns The connector.
 *
 * @example In a Worker, `connect` comes from `cloudflare:sockets`
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { cloudflareConnector } from "@pimalaya/io-http/client";
 *
 * const { readable, writable } = new TransformStream();
 * const connector = cloudflareConnector(() => ({
 *   readable,
 *   writable,
 *   opened: Promise.resolve({ remoteAddress: "192.0.2.1:80" }),
 * }));
 *
 * const { info } = await connector.connect({
 *   hostname: "example.com",
 *   port: 80,
 * });
 * assertEquals(info.remote, { hostname: "192.0.2.1", port: 80 });
 * ```
 */
export function cloudflareConnector(connect: CloudflareConnect): HttpConnector {
  return {
    async connect(target, { signal } = {}) {
      signal?.throwIfAborted();
      if ("unixPath" in target) {
        throw new TypeError("Cannot connect: Workers have no Unix sockets");
      }
      try {
        // Also for plaintext: TLS may start later, after CONNECT.
        const socket: Socket = connect(target, {
          secureTransport: "starttls",
          allowHalfOpen: true,
        });
        return await open(socket, signal, false);
      } catch (error) {
        signal?.throwIfAborted();
        throw connectFailed(target, [], error);
      }
    },
  };
}

/** Waits until a socket is open. */
async function open(
  socket: Socket,
  signal: AbortSignal | undefined,
  isTls: boolean,
): Promise<HttpConnection> {
  try {
    const opened = await abortable(socket.opened, signal);
    return makeCloudflareConnection(socket, {
      ...addressesOf(opened),
      tls: isTls ? { alpnProtocol: null } : null,
    });
  } catch (error) {
    close(socket);
    throw error;
  }
}

function makeCloudflareConnection(
  socket: Socket,
  info: HttpConnectionInfo,
): HttpConnection {
  return {
    info,
    readable: socket.readable,
    writable: socket.writable,
    abort: () => close(socket),
    ...(info.tls === null && {
      startTls: (options: StartTlsOptions) => startTls(socket, info, options),
    }),
  };
}

async function startTls(
  socket: Socket,
  { remote }: HttpConnectionInfo,
  { serverName, signal, caCerts, cert, key }: StartTlsOptions,
): Promise<HttpConnection> {
  try {
    signal?.throwIfAborted();
    if ((caCerts?.length ?? 0) > 0 || cert !== undefined || key !== undefined) {
      throw new TypeError(
        "Cannot start TLS: Workers take no `caCerts` and no client certificate",
      );
    }
    const secure = socket.startTls({ expectedServerHostname: serverName });
    return await open(secure, signal, true);
  } catch (error) {
    close(socket);
    signal?.throwIfAborted();
    if (error instanceof TypeError) throw error;
    throw tlsFailed(serverName, remote, reasonOf(error), error);
  }
}

function close(socket: Socket): void {
  // A socket that was never opened rejects, and so does closing it.
  socket.opened.catch(() => {});
  socket.close().catch(() => {});
}

function addressesOf(
  opened: unknown,
): Pick<HttpConnectionInfo, "remote" | "local"> {
  const { remoteAddress, localAddress } = (opened ?? {}) as Record<
    string,
    unknown
  >;
  return {
    remote: parseAddress(remoteAddress),
    local: parseAddress(localAddress),
  };
}

/** Parses `host:port`, with brackets around an IPv6 host. */
function parseAddress(text: unknown): HttpAddress | null {
  if (typeof text !== "string") return null;
  const parts = /^\[?(.*?)\]?:(\d{1,5})$/.exec(text);
  return parts === null
    ? null
    : { hostname: parts[1]!, port: Number(parts[2]) };
}
