// A route: everything that it takes to open a connection, and so everything that
// two calls must have in common to share one.

import { checkType } from "../core/fault.ts";
import { invalid, quote } from "../core/quote.ts";
import type {
  HttpAddress,
  HttpConnector,
  HttpTlsOptions,
} from "../client/transport/http_connection.ts";
import { checkPort, serverOf } from "../rfc9110/_url.ts";
import type { CredentialSource } from "./authentication.ts";

/** Where to connect instead of to the host and port of the URL. */
export interface HttpConnectTo {
  /**
   * The host to connect to.
   *
   * @default {the URL's host}
   */
  hostname?: string | undefined;
  /**
   * The port to connect to.
   *
   * @default {the URL's port}
   */
  port?: number | undefined;
  /**
   * The path of a Unix socket, instead of a host and port.
   *
   * @default {none}
   */
  unixPath?: string | undefined;
}

/** How to open a connection. */
export interface Route {
  /** All members below as one string. It contains secrets, so never show it. */
  readonly key: string;
  /** The origin of the URL, or of the proxy if it takes requests for any origin. */
  readonly origin: string;
  /** The address to connect to, by way of the proxy if there is one. */
  readonly target: HttpAddress;
  /** The options of TLS with the origin, or `null` for http. */
  readonly tls: HttpTlsOptions & { serverName: string } | null;
  readonly proxy: URL | null;
  /** Whether the proxy takes requests for any origin instead of opening a tunnel. */
  readonly isForwarded: boolean;
  readonly options: RouteOptions;
}

/** The part of a route that comes from an agent's options. */
export interface RouteOptions extends CredentialSource {
  /** The runtime's own connector if `null`. */
  readonly connector: HttpConnector | null;
  readonly tls: HttpTlsOptions;
}

/**
 * Finds the route to a URL.
 *
 * @throws {TypeError} If `connectTo` contradicts itself, or has no effect because
 * a proxy connects.
 * @throws {RangeError} If its port is out of range.
 */
export function findRoute(
  url: URL,
  options: RouteOptions,
  proxy: URL | null,
  connectTo: HttpConnectTo | null,
): Route {
  const isHttps = url.protocol === "https:";
  const { connector, tls, credentials } = options;
  const common = [
    idOf(connector),
    [tls.caCerts, tls.cert, tls.key, tls.alpnProtocols, tls.serverName],
    proxy && [proxy.href, idOf(credentials)],
  ];
  if (proxy !== null && !isHttps && proxy.protocol.startsWith("http")) {
    if (isSomewhere(connectTo)) {
      throw new TypeError(
        `Cannot apply connectTo to ${quote(url.origin)}: its proxy ` +
          `${quote(proxy.host)} connects to it`,
      );
    }
    // The proxy takes requests for any origin on one connection.
    return {
      key: JSON.stringify(common),
      origin: proxy.origin,
      target: serverOf(proxy),
      tls: null,
      proxy,
      isForwarded: true,
      options,
    };
  }
  checkConnectTo(connectTo);
  const server = serverOf(url);
  const { hostname = server.hostname, port = server.port, unixPath } =
    connectTo ?? {};
  const target = unixPath === undefined ? { hostname, port } : { unixPath };
  const place = [url.protocol, server, target];
  return {
    key: JSON.stringify([...common, ...place]),
    origin: url.origin,
    target,
    tls: isHttps
      ? { ...tls, serverName: tls.serverName ?? server.hostname }
      : null,
    proxy,
    isForwarded: false,
    options,
  };
}

/**
 * Copies the options of TLS: the pool's keys compare them by value.
 *
 * @throws {TypeError} If they are not an object, or a list is none.
 */
export function copyTls(tls: HttpTlsOptions | undefined): HttpTlsOptions {
  // One by one: they may be getters of a class.
  const { caCerts, cert, key, alpnProtocols, serverName } =
    checkType("tls", tls, "object") ?? {};
  // Texts would be lists of letters.
  checkType("tls.caCerts", caCerts, "object");
  checkType("tls.alpnProtocols", alpnProtocols, "object");
  return {
    ...(caCerts && { caCerts: [...caCerts] }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
    ...(alpnProtocols && { alpnProtocols: [...alpnProtocols] }),
    ...(serverName !== undefined && { serverName }),
  };
}

/**
 * Checks where to connect.
 *
 * @throws {TypeError} If it contradicts itself.
 * @throws {RangeError} If the port is out of range.
 */
export function checkConnectTo(connectTo: HttpConnectTo | null): void {
  const { hostname, port, unixPath } = connectTo ?? {};
  if (unixPath !== undefined && (hostname ?? port) !== undefined) {
    const path = quote(unixPath);
    throw invalid("connectTo", `the Unix socket ${path} has no host or port`);
  }
  if (port !== undefined) checkPort("connectTo", port);
}

function isSomewhere(connectTo: HttpConnectTo | null): boolean {
  const { hostname, port, unixPath } = connectTo ?? {};
  return (hostname ?? port ?? unixPath) !== undefined;
}

// Numbers for objects that keys compare by identity.
const ids = new WeakMap<object, number>();
let lastId = 0;

function idOf(object: object | null): number {
  if (object === null) return 0;
  let id = ids.get(object);
  if (id === undefined) ids.set(object, id = ++lastId);
  return id;
}
