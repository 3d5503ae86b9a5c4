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
 * Checks a value of the caller's for a field.
 *
 * @throws {TypeError} If it has a control character or is not a byte string.
 */
export function checkFieldText(name: string, value: string): void {
  if (isFieldText(value)) return;
  throw new TypeError(`Invalid ${name}: ${quote(value)} is not a field value`);
}
