// Credentials as they stand in Authorization and Proxy-Authorization: a scheme,
// one or more spaces, and the scheme's own syntax (RFC 9110 §11.4).

import { invalid } from "../core/quote.ts";
import { equalsIgnoringCase, SP } from "../rfc9110/_syntax.ts";
import { exposeValue, findTextFault, type Secret } from "../rfc9110/secret.ts";

/** Creates the error for invalid credentials. It must not repeat any of them. */
export function invalidCredentials(scheme: string, reason: string): TypeError {
  return invalid(`${scheme} credentials`, reason);
}

/**
 * Returns the string that a caller passed, as it is or in a `Secret`.
 *
 * @param name The name of the value, for the message.
 * @throws {TypeError} If it is neither, if it contains a `Secret` that was
 * converted to a string, or if `findFault` finds a fault in it.
 */
export function exposeText(
  scheme: string,
  name: string,
  value: string | Secret,
  findFault: (text: string) => string | null,
): string {
  const text = exposeValue(value);
  const fault = findTextFault(text) ?? findFault(text);
  if (fault !== null) throw invalidCredentials(scheme, `the ${name} ${fault}`);
  return text;
}

/** {@linkcode exposeText}, for a username or a password. */
export function exposeUserText(
  scheme: string,
  name: string,
  value: string | Secret,
): string {
  return exposeText(scheme, name, value, findUserTextFault);
}

function findUserTextFault(text: string): string | null {
  // deno-lint-ignore no-control-regex -- CTL, which RFC 7617 §2 bans
  if (/[\x00-\x1f\x7f]/.test(text)) return "contains a control character";
  // An encoder would replace it by U+FFFD, which is another password.
  return text.isWellFormed() ? null : "contains half of a surrogate pair";
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
