/**
 * Discovery by well-known URIs (RFC 8615), without I/O.
 *
 * @example Request a security contact (RFC 9116)
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { WellKnown } from "@pimalaya/io-http/well-known";
 *
 * const lookup = new WellKnown("https://example.com", "security.txt");
 * const step = lookup.resume();
 *
 * assertEquals(step.type, "WantsWrite");
 * assertEquals(lookup.request.url.pathname, "/.well-known/security.txt");
 * ```
 *
 * @module
 */

export type { HttpHeadersInit, HttpRedirect } from "../rfc9110/mod.ts";
export type { HttpSendOutput } from "../rfc9112/mod.ts";
export {
  WellKnown,
  type WellKnownInit,
  type WellKnownResult,
} from "./well_known.ts";
