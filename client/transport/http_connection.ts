/**
 * Connections and the connectors that open them.
 *
 * @module
 */

import { quote } from "../../core/quote.ts";

/** A pair of byte streams, such as a connection. */
export interface ByteStream {
  /** The bytes that the peer sends. */
  readonly readable: ReadableStream<Uint8Array>;
  /** The bytes that the peer receives. */
  readonly writable: WritableStream<Uint8Array>;
}

/** One end of a connection. */
export type HttpAddress =
  | { readonly hostname: string; readonly port: number }
  | { readonly unixPath: string };

/** Formats an address as in a URL, for messages. */
export function formatAddress(address: HttpAddress): string {
  if ("unixPath" in address) return quote(address.unixPath);
  const { hostname, port } = address;
  const isBareV6 = hostname.includes(":") && !hostname.startsWith("[");
  return `${isBareV6 ? `[${hostname}]` : hostname}:${port}`;
}

/** Facts of a connection. */
export interface HttpConnectionInfo {
  /** The peer's end, or `null` if it is unknown. */
  readonly remote: HttpAddress | null;
  /** This end, or `null` if it is unknown. */
  readonly local: HttpAddress | null;
  /** The TLS session, or `null` without TLS. */
  readonly tls: { readonly alpnProtocol: string | null } | null;
}

/** Options of a TLS handshake. Certificates and keys are in PEM. */
export interface HttpTlsOptions {
  /**
   * Certificates of authorities to trust in addition to the runtime's own.
   *
   * @default {[]}
   */
  caCerts?: readonly string[] | undefined;
  /**
   * The client's certificate chain, together with `key`.
   *
   * @default {no client certificate}
   */
  cert?: string | undefined;
  /**
   * The private key of `cert`.
   *
   * @default {no client certificate}
   */
  key?: string | undefined;
  /**
   * The protocols to offer by ALPN (RFC 7301). Without an offer, some servers choose
   * HTTP/2, which this package does not speak.
   *
   * @default {["http/1.1"]}
   */
  alpnProtocols?: readonly string[] | undefined;
  /**
   * The name to verify the certificate against, and to send as SNI.
   *
   * @default {the URL's host}
   */
  serverName?: string | undefined;
}

/** A connection as a connector returns it. */
export interface HttpConnection extends ByteStream {
  /** Facts of the connection. */
  readonly info: HttpConnectionInfo;
  /**
   * Starts TLS on the connection, before anything was read or written.
   *
   * @param options The server's name, certificates, and a signal that aborts
   * the handshake.
   * @returns The connection that speaks TLS. This one can no longer be used.
   */
  startTls?:
    | ((
      options: HttpTlsOptions & {
        serverName: string;
        signal?: AbortSignal | undefined;
      },
    ) => Promise<HttpConnection>)
    | undefined;
  /** Makes the connection keep the process alive, which is the default. */
  ref?: (() => void) | undefined;
  /** Lets the process exit while the connection is open. */
  unref?: (() => void) | undefined;
  /**
   * Ends the connection at once.
   *
   * @param reason Why.
   */
  abort?: ((reason?: unknown) => void) | undefined;
}

/** Opens connections. */
export interface HttpConnector {
  /**
   * Opens a connection without TLS.
   *
   * @param target The address to connect to.
   * @param options A signal that aborts the attempt.
   * @returns The connection.
   * @throws {HttpError} If no address accepts the connection.
   */
  connect(
    target: HttpAddress,
    options?: { signal?: AbortSignal | undefined },
  ): Promise<HttpConnection>;
}
