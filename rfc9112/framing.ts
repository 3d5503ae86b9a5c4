/**
 * How the body of a response is delimited.
 *
 * @module
 */

/**
 * Where the body of a response ends (RFC 9112 §6.3).
 *
 * | kind | the body ends |
 * |---|---|
 * | `none` | at once: the answer to HEAD, 204, 304 |
 * | `length` | after so many bytes |
 * | `chunked` | where the chunked coding says so |
 * | `close` | with the connection |
 * | `tunnel` | there is none: what follows the head is another protocol's |
 */
export type HttpFraming =
  | { readonly kind: "none" }
  | { readonly kind: "length"; readonly length: number }
  | { readonly kind: "chunked" }
  | { readonly kind: "close" }
  | { readonly kind: "tunnel" };
