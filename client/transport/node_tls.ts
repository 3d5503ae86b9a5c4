// Handshakes of `node:tls`, on Node, Bun, and Deno.

import { quote } from "../../core/quote.ts";
import { unbracket } from "../../rfc9110/_url.ts";
import type { HttpAddress, HttpTlsOptions } from "./http_connection.ts";
import {
  loadNode,
  type NodeDuplex,
  type NodeSecureContext,
  type NodeSocket,
  type NodeTlsSocket,
} from "./node_socket.ts";
import type { Wire } from "./node_wire.ts";
import type { StartTlsOptions } from "./socket_connection.ts";
import { reasonOf, tlsFailed } from "./open_failure.ts";

const ALPN_PROTOCOLS: readonly string[] = ["http/1.1"];

/** The layers under a socket of `node:tls`. */
export interface Under {
  /** The sockets, from the one right under it. */
  readonly layers: readonly NodeSocket[];
  /** The first of them on Deno, if it is one of our duplex streams. */
  readonly carrier?: NodeDuplex;
  /** The first of them on Deno, if it is a socket of `node:net`. */
  readonly wire?: Wire;
}

/** A source of bytes that can be paused. */
export interface Valve {
  pause(): unknown;
  resume(): unknown;
}

/** Returns the sources to pause together with a socket: on Deno, TLS reads on. */
export function valvesOf(
  socket: NodeSocket,
  { carrier, wire }: Partial<Under> = {},
): readonly Valve[] {
  if (wire !== undefined) return [wire];
  return carrier === undefined ? [socket] : [carrier, socket];
}

/**
 * Watches for an end of file that no close_notify came before. Only Deno shows it.
 *
 * @param socket The socket of TLS.
 * @param under The layers under it.
 * @param onCut Called before the TLS layer learns of the end. By then, a close_notify
 * would have ended the decrypted bytes.
 */
export function watchCut(
  socket: NodeSocket & Pick<NodeTlsSocket, "_readableState">,
  { carrier, wire }: Under,
  onCut: () => void,
): void {
  if (wire !== undefined) wire.onCut = onCut;
  carrier?.prependListener("end", () => {
    if (socket._readableState?.ended === false) onCut();
  });
}

/**
 * Starts TLS over a socket that is not in use.
 *
 * @param under The socket, and those under it.
 * @param remote The peer's address, for messages.
 * @param options The options of `HttpConnection.startTls`.
 * @param take Takes over the socket, before it can emit anything else.
 * @returns The result of `take`. If it rejects, the caller must destroy all of `under`.
 */
export function handshake<Taken>(
  { layers: [below], wire }: Under,
  remote: HttpAddress | null,
  options: StartTlsOptions,
  take: (socket: NodeTlsSocket) => Taken,
): Promise<Taken> {
  const { signal } = options;
  const serverName = unbracket(options.serverName);
  const socket = connectTls(below!, serverName, options);
  wire?.watch(socket);
  return new Promise((resolve, reject) => {
    function settle(act: () => void): void {
      socket.off("secureConnect", succeed);
      socket.off("error", onError);
      socket.off("end", onEnd);
      socket.off("close", onEnd);
      below!.off("error", onError);
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
    const succeed = () => settle(() => resolve(take(socket)));
    const onAbort = () => fail(signal!.reason);
    const onError = (error: Error) =>
      fail(tlsFailed(serverName, remote, reasonOf(error), error));
    const onEnd = () =>
      fail(tlsFailed(serverName, remote, "the peer ended the connection"));
    socket.on("secureConnect", succeed);
    socket.on("error", onError);
    socket.on("end", onEnd);
    socket.on("close", onEnd);
    below!.on("error", onError);
    signal?.addEventListener("abort", onAbort);
    if (signal?.aborted) onAbort();
  });
}

function connectTls(
  below: NodeSocket,
  serverName: string,
  options: StartTlsOptions,
): NodeTlsSocket {
  const { alpnProtocols = ALPN_PROTOCOLS } = options;
  // The certificate would be checked against "localhost".
  if (serverName === "") {
    throw new TypeError("Cannot start TLS: `serverName` is empty");
  }
  for (const name of alpnProtocols) {
    // An empty one would end the whole process on Node.
    const { length } = new TextEncoder().encode(name);
    if (length > 0 && length < 256) continue;
    throw new TypeError(
      `Cannot start TLS: ${quote(name)} in \`alpnProtocols\` is not 1 to 255 ` +
        "bytes long",
    );
  }
  const isAddress = loadNode("node:net").isIP(serverName) !== 0;
  return loadNode("node:tls").connect({
    socket: below,
    // The certificate is checked against `servername`, or else against `host`; the
    // former is also sent as SNI, which has no addresses and no final dot, and some
    // servers reject one that has (RFC 6066 §3).
    host: serverName,
    servername: isAddress ? "" : serverName.replace(/\.$/, ""),
    ALPNProtocols: [...alpnProtocols],
    secureContext: secureContext(options),
  });
}

/** Trusts the runtime's authorities and the caller's. */
function secureContext(
  { caCerts = [], cert, key }: HttpTlsOptions,
): NodeSecureContext {
  for (const caCert of caCerts) {
    checkPem(caCert, `${quote(caCert)} in \`caCerts\``);
  }
  // Deno would send no certificate.
  if (cert !== undefined) checkPem(cert, "`cert`");
  if (key !== undefined) checkPem(key, "`key`");
  try {
    const context = loadNode("node:tls").createSecureContext({
      ...(cert !== undefined && { cert }),
      ...(key !== undefined && { key }),
    });
    // Not the option `ca`, which replaces the runtime's own authorities. Listing
    // them costs 15 ms on Node, and needs a permission on Deno.
    for (const caCert of caCerts) context.context.addCACert(caCert);
    return context;
  } catch (cause) {
    const { message } = cause as Error;
    throw new TypeError(
      `Cannot start TLS: the certificates or the key are invalid: ${message}`,
      { cause },
    );
  }
}

/** @throws {TypeError} If a text is not PEM. */
function checkPem(text: string, name: string): void {
  if (text.includes("-----BEGIN ")) return;
  throw new TypeError(`Cannot start TLS: ${name} is not PEM`);
}
