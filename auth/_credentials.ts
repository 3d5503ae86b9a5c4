// Credentials as they stand in Authorization and Proxy-Authorization: a scheme,
// one or more spaces, and what the scheme defines (RFC 9110 §11.4).

import { equalsIgnoringCase, SP } from "../rfc9110/_syntax.ts";

/**
 * Makes the error for credentials that are not as their scheme has them. It
 * never repeats any of them.
 */
export function invalidCredentials(scheme: string, reason: string): TypeError {
  return new TypeError(`Invalid ${scheme} credentials: ${reason}`);
}

/** Returns what follows the scheme, which is named in any case, and its spaces. */
export function stripScheme(value: string, scheme: string): string {
  let start = scheme.length;
  const named = equalsIgnoringCase(value.slice(0, start), scheme);
  // What stands in the scheme's place is not shown: it may be a bare token.
  if (!named || value.charCodeAt(start) !== SP) {
    throw invalidCredentials(
      scheme,
      "they do not start with the scheme and a space",
    );
  }
  while (value.charCodeAt(start) === SP) start++;
  return value.slice(start);
}
