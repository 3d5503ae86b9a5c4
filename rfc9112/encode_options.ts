/**
 * Options of writing a request.
 *
 * @module
 */

/** Options of writing a request. */
export interface HttpEncodeOptions {
  /**
   * The form of the request target (RFC 9112 §3.2): `"origin"` is path and
   * query, `"absolute"` the whole URL, for a proxy, and `"asterisk"` is `*`, for
   * OPTIONS alone. CONNECT has a form of its own, host and port.
   *
   * @default {"origin"}
   */
  target?: "origin" | "absolute" | "asterisk" | undefined;
}
