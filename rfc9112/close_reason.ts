/**
 * Whether a connection may carry another request, and if not, why.
 *
 * @module
 */

/**
 * Why a connection may not carry another request (RFC 9112 §9.3). If several
 * reasons apply, the first of this table is reported.
 *
 * | reason | when |
 * |---|---|
 * | `Upgraded` | 101, or 2xx to CONNECT |
 * | `ReadToClose` | the body ended when the connection closed |
 * | `AmbiguousFraming` | `Transfer-Encoding` together with `Content-Length`, in an HTTP/1.0 response, or with the value `identity` |
 * | `ResponseClose` | `close` among the `Connection` options of the response |
 * | `RequestClose` | `close` among the `Connection` options of the request |
 * | `Http10` | an HTTP/1.0 response without the option `keep-alive`, or an HTTP/1.0 request unless both sides sent that option |
 * | `RequestIncomplete` | the response was complete before the request was known to be written |
 * | `UnexpectedBytes` | unsolicited bytes followed the response |
 */
export type HttpCloseReason =
  | "Upgraded"
  | "ReadToClose"
  | "AmbiguousFraming"
  | "ResponseClose"
  | "RequestClose"
  | "Http10"
  | "RequestIncomplete"
  | "UnexpectedBytes";
