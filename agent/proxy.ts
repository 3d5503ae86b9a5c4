/**
 * Connections through proxies.
 *
 * @module
 */

// | the proxy's scheme | how a connection to a target is opened                |
// |--------------------|-------------------------------------------------------|
// | http               | connect, CONNECT                                      |
// | https              | connect, TLS with the proxy, CONNECT                  |
// | socks5, socks5h    | connect, SOCKS5                                       |
//
// TLS with the target, if any, starts afterwards, inside the tunnel. For http URLs,
// an HTTP proxy needs no tunnel: it takes requests in absolute form.

import { HttpClient } from "../client/client.ts";
import { defaultConnector } from "../client/connect/default.ts";
import { endConnection, openConnection } from "../client/connect/open.ts";
import type {
  HttpConnection,
  HttpConnector,
  HttpTlsOptions,
} from "../client/transport/http_connection.ts";
import { parseProxyUrl } from "../proxy/proxies.ts";
import { Socks5Connect } from "../proxy/socks5.ts";
import { serverOf } from "../rfc9110/_url.ts";
import { authenticateProxy, takeUserinfo } from "./authentication.ts";
import type { HttpCredentials } from "./credentials.ts";
import { HttpCallMemory } from "./memory.ts";
import { openTunnel } from "./proxy_tunnel.ts";
import { explainProxy } from "./proxy_failure.ts";
import { secureRandom } from "./clock.ts";

/** Options of {@linkcode proxyConnector}. */
export interface HttpProxyConnectorOptions {
  /**
   * Opens the connections to the proxy, which may be another proxy's connector.
   *
   * @default {the runtime's own}
   */
  connector?: HttpConnector | undefined;
  /**
   * The authorities to trust in addition to the runtime's own, for an https proxy.
   * The other options of TLS are for origins, and have no effect here.
   *
   * @default {the runtime's own authorities}
   */
  tls?: Pick<HttpTlsOptions, "caCerts"> | undefined;
  /**
   * Finds the credentials for a proxy whose URL has no userinfo.
   *
   * @default {null}
   */
  credentials?: HttpCredentials | null | undefined;
  /**
   * The memory that keeps credentials that the proxy has accepted.
   *
   * @default {a memory of this connector}
   */
  memory?: HttpCallMemory | undefined;
  /**
   * Returns numbers from 0 to 1, exclusive, for Digest.
   *
   * @default {the runtime's secure source}
   */
  random?: (() => number) | undefined;
}

/** How to reach a proxy. */
export interface ProxyAccess {
  readonly connector: HttpConnector;
  readonly tls: Pick<HttpTlsOptions, "caCerts">;
  readonly signal: AbortSignal | undefined;
}

/**
 * Creates a connector that opens connections through a proxy.
 *
 * The proxy resolves names. Its 407 is answered with the userinfo of its URL or
 * with `credentials`, on the same connection if that is still open; later
 * connections send them without waiting for a 407. If the proxy refuses, the error
 * is `ProxyRefused`, with its `response`; if it is not a proxy of this kind, the
 * error is `InvalidProxyReply`.
 *
 * An agent with the option `proxy` does this on its own.
 *
 * @param proxy The URL of the proxy, whose scheme is http (the default), https,
 * socks5, or socks5h. Its userinfo is for the proxy.
 * @param options How to reach the proxy, and its credentials.
 * @returns The connector.
 * @throws {TypeError} If the URL is invalid, or has another scheme.
 *
 * @example A tunnel through a proxy in memory
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { proxyConnector } from "@pimalaya/io-http/agent";
 *
 * const written: Uint8Array[] = [];
 * const connector = proxyConnector("http://proxy.example:3128", {
 *   connector: {
 *     connect: () =>
 *       Promise.resolve({
 *         info: { remote: null, local: null, tls: null },
 *         readable: new Response("HTTP/1.1 200 OK\r\n\r\n").body!,
 *         writable: new WritableStream({ write: (bytes) => void written.push(bytes) }),
 *       }),
 *   },
 * });
 *
 * await connector.connect({ hostname: "example.org", port: 443 });
 *
 * assertEquals(
 *   await new Blob(written as BlobPart[]).text(),
 *   "CONNECT example.org:443 HTTP/1.1\r\nHost: example.org:443\r\n\r\n",
 * );
 * ```
 */
export function proxyConnector(
  proxy: string | URL,
  options: HttpProxyConnectorOptions = {},
): HttpConnector {
  const url = parseProxyUrl("proxy", proxy);
  const { connector, tls = {}, credentials = null } = options;
  const source = {
    credentials,
    memory: options.memory ?? new HttpCallMemory(),
    random: options.random ?? secureRandom,
  };
  return {
    async connect(target, { signal } = {}) {
      if ("unixPath" in target) {
        throw new TypeError("Cannot connect to a Unix socket through a proxy");
      }
      const access = {
        connector: connector ?? defaultConnector(),
        tls,
        signal,
      };
      const open = async () =>
        new HttpClient(await connectToProxy(url, access));
      if (isSocks(url)) return await openSocks(url, target, open, signal);
      const connection = await openTunnel(url, target, {
        open,
        authentication: authenticateProxy(url, source),
        credentials,
        signal,
      });
      return ownTls(connection);
    },
  };
}

/**
 * Opens a connection to a proxy, with TLS if its scheme is https.
 *
 * @throws {HttpError} If it cannot be opened.
 */
export async function connectToProxy(
  proxy: URL,
  { connector, tls, signal }: ProxyAccess,
): Promise<HttpConnection> {
  const target = serverOf(proxy);
  const { caCerts } = tls;
  const isTls = proxy.protocol === "https:";
  return await openConnection({
    connector,
    target,
    tls: isTls ? { caCerts, serverName: target.hostname } : null,
    signal,
  });
}

function isSocks({ protocol }: URL): boolean {
  return protocol.startsWith("socks5");
}

async function openSocks(
  proxy: URL,
  target: { readonly hostname: string; readonly port: number },
  open: () => Promise<HttpClient>,
  signal: AbortSignal | undefined,
): Promise<HttpConnection> {
  const login = takeUserinfo(new URL(proxy));
  const coroutine = new Socks5Connect(target, login ?? {});
  let client: HttpClient | null = null;
  try {
    client = await open();
    await client.run(coroutine, { signal });
    return client.detach();
  } catch (error) {
    await client?.close();
    throw explainProxy(error, proxy, target);
  }
}

/**
 * Hides the TLS with the proxy. Otherwise, code that cannot start TLS inside TLS
 * would take it for TLS with the target.
 */
function ownTls(connection: HttpConnection): HttpConnection {
  if (connection.info.tls === null || connection.startTls !== undefined) {
    return connection;
  }
  return {
    info: { ...connection.info, tls: null },
    readable: connection.readable,
    writable: connection.writable,
    startTls: () =>
      Promise.reject(
        new TypeError(
          "Cannot start TLS inside the TLS with the proxy: this connector cannot",
        ),
      ),
    abort: (reason) => endConnection(connection, reason),
    ref: () => connection.ref?.(),
    unref: () => connection.unref?.(),
  };
}
