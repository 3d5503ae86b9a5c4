/**
 * Options of opening a connection.
 *
 * @module
 */

/** What a TLS connection trusts, and how it presents itself. */
export interface HttpTlsOptions {
  /**
   * Root certificates in PEM, trusted besides those of the runtime.
   *
   * @default {none}
   */
  caCerts?: string[];
  /**
   * The client's certificate chain in PEM; it takes a `key`.
   *
   * @default {none}
   */
  cert?: string;
  /**
   * The private key of the client's certificate in PEM.
   *
   * @default {none}
   */
  key?: string;
  /**
   * The protocols to offer by ALPN. Only HTTP/1.x is spoken, whatever is agreed.
   *
   * @default {["http/1.1"]}
   */
  alpnProtocols?: string[];
}

/** Where and how to connect. */
export interface HttpConnectOptions {
  /**
   * Aborts connecting, the TLS handshake included. It does not live on in the
   * client: each call takes a signal of its own.
   *
   * @default {none}
   */
  signal?: AbortSignal;
  /**
   * Options of TLS, for an https URL.
   *
   * @default {none}
   */
  tls?: HttpTlsOptions;
  /**
   * The host to connect to in place of the URL's, which stays the one that the
   * server's certificate is checked against.
   *
   * @default {the URL's host}
   */
  hostname?: string;
  /**
   * The port to connect to in place of the URL's.
   *
   * @default {the URL's port}
   */
  port?: number;
  /**
   * The path of a Unix socket to connect to in place of any host, for an http
   * URL.
   *
   * @default {none}
   */
  unixPath?: string;
}
