// Where a response's body ends: the decision of RFC 9112 §6.3, as one function
// of the request's method, the status, the version and the fields.

import { HttpError } from "../error.ts";
import { quote } from "../core/quote.ts";
import { parseTokenList, trimBlanks } from "../rfc9110/_syntax.ts";
import type { HttpResponse } from "../rfc9110/response.ts";
import type { HttpFraming } from "./framing.ts";

const ZERO = 0x30;

/** How a body is framed, and whether another reader could see it otherwise. */
export interface FramingDecision {
  readonly framing: HttpFraming;
  /** True where the connection must not be used again because of the framing. */
  readonly ambiguous: boolean;
}

const NONE: HttpFraming = Object.freeze({ kind: "none" });
const CHUNKED: HttpFraming = Object.freeze({ kind: "chunked" });
const CLOSE: HttpFraming = Object.freeze({ kind: "close" });
const TUNNEL: HttpFraming = Object.freeze({ kind: "tunnel" });

/**
 * Decides where the body of a response ends.
 *
 * @param method The request's method.
 * @throws {HttpError} If `Transfer-Encoding` or `Content-Length`, where it
 * decides, is invalid.
 */
export function decideFraming(
  method: string,
  response: HttpResponse,
): FramingDecision {
  const { status, headers } = response;
  // 1. and 2. No body, whatever the fields say. A connection that turns into
  // something else comes first: 204 is a 2xx answer to CONNECT too, and what
  // follows it is the tunnel's (RFC 9110 §9.3.6).
  const isTunnel = status === 101 ||
    (method === "CONNECT" && response.isSuccess);
  if (isTunnel) return { framing: TUNNEL, ambiguous: false };
  if (method === "HEAD" || status === 204 || status === 304) {
    return { framing: NONE, ambiguous: false };
  }
  // 3. and 4. Transfer-Encoding overrides Content-Length. Beside it, in
  // HTTP/1.0 or as `identity`, it is what smuggling is made of.
  const coding = headers.get("transfer-encoding");
  const lengths = headers.get("content-length");
  if (coding !== null && isChunked(coding)) {
    const ambiguous = response.version === "HTTP/1.0" || lengths !== null;
    return { framing: CHUNKED, ambiguous };
  }
  // 5. and 6. Content-Length, which has to be one number.
  const ambiguous = coding !== null;
  if (lengths !== null) {
    const length = parseContentLength(lengths);
    return { framing: { kind: "length", length }, ambiguous };
  }
  // 8. Neither: until the connection ends.
  return { framing: CLOSE, ambiguous };
}

/**
 * Reads the list of transfer codings.
 *
 * @returns True for `chunked`, false for `identity`, which is as if there were
 * no coding.
 * @throws {HttpError} For every other list.
 */
function isChunked(list: string): boolean {
  const codings = parseTokenList(list);
  if (codings.length === 0) {
    throw invalidCoding("InvalidTransferEncoding", list, "it names no coding");
  }
  const chunkedAt = codings.indexOf("chunked");
  if (chunkedAt >= 0 && chunkedAt < codings.length - 1) {
    const why = "chunked is not the last coding, once";
    throw invalidCoding("InvalidTransferEncoding", list, why);
  }
  if (codings.length > 1 || (chunkedAt < 0 && codings[0] !== "identity")) {
    const why = "a coding other than chunked was not asked for";
    throw invalidCoding("UnsupportedTransferCoding", list, why);
  }
  return chunkedAt === 0;
}

function invalidCoding(
  code: "InvalidTransferEncoding" | "UnsupportedTransferCoding",
  list: string,
  why: string,
): HttpError {
  return new HttpError(
    code,
    `Cannot decode Transfer-Encoding ${quote(list)}: ${why}`,
  );
}

/** Reads the list of all Content-Length values, which must agree on one. */
function parseContentLength(list: string): number {
  const length = parseLength(list);
  // Nearly always it is one number. Else all have to be the same one.
  if (length >= 0) return length;
  const [first = -1, ...others] = list.split(",").map(parseLength);
  if (first >= 0 && others.every((other) => other === first)) return first;
  throw new HttpError(
    "InvalidContentLength",
    `Cannot read Content-Length ${quote(list)}: ` +
      `it is not one number up to 2^53-1`,
  );
}

/**
 * Reads a number of digits alone, with blanks around it.
 *
 * @returns The number, or -1 where it is none up to 2^53-1.
 */
export function parseLength(text: string): number {
  const digits = trimBlanks(text);
  if (digits === "") return -1;
  let number = 0;
  for (let i = 0; i < digits.length; i++) {
    const digit = digits.charCodeAt(i) - ZERO;
    if (!(digit >= 0 && digit <= 9)) return -1;
    number = number * 10 + digit;
    if (number > Number.MAX_SAFE_INTEGER) return -1;
  }
  return number;
}
