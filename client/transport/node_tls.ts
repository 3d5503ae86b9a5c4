// Handshakes of `node:tls`, on Node, Bun, and Deno.

import type { HttpAddress, HttpTlsOptions } from "./http_connection.ts";
import {
  loadNode,
  type NodeSecureContext,
  type NodeSocket,
  type NodeTlsSocket,
} from "./node_socket.ts";
import type { StartTlsOptions } from "./socket_connection.ts";
import { tlsFailed } from "./tls_failure.ts";
import { watchEnd, type WhyEnded } from "./node_tls_end.ts";

/** The protocols to offer by ALPN, unless the caller names others. */
export const ALPN_PROTOCOLS: readonly string[] = ["http/1.1"];

/** A socket whose handshake is over. */
export interface SecureSocket {
  readonly socket: NodeTlsSocket;
  readonly whyEnded: WhyEnded;
}

/**
 * Starts TLS over a socket that nobody reads.
 *
 * @param under The socket.
 * @param remote The peer's address, for messages.
 * @param options The options of `HttpConnection.startTls`.
 * @returns The socket. If it rejects, `under` is for the caller to destroy.
 */
export function handshake(
  under: NodeSocket,
  remote: HttpAddress | null,
  options: StartTlsOptions,
): Promise<SecureSocket> {
  const { signal } = options;
  const serverName = options.serverName.replace(/^\[(.*)\]$/, "$1");
  const socket = connectTls(under, serverName, options);
  const whyEnded = watchEnd(socket, under);
  return new Promise((resolve, reject) => {
    function settle(act: () => void): void {
      socket.off("secureConnect", succeed);
      socket.off("error", onError);
      socket.off("end", onEnd);
      socket.off("close", onEnd);
      signal?.removeEventListener("abort", onAbort);
      act();
    }
    function fail(reason: unknown): void {
      settle(() => {
        // It may fail more than once, and would throw without a listener.
        socket.on("error", () => {});
        socket.destroy();
        reject(reason);
      });
    }
    const succeed = () => settle(() => resolve({ socket, whyEnded }));
    const onAbort = () => fail(signal!.reason);
    const onError = (error: Error) =>
      fail(tlsFailed(serverName, remote, reasonOf(error), error));
    const onEnd = () =>
      fail(
        tlsFailed(serverName, remote, "the peer ended the connection"),
      );
    socket.on("secureConnect", succeed);
    socket.on("error", onError);
    socket.on("end", onEnd);
    socket.on("close", onEnd);
    signal?.addEventListener("abort", onAbort);
    if (signal?.aborted) onAbort();
  });
}

function connectTls(
  under: NodeSocket,
  serverName: string,
  options: StartTlsOptions,
): NodeTlsSocket {
  const { alpnProtocols = ALPN_PROTOCOLS } = options;
  const isAddress = loadNode("node:net").isIP(serverName) !== 0;
  return loadNode("node:tls").connect({
    socket: under,
    // The certificate is checked against `servername`, or else against `host`;
    // the former is what SNI says, which has no addresses (RFC 6066 §3).
    host: serverName,
    servername: isAddress ? "" : serverName,
    ALPNProtocols: [...alpnProtocols],
    secureContext: secureContext(options),
  });
}

/** Shows the part of an error of OpenSSL's that is for people. */
function reasonOf(error: Error & { readonly reason?: unknown }): string {
  if (typeof error.reason === "string") return error.reason;
  return error.message.trim();
}

interface CachedContext {
  readonly caCerts: readonly string[];
  readonly cert: string | undefined;
  readonly key: string | undefined;
  readonly context: NodeSecureContext;
}

// With certificates of the caller's, Node parses all of its own as well: 5 to
// 15 ms for each context. So the last one is kept for each array of them.
const contexts = new WeakMap<readonly string[], CachedContext>();

function secureContext(options: HttpTlsOptions): NodeSecureContext {
  const { caCerts, cert, key } = options;
  if (caCerts === undefined) return createContext(options);
  const cached = contexts.get(caCerts);
  if (
    cached !== undefined && cached.cert === cert && cached.key === key &&
    cached.caCerts.length === caCerts.length &&
    cached.caCerts.every((one, i) => one === caCerts[i])
  ) return cached.context;
  const context = createContext(options);
  contexts.set(caCerts, { caCerts: [...caCerts], cert, key, context });
  return context;
}

function createContext(
  { caCerts = [], cert, key }: HttpTlsOptions,
): NodeSecureContext {
  const tls = loadNode("node:tls");
  // What is named here replaces what the runtime trusts.
  const trusted = caCerts.length === 0
    ? undefined
    : tls.getCACertificates?.("default") ?? tls.rootCertificates;
  try {
    return tls.createSecureContext({
      ...(trusted && { ca: [...trusted, ...caCerts] }),
      ...(cert !== undefined && { cert }),
      ...(key !== undefined && { key }),
    });
  } catch (cause) {
    const { message } = cause as Error;
    throw new TypeError(
      `Cannot start TLS: the certificates or the key are invalid: ${message}`,
      { cause },
    );
  }
}
