/**
 * Where the body of a response ends.
 *
 * @module
 */

// The decision of RFC 9112 §6.3 is one function of the request's method and the
// response's status, version, and fields.

import { cannotRead } from "../core/fault.ts";
import { quote } from "../core/quote.ts";
import { parseDigits, parseTokenList, trimBlanks } from "../rfc9110/_syntax.ts";
import type { HttpResponse } from "../rfc9110/response.ts";

/**
 * Where the body of a response ends (RFC 9112 §6.3).
 *
 * | kind | end of the body |
 * |---|---|
 * | `none` | at once: a response to HEAD, 204, 304 |
 * | `length` | after this many bytes |
 * | `chunked` | given by the chunked coding |
 * | `close` | when the connection closes |
 * | `tunnel` | no body: the head is followed by another protocol |
 */
export type HttpFraming =
  | { readonly kind: "none" }
  | { readonly kind: "length"; readonly length: number }
  | { readonly kind: "chunked" }
  | { readonly kind: "close" }
  | { readonly kind: "tunnel" };

/** How a body is framed, and whether another reader could disagree. */
export interface FramingDecision {
  readonly framing: HttpFraming;
  /** Whether the framing rules out another request on the connection. */
  readonly ambiguous: boolean;
}

/**
 * Decides where the body of a response ends.
 *
 * @param method The request's method.
 * @throws {HttpError} If the field that decides, `Transfer-Encoding` or
 * `Content-Length`, is invalid.
 */
export function decideFraming(
  method: string,
  response: HttpResponse,
): FramingDecision {
  const { status, headers } = response;
  // 1. and 2. No body, whatever the fields say. A tunnel comes first: 204 is
  // also a successful response to CONNECT (RFC 9110 §9.3.6).
  if (status === 101 || (method === "CONNECT" && response.isSuccess)) {
    return { framing: { kind: "tunnel" }, ambiguous: false };
  }
  if (method === "HEAD" || status === 204 || status === 304) {
    return { framing: { kind: "none" }, ambiguous: false };
  }
  // 3. and 4. Transfer-Encoding overrides Content-Length. Both together, or
  // Transfer-Encoding in HTTP/1.0 or with the value identity, are a means of
  // request smuggling.
  const codings = headers.get("Transfer-Encoding");
  const lengths = headers.get("Content-Length");
  if (codings !== null && isChunked(codings)) {
    const ambiguous = response.version === "HTTP/1.0" || lengths !== null;
    return { framing: { kind: "chunked" }, ambiguous };
  }
  // 5. and 6. Content-Length, which must be one number. 8. Neither: until the
  // connection closes.
  const framing: HttpFraming = lengths === null
    ? { kind: "close" }
    : { kind: "length", length: parseContentLength(lengths) };
  return { framing, ambiguous: codings !== null };
}

/**
 * Reads the list of transfer codings.
 *
 * @returns True for `chunked`, false for `identity`, which counts as no coding.
 * @throws {HttpError} For any other list.
 */
function isChunked(list: string): boolean {
  const codings = parseTokenList(list);
  const at = codings.indexOf("chunked");
  if (codings.length === 1) {
    if (at === 0) return true;
    if (codings[0] === "identity") return false;
  }
  const part = `Transfer-Encoding ${quote(list)}`;
  if (codings.length > 0 && (at < 0 || at === codings.length - 1)) {
    const reason = "no coding other than chunked was requested";
    throw cannotRead("UnsupportedTransferCoding", part, reason);
  }
  const reason = codings.length === 0
    ? "it names no coding"
    : "chunked occurs twice or is not the last coding";
  throw cannotRead("InvalidTransferEncoding", part, reason);
}

/** Parses the list of all Content-Length values, which must agree. */
function parseContentLength(list: string): number {
  const length = parseLength(list);
  // Nearly always, the list is one number.
  if (length >= 0) return length;
  const [first = -1, ...others] = list.split(",").map(parseLength);
  if (first >= 0 && others.every((other) => other === first)) return first;
  throw cannotRead(
    "InvalidContentLength",
    `Content-Length ${quote(list)}`,
    "it is not one number up to 2^53-1",
  );
}

/**
 * Parses a number of digits only, with whitespace around it.
 *
 * @returns The number, or -1 if it is not one up to 2^53-1.
 */
export function parseLength(text: string): number {
  const length = parseDigits(trimBlanks(text));
  return length <= Number.MAX_SAFE_INTEGER ? length : -1;
}
