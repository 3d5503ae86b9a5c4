// Credentials as they stand in Authorization and Proxy-Authorization: a scheme,
// one or more spaces, and the scheme's own syntax (RFC 9110 §11.4).

import { invalid } from "../core/quote.ts";
import { REDACTED } from "../rfc9110/_inspect.ts";
import { equalsIgnoringCase, SP } from "../rfc9110/_syntax.ts";
import { Secret } from "../rfc9110/secret.ts";

/** Creates the error for invalid credentials. It must not repeat any of them. */
export function invalidCredentials(scheme: string, reason: string): TypeError {
  return invalid(`${scheme} credentials`, reason);
}

/**
 * Returns the string that a caller passed, as it is or in a `Secret`.
 *
 * @throws {TypeError} If it is neither, or if it contains a `Secret` that was
 * converted to a string.
 */
export function exposeText(
  scheme: string,
  name: string,
  value: string | Secret,
): string {
  const text = value instanceof Secret ? value.expose() : value;
  if (typeof text !== "string") {
    const reason = `the ${name} is neither a string nor a Secret`;
    throw invalidCredentials(scheme, reason);
  }
  if (text.includes(REDACTED)) {
    const reason =
      `the ${name} contains ${REDACTED}, so call expose() on the ` +
      `Secret in it`;
    throw invalidCredentials(scheme, reason);
  }
  return text;
}

/**
 * Returns a username or a password that a caller passed.
 *
 * @throws {TypeError} If it is not a string, or if it contains a control
 * character or half of a surrogate pair.
 */
export function exposeUserText(
  scheme: string,
  name: string,
  value: string | Secret,
): string {
  const text = exposeText(scheme, name, value);
  // deno-lint-ignore no-control-regex -- CTL, which RFC 7617 §2 bans
  if (/[\x00-\x1f\x7f]/.test(text)) {
    const reason = `the ${name} contains a control character`;
    throw invalidCredentials(scheme, reason);
  }
  // An encoder would replace it by U+FFFD, which is another password.
  if (!text.isWellFormed()) {
    const reason = `the ${name} contains half of a surrogate pair`;
    throw invalidCredentials(scheme, reason);
  }
  return text;
}

/** Returns the part after the scheme, in any case, and its spaces. */
export function stripScheme(value: string, scheme: string): string {
  let start = scheme.length;
  const isNamed = typeof value === "string" &&
    equalsIgnoringCase(value.slice(0, start), scheme);
  // The text in place of the scheme is not shown: it may be a bare token.
  if (!isNamed || value.charCodeAt(start) !== SP) {
    throw invalidCredentials(
      scheme,
      "they do not start with the scheme and a space",
    );
  }
  while (value.charCodeAt(start) === SP) start++;
  return value.slice(start);
}
