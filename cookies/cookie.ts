/**
 * Cookies as a jar returns them.
 *
 * @module
 */

import { inspectAs, REDACTED } from "../rfc9110/_inspect.ts";
import type { HttpSameSite } from "./set_cookie.ts";

/**
 * One stored cookie (RFC 6265bis §5.7). Inspecting it does not show its value.
 * Times are in milliseconds since the epoch.
 */
export interface HttpCookie {
  /** The name, which may be empty. */
  readonly name: string;
  /** The value, as it was sent. */
  readonly value: string;
  /** The host or domain that the cookie is for, in lowercase. */
  readonly domain: string;
  /** The path that requests must have or lie below. */
  readonly path: string;
  /** True if names below `domain` do not get the cookie. */
  readonly hostOnly: boolean;
  /** True if only https requests get the cookie. */
  readonly secure: boolean;
  /** True if scripts in a browser must not see the cookie. */
  readonly httpOnly: boolean;
  /** The `SameSite` attribute, which means nothing outside browsers. */
  readonly sameSite: HttpSameSite;
  /** When the cookie expires, or `null` at the end of the session. */
  readonly expires: number | null;
  /** When a cookie of this name, domain, and path was first stored. */
  readonly created: number;
  /** When the cookie was last stored or sent. */
  readonly lastAccess: number;
}

/** Hides the value of a cookie from `console.log`, though not from its owner. */
export function hideValue(cookie: HttpCookie): HttpCookie {
  inspectAs(cookie, "HttpCookie", () => ({ ...cookie, value: REDACTED }));
  return cookie;
}
