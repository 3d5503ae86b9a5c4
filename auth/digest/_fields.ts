// How values are checked, and written in Authorization (RFC 7616 §3.4).

import { quote } from "../../core/quote.ts";
import { isFieldText } from "../../rfc9110/_syntax.ts";

/** Writes a quoted-string (RFC 9110 §5.6.4). */
export function quoteString(value: string): string {
  return `"${value.replace(/["\\]/g, "\\$&")}"`;
}

/** Writes an ext-value in UTF-8 (RFC 8187 §3.2.1). */
export function encodeExtValue(text: string): string {
  const encoded = encodeURIComponent(text).replace(
    /[*'()]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `UTF-8''${encoded}`;
}

/**
 * Checks a username or a password.
 *
 * @throws {TypeError} If it has a control character, which Basic does not allow
 * either, or half of a surrogate pair, which UTF-8 cannot encode.
 */
export function checkUserText(name: string, text: string): void {
  // deno-lint-ignore no-control-regex
  if (/[\x00-\x1f\x7f]/.test(text) || !text.isWellFormed()) {
    throw new TypeError(
      `Invalid Digest credentials: the ${name} has a control character or ` +
        "half of a surrogate pair",
    );
  }
}

/**
 * Checks a value of the caller's for a field.
 *
 * @throws {TypeError} If it has a control character or is not a byte string.
 */
export function checkFieldText(name: string, value: string): void {
  if (isFieldText(value)) return;
  throw new TypeError(`Invalid ${name}: ${quote(value)} is not a field value`);
}
