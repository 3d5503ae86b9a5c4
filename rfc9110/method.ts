/**
 * Properties of methods (RFC 9110 §9.2).
 *
 * @module
 */

// The HTTP Method Registry without PRI, which no request may use. CONNECT, LOCK,
// PATCH, and POST are neither safe nor idempotent, and neither is any method
// that is not registered.

const SAFE_METHODS = "GET HEAD OPTIONS PROPFIND QUERY REPORT SEARCH TRACE";
const UNSAFE_IDEMPOTENT_METHODS =
  "ACL BASELINE-CONTROL BIND CHECKIN CHECKOUT COPY DELETE LABEL LINK MERGE " +
  "MKACTIVITY MKCALENDAR MKCOL MKREDIRECTREF MKWORKSPACE MOVE ORDERPATCH " +
  "PROPPATCH PUT REBIND UNBIND UNCHECKOUT UNLINK UNLOCK UPDATE " +
  "UPDATEREDIRECTREF VERSION-CONTROL";

/**
 * Returns whether a method is registered as safe: it requests no change of state
 * (RFC 9110 §9.2.1).
 *
 * @param method The method. Its case matters: `get` is not `GET`.
 * @returns Whether it is safe, which is `false` if it is not registered.
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
  return SAFE_METHODS.split(" ").includes(method);
}

/**
 * Returns whether a method is registered as idempotent: sending a request twice
 * has the same effect as sending it once, so it may be sent again after the
 * connection failed (RFC 9110 §9.2.2). Every safe method is idempotent.
 *
 * @param method The method. Its case matters: `put` is not `PUT`.
 * @returns Whether it is idempotent, which is `false` if it is not registered.
 *
 * @example Methods that may be sent again
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
  return isSafe(method) ||
    UNSAFE_IDEMPOTENT_METHODS.split(" ").includes(method);
}
