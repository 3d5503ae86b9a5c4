/**
 * Encoding requests.
 *
 * @module
 */

// The head (RFC 9112 §2.1, §3, §6) is the request line, `Host`, the caller's
// fields as they are, and the field that frames the body unless the caller gave
// one. What is encoded is checked here, also if it was checked before: code
// without types can replace the parts of a request.

import { concat } from "@std/bytes/concat";
import { toPlainBytes } from "../core/bytes.ts";
import { invalid, quote } from "../core/quote.ts";
import { checkToken, equalsIgnoringCase } from "../rfc9110/_syntax.ts";
import { checkScheme } from "../rfc9110/_url.ts";
import { encodeByteString } from "../rfc9110/byte_string.ts";
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

// Up to here, one write with a copy of the body costs less than two writes.
export const MAX_COPIED_BODY = 16384;

// These methods imply a body, so a request without one says so.
const METHODS_WITH_BODY = ["POST", "PUT", "PATCH"];
const METHODS_WITHOUT_BODY = ["TRACE", "CONNECT"];

/**
 * Encodes a whole request, head and body (RFC 9112 §3).
 *
 * `Host` comes first, from the URL, unless the caller gave one.
 * `Content-Length` is added if there is a body, and to POST, PUT, and PATCH
 * also without one. If the caller set `Transfer-Encoding: chunked`, the body is
 * sent chunked. Nothing else is added, and all fields stay as they are.
 *
 * @param request The request.
 * @param options The form of the request target.
 * @returns The bytes.
 * @throws {TypeError} If the request contradicts itself: two `Host` fields; a
 * `Content-Length` that is not the length of the body; a `Transfer-Encoding`
 * other than `chunked`, or together with `Content-Length`; or a body with TRACE
 * or CONNECT. Also if the target is not valid, or not for the method.
 *
 * @example A request with a body
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { encodeHttp11Request } from "@pimalaya/io-http/rfc9112";
 * import { HttpRequest } from "@pimalaya/io-http/rfc9110";
 *
 * const bytes = encodeHttp11Request(
 *   HttpRequest.put("http://example.com/a?b#c", { body: "hi" }),
 * );
 *
 * assertEquals(
 *   new TextDecoder().decode(bytes),
 *   "PUT /a?b HTTP/1.1\r\n" +
 *     "Host: example.com\r\n" +
 *     "Content-Length: 2\r\n" +
 *     "\r\n" +
 *     "hi",
 * );
 * ```
 */
export function encodeHttp11Request(
  request: HttpRequest,
  options?: HttpEncodeOptions,
): Uint8Array<ArrayBuffer> {
  return encodeWhole(request, "HTTP/1.1", options);
}

/** {@linkcode encodeHttp11Request}, for either version. */
export function encodeWhole(
  request: HttpRequest,
  version: HttpVersion,
  options: HttpEncodeOptions | undefined,
): Uint8Array<ArrayBuffer> {
  const pieces = encodeRequest(request, version, options);
  return pieces.length === 1 ? pieces[0]! : concat(pieces);
}

/**
 * Encodes a whole request, as pieces to write one after the other. A large body
 * is a piece of its own, not a copy.
 *
 * @throws {TypeError} If the request contradicts itself.
 */
export function encodeRequest(
  request: HttpRequest,
  version: HttpVersion,
  options: HttpEncodeOptions | undefined,
): Uint8Array<ArrayBuffer>[] {
  const written = writeRequest(request, version, options);
  return typeof written === "string" ? [encodeByteString(written)] : written;
}

/** {@linkcode encodeRequest}, as a byte string if there is no body. */
export function writeRequest(
  request: HttpRequest,
  version: HttpVersion,
  options: HttpEncodeOptions | undefined,
): Uint8Array<ArrayBuffer>[] | string {
  const length = bodyLength(request);
  const { text, framing } = writeHead(request, { version, length, options });
  const isChunked = framing.kind === "chunked";
  const end = isChunked ? "0\r\n\r\n" : "";
  if (length === 0) return text + end;
  const size = isChunked ? `${length.toString(16)}\r\n` : "";
  const pieces = [encodeByteString(text + size), toPlainBytes(request.body)];
  if (isChunked) pieces.push(encodeByteString(`\r\n${end}`));
  return length > MAX_COPIED_BODY ? pieces : [concat(pieces)];
}

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
function writeHead(
  request: HttpRequest,
  plan: HeadPlan,
): { text: string; framing: RequestFraming } {
  const { method, url, headers } = request;
  checkToken("method", method);
  if (!(url instanceof URL)) throw invalid("URL", "it is not a URL");
  checkScheme(url);
  const target = requestTarget(method, url, plan.options?.target);
  let text = `${method} ${target} ${plan.version}\r\n`;
  const hosts = headers.getAll("Host").length;
  if (hosts === 0) {
    text += `Host: ${method === "CONNECT" ? authority(url) : url.host}\r\n`;
  } else if (hosts > 1) {
    throw invalid("request", "it has more than one Host field");
  }
  text += encodeFieldLines(headers);
  const { framing, line } = frameBody(request, plan);
  return { text: `${text}${line}\r\n`, framing };
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
    case "absolute": {
      if (isConnect) return authority(url);
      const path = pathAndQuery(url);
      return form === "origin" ? path : `${url.protocol}//${url.host}${path}`;
    }
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
  return invalid(`request target ${quote(target)}`, reason);
}

/** Returns path and query, with the "?" of an empty query. */
function pathAndQuery({ href, protocol }: URL): string {
  // The URL parser leaves no "/" in the userinfo.
  const path = href.indexOf("/", protocol.length + 2);
  const hash = href.indexOf("#", path);
  return href.slice(path, hash < 0 ? href.length : hash);
}

/** Returns host and port, also if it is the default (RFC 9112 §3.2.3). */
function authority({ protocol, hostname, port }: URL): string {
  return `${hostname}:${port || (protocol === "https:" ? 443 : 80)}`;
}

/** Decides how the body is framed, and writes the field line unless it is stated. */
function frameBody(
  request: HttpRequest,
  { version, length, hasTrailers = false }: HeadPlan,
): { framing: RequestFraming; line: string } {
  const { method, headers } = request;
  const codings = headers.get("Transfer-Encoding");
  const lengths = headers.get("Content-Length");
  if (
    codings !== null || hasTrailers ||
    (length === "unknown" && lengths === null)
  ) {
    checkChunked(version, codings, lengths);
    checkBodyAllowed(method);
    const line = codings === null ? "Transfer-Encoding: chunked\r\n" : "";
    return { framing: { kind: "chunked" }, line };
  }
  const known = lengths !== null
    ? parseStated(lengths, length)
    : typeof length === "number"
    ? length
    : 0;
  if (known > 0) checkBodyAllowed(method);
  if (lengths === null && known === 0 && !METHODS_WITH_BODY.includes(method)) {
    return { framing: { kind: "none" }, line: "" };
  }
  const line = lengths === null ? `Content-Length: ${known}\r\n` : "";
  return { framing: { kind: "length", length: known }, line };
}

function checkChunked(
  version: HttpVersion,
  codings: string | null,
  lengths: string | null,
): void {
  // Empty list elements are refused as well: senders must not generate them
  // (RFC 9110 §5.6.1.1), and servers disagree on them.
  if (codings !== null && !equalsIgnoringCase(codings, "chunked")) {
    throw invalid("Transfer-Encoding", `${quote(codings)} is not "chunked"`);
  }
  if (version === "HTTP/1.0") {
    throw invalid("Transfer-Encoding", "HTTP/1.0 has none");
  }
  if (lengths === null) return;
  throw codings === null
    ? invalid("trailers", "a body with a Content-Length has none")
    : invalid("request", "it has both Transfer-Encoding and Content-Length");
}

/** Reads the caller's Content-Length, which must be the length if that is known. */
function parseStated(stated: string, length: HeadPlan["length"]): number {
  const number = parseLength(stated);
  const isKnown = typeof length === "number";
  if (number >= 0 && (!isKnown || number === length)) return number;
  throw invalid(
    "Content-Length",
    `${quote(stated)} is not the length ` +
      (isKnown ? `of the body, ${length}` : "of a body"),
  );
}

function checkBodyAllowed(method: string): void {
  if (!METHODS_WITHOUT_BODY.includes(method)) return;
  throw invalid("request", `${method} has no body`);
}
