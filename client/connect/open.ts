// Opening a connection for a URL: a connector, then TLS.

import { quote } from "../../core/quote.ts";
import type {
  HttpAddress,
  HttpConnection,
  HttpConnector,
} from "../transport/http_connection.ts";
import {
  connectFailed,
  reasonOf,
  tlsFailed,
} from "../transport/open_failure.ts";
import type { StartTlsOptions } from "../transport/socket_connection.ts";
import { HttpError } from "../../error.ts";
import { abortable } from "../transport/abortable.ts";
import { hasNodeModules, loadNode } from "../transport/node_socket.ts";
import { denoConnector } from "./deno.ts";
import { nodeConnector } from "./node.ts";

/** The connection to open. */
export interface OpenOptions {
  readonly connector: HttpConnector;
  /** The address to connect to. */
  readonly target: HttpAddress;
  /** The options of TLS for https, or `null` for http. */
  readonly tls: Omit<StartTlsOptions, "signal"> | null;
  /** Ends the attempt; the call then rejects with its reason. */
  readonly signal?: AbortSignal | undefined;
  /** Called between connecting and the TLS handshake, if there is one. */
  readonly onTls?: (() => void) | undefined;
}

/**
 * Opens a connection, and starts TLS for https unless the connector has done so.
 *
 * @param options The connection to open.
 * @returns The connection.
 * @throws {HttpError} If it cannot be opened (`ConnectFailed`, `TlsFailed`).
 * @throws {TypeError} If the connector lacks something that the options need, or
 * an option is invalid.
 */
export async function openConnection(
  options: OpenOptions,
): Promise<HttpConnection> {
  const { target, tls, signal, onTls } = options;
  signal?.throwIfAborted();
  if (tls !== null && (tls.cert === undefined) !== (tls.key === undefined)) {
    throw new TypeError("Cannot connect: `cert` and `key` go together");
  }
  checkTarget(target);
  const connector = tls === null
    ? options.connector
    : forTls(options.connector);
  const connecting = connect(connector, target, signal);
  if (tls !== null) preloadTls(connector);
  const plain = await connecting;
  if (tls === null) return plain;
  try {
    const secure = await startTls(plain, tls, signal, onTls);
    checkProtocol(secure, tls.serverName);
    return secure;
  } catch (error) {
    endConnection(plain, error);
    throw error;
  }
}

/** No host contains these, and a message that does is not safe to log. */
// deno-lint-ignore no-control-regex
const HOST = /^[^\x00-\x20\x7f]+$/;

/**
 * Checks an address that not all runtimes reject, or not in the same way.
 *
 * @throws {TypeError} If the path of a Unix socket, or the host, is invalid.
 * @throws {HttpError} If the port is 0, as it may be in a URL.
 */
function checkTarget(target: HttpAddress): void {
  if ("unixPath" in target) {
    const { unixPath } = target;
    if (unixPath !== "" && !unixPath.includes("\0")) return;
    throw new TypeError(
      `Cannot connect: the Unix path ${quote(unixPath)} is empty or has a NUL`,
    );
  }
  const { hostname, port } = target;
  if (!HOST.test(hostname)) {
    throw new TypeError(`Cannot connect: ${quote(hostname)} is not a host`);
  }
  if (port !== 0) return;
  throw connectFailed(target, [], new Error("the port is reserved"));
}

/** Whether TLS was loaded for a connection. */
let isTlsLoaded = false;

/**
 * Returns the connector to use instead if TLS starts at once. Over a socket of
 * `node:net`, a small request over Deno's TLS costs 6 µs less than over a `Deno.Conn`.
 * The first connection does not wait for that module.
 */
function forTls(connector: HttpConnector): HttpConnector {
  return connector === denoConnector && isTlsLoaded && "Deno" in globalThis
    ? nodeConnector
    : connector;
}

/**
 * Loads the TLS of our connectors while the peer accepts: the first time, Deno takes
 * 20 ms for that.
 */
function preloadTls(connector: HttpConnector): void {
  const isOurs = connector === denoConnector || connector === nodeConnector;
  if (!isOurs || !hasNodeModules()) return;
  loadNode("node:tls");
  isTlsLoaded = true;
}

/** Ends a connection that no client drives, of any connector. Never throws. */
export function endConnection(
  connection: HttpConnection,
  reason: unknown,
): void {
  try {
    if (connection.abort !== undefined) return connection.abort(reason);
    // Either stream may be locked, or used up by `startTls`.
    connection.readable.cancel(reason).catch(() => {});
    connection.writable.abort(reason).catch(() => {});
  } catch {
    // A connector of the caller's returned it. The reason is what matters.
  }
}

function connect(
  connector: HttpConnector,
  target: HttpAddress,
  signal: AbortSignal | undefined,
): Promise<HttpConnection> {
  return attempt(
    () => connector.connect(target, { signal }),
    signal,
    (error) => connectFailed(target, [], error),
  );
}

async function startTls(
  plain: HttpConnection,
  tls: Omit<StartTlsOptions, "signal">,
  signal: AbortSignal | undefined,
  onTls: (() => void) | undefined,
): Promise<HttpConnection> {
  if (plain.startTls === undefined) {
    if (plain.info.tls !== null) return plain;
    throw new TypeError(
      "Cannot connect: the connector's connection has no `startTls`, and its " +
        "`info.tls` is null",
    );
  }
  onTls?.();
  const { remote } = plain.info;
  return await attempt(
    () => plain.startTls!({ ...tls, signal }),
    signal,
    (error) => tlsFailed(tls.serverName, remote, reasonOf(error), error),
  );
}

/**
 * Calls a method of a connector, which may ignore the signal.
 *
 * @param explain Returns the error for one of the runtime.
 */
async function attempt(
  open: () => Promise<HttpConnection>,
  signal: AbortSignal | undefined,
  explain: (error: unknown) => HttpError,
): Promise<HttpConnection> {
  try {
    return await abortable(
      open(),
      signal,
      (late) => endConnection(late, signal?.reason),
    );
  } catch (error) {
    signal?.throwIfAborted();
    throw isFinal(error) ? error : explain(error);
  }
}

/** Returns whether an error should be thrown unchanged. */
function isFinal(error: unknown): boolean {
  return error instanceof HttpError || error instanceof TypeError ||
    error instanceof RangeError;
}

/** Checks that the server did not choose a protocol other than HTTP/1.1. */
function checkProtocol(secure: HttpConnection, serverName: string): void {
  const protocol = secure.info.tls?.alpnProtocol ?? null;
  if (protocol === null || protocol === "http/1.1") return;
  const error = tlsFailed(
    serverName,
    secure.info.remote,
    `the server chose the protocol ${quote(protocol)} instead of "http/1.1"`,
  );
  endConnection(secure, error);
  throw error;
}
