/**
 * Whether a connection may carry another request, and why not.
 *
 * @module
 */

/**
 * Why a connection may not carry another request (RFC 9112 §9.3).
 *
 * | reason | when |
 * |---|---|
 * | `Upgraded` | a 101, or a 2xx answer to CONNECT |
 * | `RequestIncomplete` | the final response came before the request was sent whole |
 * | `ReadToClose` | the body ended with the connection |
 * | `AmbiguousFraming` | `Transfer-Encoding` beside `Content-Length`, in HTTP/1.0, or `identity` |
 * | `ResponseClose` | `close` among the `Connection` options of the response |
 * | `RequestClose` | `close` among the `Connection` options of the request |
 * | `Http10` | a response of HTTP/1.0 without the option `keep-alive` |
 */
export type HttpCloseReason =
  | "Upgraded"
  | "RequestIncomplete"
  | "ReadToClose"
  | "AmbiguousFraming"
  | "ResponseClose"
  | "RequestClose"
  | "Http10";
