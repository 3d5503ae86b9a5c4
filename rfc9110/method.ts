/**
 * What is known of a method before it is sent (RFC 9110 §9.2).
 *
 * @module
 */

// The HTTP Method Registry, but for PRI, which no request may use. CONNECT,
// LOCK, PATCH and POST are neither safe nor idempotent, and so is every method
// that is not listed: nothing is known of it.

const SAFE_METHODS = [
  "GET",
  "HEAD",
  "OPTIONS",
  "PROPFIND",
  "QUERY",
  "REPORT",
  "SEARCH",
  "TRACE",
];

const UNSAFE_IDEMPOTENT_METHODS = [
  "ACL",
  "BASELINE-CONTROL",
  "BIND",
  "CHECKIN",
  "CHECKOUT",
  "COPY",
  "DELETE",
  "LABEL",
  "LINK",
  "MERGE",
  "MKACTIVITY",
  "MKCALENDAR",
  "MKCOL",
  "MKREDIRECTREF",
  "MKWORKSPACE",
  "MOVE",
  "ORDERPATCH",
  "PROPPATCH",
  "PUT",
  "REBIND",
  "UNBIND",
  "UNCHECKOUT",
  "UNLINK",
  "UNLOCK",
  "UPDATE",
  "UPDATEREDIRECTREF",
  "VERSION-CONTROL",
];

/**
 * Tells whether a method is registered as safe: it asks for no change of state
 * (RFC 9110 §9.2.1).
 *
 * @param method The method, whose case counts: `get` is not `GET`.
 * @returns Whether it is safe; `false` for a method that is not registered.
 *
 * @example Safe and unsafe methods
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { isIdempotent, isSafe } from "@pimalaya/io-http/rfc9110";
 *
 * assertEquals(isSafe("PROPFIND"), true);
 * assertEquals(isSafe("DELETE"), false);
 * assertEquals(isIdempotent("DELETE"), true);
 * ```
 */
export function isSafe(method: string): boolean {
  return SAFE_METHODS.includes(method);
}

/**
 * Tells whether a method is registered as idempotent: sent twice it asks for
 * the same as sent once, so it may be sent again after the connection failed
 * (RFC 9110 §9.2.2). Every safe method is.
 *
 * @param method The method, whose case counts: `put` is not `PUT`.
 * @returns Whether it is idempotent; `false` for a method that is not
 * registered.
 *
 * @example What may be sent again
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { isIdempotent, isSafe } from "@pimalaya/io-http/rfc9110";
 *
 * assertEquals(isIdempotent("PUT"), true);
 * assertEquals(isIdempotent("POST"), false);
 * assertEquals(isSafe("PUT"), false);
 * ```
 */
export function isIdempotent(method: string): boolean {
  return isSafe(method) || UNSAFE_IDEMPOTENT_METHODS.includes(method);
}
