// Opens the connection of a route.

import { defaultConnector } from "../client/connect/default.ts";
import { openConnection } from "../client/connect/open.ts";
import type { HttpConnection } from "../client/transport/http_connection.ts";
import { HttpError, type HttpProgress } from "../error.ts";
import { connectToProxy, proxyConnector } from "./proxy.ts";
import type { Route } from "./route.ts";

/** What a connection that is being opened is doing. */
export type OpenPhase = "connect" | "tls";

/** How to open a connection. */
export interface OpenRouteOptions {
  /** Ends the attempt, which rejects with its reason. */
  readonly signal: AbortSignal;
  /** Is called when another phase starts. */
  readonly onPhase: (phase: OpenPhase) => void;
}

/**
 * Opens a connection.
 *
 * @throws {HttpError} If no address accepts it, or TLS fails.
 * @throws {TypeError} If the connector cannot do what the route needs.
 */
export function openRoute(
  route: Route,
  { signal, onPhase }: OpenRouteOptions,
): Promise<HttpConnection> {
  const { proxy, isTls, tls, target, hostname, source } = route;
  const connector = route.connector ?? defaultConnector();
  if (proxy !== null && route.isForwarded) {
    return connectToProxy(proxy, { connector, tls, signal });
  }
  return openConnection({
    connector: proxy === null ? connector : proxyConnector(proxy, {
      connector,
      tls,
      ...source,
    }),
    target,
    tls: isTls ? { ...tls, serverName: tls.serverName ?? hostname } : null,
    signal,
    onTls: () => onPhase("tls"),
  });
}

/** Adds how far it had come to the error of a connection. */
export function withOpenProgress(error: unknown, phase: OpenPhase): unknown {
  if (!(error instanceof HttpError) || error.progress !== null) return error;
  const { code, message, cause, response, timeout } = error;
  const progress: HttpProgress = {
    phase,
    reused: false,
    requestBytes: 0,
    responseBytes: 0,
  };
  return new HttpError(code, message, { cause, progress, response, timeout });
}
