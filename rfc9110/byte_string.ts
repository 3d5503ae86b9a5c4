/**
 * Text in field values, which are byte strings (RFC 9110 §5.5).
 *
 * @module
 */

import { decodeByteString, encodeByteString } from "./_byte_string.ts";

/**
 * Encodes text as UTF-8, with one character per byte, for a field value.
 *
 * @param text Any text. Half of a surrogate pair becomes U+FFFD.
 * @returns The byte string.
 *
 * @example A filename that is not ASCII
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { HttpHeaders, toByteString } from "@pimalaya/io-http/rfc9110";
 *
 * const headers = new HttpHeaders({ "X-Name": toByteString("Zoë") });
 *
 * assertEquals(headers.get("x-name"), "Zo\u00c3\u00ab");
 * ```
 */
export function toByteString(text: string): string {
  return decodeByteString(new TextEncoder().encode(text), false);
}

/**
 * Decodes a byte string, such as a field value, as UTF-8.
 *
 * @param value The byte string.
 * @returns The text. Invalid bytes become U+FFFD.
 * @throws {TypeError} If a character is above 0xFF, so that `value` is not a
 * byte string.
 *
 * @example Read a name that was sent as UTF-8
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { fromByteString } from "@pimalaya/io-http/rfc9110";
 *
 * assertEquals(fromByteString("Zo\u00c3\u00ab"), "Zoë");
 * ```
 */
export function fromByteString(value: string): string {
  if (/[\u0100-\uffff]/.test(value)) {
    throw new TypeError("Invalid byte string: a character is above 0xFF");
  }
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  return decoder.decode(encodeByteString(value));
}
