// A route: everything that it takes to open a connection, and so everything that
// two calls must have in common to share one.

import { quote } from "../core/quote.ts";
import type {
  HttpAddress,
  HttpConnector,
  HttpTlsOptions,
} from "../client/transport/http_connection.ts";
import { checkPort } from "../rfc9110/_url.ts";
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
  /** Whether the connection speaks TLS with the origin. */
  readonly isTls: boolean;
  /** The host and port of the URL; IPv6 addresses are without brackets. */
  readonly hostname: string;
  readonly port: number;
  /** Where to connect, if there is no proxy. */
  readonly target: HttpAddress;
  readonly proxy: URL | null;
  /** Whether the proxy takes requests for any origin instead of opening a tunnel. */
  readonly isForwarded: boolean;
  /** The runtime's own connector if `null`. */
  readonly connector: HttpConnector | null;
  readonly tls: HttpTlsOptions;
  /** The source of the credentials of a proxy that opens a tunnel. */
  readonly source: CredentialSource;
}

/** The part of a route that comes from an agent's options. */
export interface RouteOptions extends CredentialSource {
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
  const isTls = url.protocol === "https:";
  const { connector, tls } = options;
  const common = [idOf(connector), keyOfTls(tls)];
  const viaProxy = proxy === null
    ? null
    : [proxy.href, idOf(options.credentials)];
  if (proxy !== null && !isTls && proxy.protocol.startsWith("http")) {
    if (isSomewhere(connectTo)) {
      throw new TypeError(
        `Cannot apply connectTo to ${quote(url.origin)}: its proxy ` +
          `${quote(proxy.host)} connects to it`,
      );
    }
    // The proxy takes requests for any origin on one connection.
    return {
      key: JSON.stringify([...common, viaProxy]),
      origin: proxy.origin,
      isTls: false,
      ...addressOf(proxy),
      target: addressOf(proxy),
      proxy,
      isForwarded: true,
      connector,
      tls,
      source: options,
    };
  }
  const { hostname, port } = addressOf(url);
  const target = findTarget(hostname, port, connectTo);
  const place = [url.protocol, hostname, port, target];
  return {
    key: JSON.stringify([...common, viaProxy, ...place]),
    origin: url.origin,
    isTls,
    hostname,
    port,
    target,
    proxy,
    isForwarded: false,
    connector,
    tls,
    source: options,
  };
}

/** Copies the options of TLS: the pool's keys compare them by value. */
export function copyTls(tls: HttpTlsOptions | undefined): HttpTlsOptions {
  // One by one: they may be getters of a class.
  const { caCerts, cert, key, alpnProtocols, serverName } = tls ?? {};
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
    throw new TypeError(
      `Invalid connectTo: the Unix socket ${path} has no host or port`,
    );
  }
  if (port !== undefined) checkPort("connectTo", port);
}

function isSomewhere(connectTo: HttpConnectTo | null): boolean {
  const { hostname, port, unixPath } = connectTo ?? {};
  return (hostname ?? port ?? unixPath) !== undefined;
}

function findTarget(
  host: string,
  defaultPort: number,
  connectTo: HttpConnectTo | null,
): HttpAddress {
  checkConnectTo(connectTo);
  const { hostname = host, port = defaultPort, unixPath } = connectTo ?? {};
  return unixPath === undefined ? { hostname, port } : { unixPath };
}

function keyOfTls(tls: HttpTlsOptions): readonly unknown[] {
  const { caCerts, cert, key, alpnProtocols, serverName } = tls;
  return [caCerts, cert, key, alpnProtocols, serverName];
}

const DEFAULT_PORTS: Readonly<Record<string, number>> = {
  "http:": 80,
  "https:": 443,
  "socks5:": 1080,
  "socks5h:": 1080,
};

/** Returns the host and port of a URL's server. IPv6 is without brackets. */
export function addressOf(
  { hostname, port, protocol }: URL,
): { readonly hostname: string; readonly port: number } {
  return {
    hostname: hostname.startsWith("[") ? hostname.slice(1, -1) : hostname,
    port: port === "" ? DEFAULT_PORTS[protocol] ?? 0 : Number(port),
  };
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
