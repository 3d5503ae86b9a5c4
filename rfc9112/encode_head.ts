/**
 * Encoding the head of a request.
 *
 * @module
 */

// The head (RFC 9112 §2.1, §3, §6) is the request line, `Host`, the caller's
// fields as they are, and the field that frames the body unless the caller gave
// one. What is encoded is checked here, also if it was checked before: code
// without types can replace the parts of a request.

import { invalid, quote } from "../core/quote.ts";
import { encodeByteString } from "../rfc9110/byte_string.ts";
import { equalsIgnoringCase, isToken } from "../rfc9110/_syntax.ts";
import { checkScheme } from "../rfc9110/_url.ts";
import { encodeFieldLines } from "../rfc9110/headers.ts";
import { bodyLength, type HttpRequest } from "../rfc9110/request.ts";
import type { HttpVersion } from "../rfc9110/response.ts";
import { type HttpFraming, parseLength } from "./framing.ts";

/** Options of encoding a request. */
export interface HttpEncodeOptions {
  /**
   * The form of the request target (RFC 9112 §3.2):
   *
   * - `"origin"`: path and query.
   * - `"absolute"`: the whole URL, for a proxy.
   * - `"asterisk"`: `*`, for OPTIONS only.
   * - A string that starts with `/`: this string, unchanged. `URL` resolves dot
   *   segments, so that `/a/../b` can only be sent this way.
   *
   * CONNECT always has host and port as its target.
   *
   * @default {"origin"}
   */
  target?: "origin" | "absolute" | "asterisk" | `/${string}` | undefined;
}

/** How the body of a request is framed. */
export type RequestFraming = Extract<
  HttpFraming,
  { kind: "none" | "length" | "chunked" }
>;

/** What the encoder needs to know besides the request. */
export interface HeadPlan {
  readonly version: HttpVersion;
  /**
   * The length of the body: a number, `"unknown"` (chunked, unless the request
   * states a length), or `"stated"` (as the request says; without a body if it
   * says nothing).
   */
  readonly length: number | "unknown" | "stated";
  /** Whether trailers follow the body, which must then be chunked. */
  readonly hasTrailers?: boolean;
  readonly options: HttpEncodeOptions | undefined;
}

/** A request's head as a byte string, and how the body that follows is framed. */
export interface EncodedHead {
  readonly text: string;
  readonly framing: RequestFraming;
}

const NO_BODY: RequestFraming = { kind: "none" };
const CHUNKED: RequestFraming = { kind: "chunked" };
const CHUNKED_LINE = "Transfer-Encoding: chunked\r\n";
// These methods imply a body, so a request without one says so.
const METHODS_WITH_BODY = ["POST", "PUT", "PATCH"];
const METHODS_WITHOUT_BODY = ["TRACE", "CONNECT"];

/**
 * Encodes the head of a request, for a body that is streamed after it.
 *
 * The caller frames the body: with `Transfer-Encoding: chunked` and an
 * `Http11ChunkEncoder`, or with a `Content-Length`, which is taken on trust. A
 * head that states neither is that of a request without a body. Anything
 * written after it would be another request.
 *
 * @param request The request. If it has a body, `Content-Length` counts it.
 * @param options The form of the request target.
 * @returns The bytes.
 * @throws {TypeError} If the request contradicts itself (see
 * {@linkcode encodeHttp11Request}).
 *
 * @example The head of a chunked upload
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { encodeHttp11Head } from "@pimalaya/io-http/rfc9112";
 * import { HttpRequest } from "@pimalaya/io-http/rfc9110";
 *
 * const request = HttpRequest.post("http://example.com/")
 *   .header("Transfer-Encoding", "chunked");
 *
 * assertEquals(
 *   new TextDecoder().decode(encodeHttp11Head(request)),
 *   "POST / HTTP/1.1\r\n" +
 *     "Host: example.com\r\n" +
 *     "Transfer-Encoding: chunked\r\n" +
 *     "\r\n",
 * );
 * ```
 */
export function encodeHttp11Head(
  request: HttpRequest,
  options?: HttpEncodeOptions,
): Uint8Array<ArrayBuffer> {
  const length = bodyLength(request) || "stated";
  return encodeHead(request, { version: "HTTP/1.1", length, options }).bytes;
}

/**
 * Encodes the head of a request, and decides the framing of its body.
 *
 * @throws {TypeError} If the request contradicts itself or the plan.
 */
export function encodeHead(
  request: HttpRequest,
  plan: HeadPlan,
): { bytes: Uint8Array<ArrayBuffer>; framing: RequestFraming } {
  const { text, framing } = writeHead(request, plan);
  return { bytes: encodeByteString(text), framing };
}

/** {@linkcode encodeHead}, as a byte string. */
export function writeHead(request: HttpRequest, plan: HeadPlan): EncodedHead {
  const { method, url, headers } = request;
  if (!isToken(method)) {
    throw invalid("method", `${quote(method)} is not a token`);
  }
  if (!(url instanceof URL)) throw invalid("URL", "it is not a URL");
  checkScheme(url);
  const target = requestTarget(method, url, plan.options?.target);
  let text = `${method} ${target} ${plan.version}\r\n`;
  const hosts = headers.getAll("host").length;
  if (hosts === 0) {
    text += `Host: ${method === "CONNECT" ? authority(url) : url.host}\r\n`;
  } else if (hosts > 1) {
    throw invalid("request", "it has more than one Host field");
  }
  const { line, framing } = frameBody(request, plan);
  text += `${encodeFieldLines(headers)}${line}\r\n`;
  return { text, framing };
}

/**
 * Returns the request target (RFC 9112 §3.2).
 *
 * @throws {TypeError} If it is not valid, or not for the method.
 */
export function requestTarget(
  method: string,
  url: URL,
  form: HttpEncodeOptions["target"] = "origin",
): string {
  const isConnect = method === "CONNECT";
  switch (form) {
    case "asterisk":
      if (method === "OPTIONS") return "*";
      throw invalidTarget("*", `it is for OPTIONS, not for ${quote(method)}`);
    case "origin":
      return isConnect ? authority(url) : pathAndQuery(url);
    case "absolute":
      return isConnect
        ? authority(url)
        : `${url.protocol}//${url.host}${pathAndQuery(url)}`;
  }
  if (!`${form}`.startsWith("/")) {
    throw invalidTarget(form, "it is neither a form nor a path");
  }
  if (isConnect) throw invalidTarget(form, "CONNECT has no path");
  // VCHAR (RFC 9112 §3.2.1) without "#", which would start a fragment.
  if (/^[\x21\x22\x24-\x7e]+$/.test(form)) return form;
  throw invalidTarget(form, "it contains a character that must be encoded");
}

function invalidTarget(target: string, reason: string): TypeError {
  return invalid("request target", `${quote(target)}: ${reason}`);
}

/** Returns path and query, with the "?" of an empty query. */
function pathAndQuery({ href, protocol }: URL): string {
  // The URL parser leaves no "/" in the userinfo.
  const path = href.indexOf("/", protocol.length + 2);
  const hash = href.indexOf("#", path);
  return href.slice(path, hash < 0 ? undefined : hash);
}

/** Returns host and port, also if it is the default (RFC 9112 §3.2.3). */
function authority(url: URL): string {
  const defaultPort = url.protocol === "https:" ? "443" : "80";
  return `${url.hostname}:${url.port === "" ? defaultPort : url.port}`;
}

/** Decides how the body is framed, and which field line is missing for it. */
function frameBody(
  request: HttpRequest,
  { version, length, hasTrailers = false }: HeadPlan,
): { line: string; framing: RequestFraming } {
  const { method, headers } = request;
  const codings = headers.get("transfer-encoding");
  const lengths = headers.getAll("content-length");
  const isStated = codings !== null || lengths.length > 0;
  const isChunked = codings !== null || hasTrailers ||
    (length === "unknown" && !isStated);
  if (isChunked) {
    checkChunked(version, codings, lengths);
    checkBodyAllowed(method);
    return { line: codings === null ? CHUNKED_LINE : "", framing: CHUNKED };
  }
  const stated = isStated ? parseStated(lengths, length) : null;
  const known = stated ?? (typeof length === "number" ? length : 0);
  if (known > 0) checkBodyAllowed(method);
  if (known === 0 && stated === null && !METHODS_WITH_BODY.includes(method)) {
    return { line: "", framing: NO_BODY };
  }
  return {
    line: stated === null ? `Content-Length: ${known}\r\n` : "",
    framing: { kind: "length", length: known },
  };
}

function checkChunked(
  version: HttpVersion,
  codings: string | null,
  lengths: readonly string[],
): void {
  // Empty list elements are refused as well: senders must not generate them
  // (RFC 9110 §5.6.1.1), and servers disagree on them.
  if (codings !== null && !equalsIgnoringCase(codings, "chunked")) {
    throw invalid("Transfer-Encoding", `${quote(codings)} is not "chunked"`);
  }
  if (version === "HTTP/1.0") {
    throw invalid("Transfer-Encoding", "HTTP/1.0 has none");
  }
  if (lengths.length === 0) return;
  throw codings === null
    ? invalid("trailers", "a body with a Content-Length has none")
    : invalid("request", "it has both Transfer-Encoding and Content-Length");
}

/** Reads the caller's Content-Length, which must be the length if that is known. */
function parseStated(
  lengths: readonly string[],
  length: HeadPlan["length"],
): number {
  const stated = lengths.length === 1 ? parseLength(lengths[0]!) : -1;
  const isKnown = typeof length === "number";
  if (stated >= 0 && (!isKnown || stated === length)) return stated;
  throw invalid(
    "Content-Length",
    `${quote(lengths.join(", "))} is not the length ` +
      (isKnown ? `of the body, ${length}` : "of a body"),
  );
}

function checkBodyAllowed(method: string): void {
  if (!METHODS_WITHOUT_BODY.includes(method)) return;
  throw invalid("request", `${method} has no body`);
}
