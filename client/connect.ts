/**
 * Options of opening a connection.
 *
 * @module
 */

import type { HttpLimits } from "../rfc9112/limits.ts";

/** What a TLS connection trusts, and how it presents itself. */
export interface HttpTlsOptions {
  /**
   * Root certificates in PEM, trusted besides those of the runtime.
   *
   * @default {none}
   */
  caCerts?: string[] | undefined;
  /**
   * The client's certificate chain in PEM; it takes a `key`.
   *
   * @default {none}
   */
  cert?: string | undefined;
  /**
   * The private key of the client's certificate in PEM.
   *
   * @default {none}
   */
  key?: string | undefined;
  /**
   * The protocols to offer by ALPN. Only HTTP/1.x is spoken, whatever is agreed.
   *
   * @default {["http/1.1"]}
   */
  alpnProtocols?: string[] | undefined;
}

/** Where and how to connect, and the limits of each of the client's calls. */
export interface HttpConnectOptions extends Partial<HttpLimits> {
  /**
   * Aborts connecting, the TLS handshake included. It does not live on in the
   * client: each call takes a signal of its own.
   *
   * @default {none}
   */
  signal?: AbortSignal | undefined;
  /**
   * Options of TLS, for an https URL.
   *
   * @default {none}
   */
  tls?: HttpTlsOptions | undefined;
  /**
   * The host to connect to in place of the URL's, which stays the one that the
   * server's certificate is checked against. It does not go together with a
   * client certificate.
   *
   * @default {the URL's host}
   */
  hostname?: string | undefined;
  /**
   * The port to connect to in place of the URL's.
   *
   * @default {the URL's port}
   */
  port?: number | undefined;
  /**
   * The path of a Unix socket to connect to in place of any host and port, for
   * an http URL.
   *
   * @default {none}
   */
  unixPath?: string | undefined;
}
