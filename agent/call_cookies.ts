// The `Cookie` field of a request: the caller's own, then the jar's.

import type { HttpHeaders } from "../rfc9110/headers.ts";

/** The part of a cookie jar that a call uses. */
export interface HttpCallCookies {
  /**
   * Takes the cookies that a response sets.
   *
   * @param url The URL of the request.
   * @param headers The fields of the response.
   * @param now The time, in milliseconds since 1970.
   * @returns Anything: nothing looks at it.
   */
  store(url: URL, headers: HttpHeaders, now: number): unknown;
  /**
   * Returns the `Cookie` field of a request.
   *
   * @param url The URL of the request.
   * @param now The time, in milliseconds since 1970.
   * @returns The field value, or `null` if there are no cookies.
   */
  header(url: URL, now: number): string | null;
}

/** Joins cookies; of two with one name, the caller's counts. */
export function joinCookies(own: readonly string[], jars: string): string {
  const ownNames = new Set(own.join(";").split(";").map(nameOf));
  const others = jars.split("; ").filter((pair) => !ownNames.has(nameOf(pair)));
  return [...own, ...others].join("; ");
}

/** A cookie without "=" is all value. */
function nameOf(pair: string): string {
  const end = pair.indexOf("=");
  return (end < 0 ? "" : pair.slice(0, end)).trim();
}
