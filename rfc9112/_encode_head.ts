// The request head (RFC 9112 §2.1, §3 and §6), for both versions: the request
// line, `Host`, the caller's fields as they are, and what frames the body.

import { quote } from "../core/quote.ts";
import { equalsIgnoringCase } from "../rfc9110/_syntax.ts";
import { checkScheme } from "../rfc9110/_url.ts";
import { encodeFieldLines } from "../rfc9110/headers.ts";
import { bodyLength, type HttpRequest } from "../rfc9110/request.ts";
import type { HttpVersion } from "../rfc9110/response.ts";
import { parseLength } from "./_framing.ts";
import type { HttpEncodeOptions } from "./encode_options.ts";

/** How a request is written. */
export interface HeadPlan {
  readonly version: HttpVersion;
  /** Whether the body comes later, so that its length is not known here. */
  readonly streamed: boolean;
  readonly options: HttpEncodeOptions | undefined;
}

/** A request's head as a byte string, and how its body follows. */
export interface EncodedHead {
  readonly text: string;
  readonly chunked: boolean;
}

// The methods whose request has content by definition: without any, they say so.
const METHODS_WITH_BODY = ["POST", "PUT", "PATCH"];
const METHODS_WITHOUT_BODY = ["TRACE", "CONNECT"];

/**
 * Writes a request's head.
 *
 * @throws {TypeError} If what the caller wrote contradicts itself.
 */
export function encodeHead(request: HttpRequest, plan: HeadPlan): EncodedHead {
  const { method, url, headers } = request;
  // Checked before, but a URL can be changed.
  checkScheme(url);
  const target = requestTarget(method, url, plan.options?.target ?? "origin");
  let text = `${method} ${target} ${plan.version}\r\n`;
  if (!headers.has("host")) {
    text += `Host: ${method === "CONNECT" ? authority(url) : url.host}\r\n`;
  } else if (headers.getAll("host").length > 1) {
    throw new TypeError("Invalid request: it has more than one Host field");
  }
  text += encodeFieldLines(headers);
  const chunked = isChunked(request, plan.version);
  if (!chunked) text += contentLength(request, plan.streamed);
  return { text: `${text}\r\n`, chunked };
}

export function requestTarget(
  method: string,
  url: URL,
  form: NonNullable<HttpEncodeOptions["target"]>,
): string {
  if (form === "asterisk") {
    if (method === "OPTIONS") return "*";
    throw new TypeError(
      `Invalid request target: "*" is for OPTIONS, not for ${quote(method)}`,
    );
  }
  if (method === "CONNECT") return authority(url);
  // Cut out of the whole, which has the query's "?" even where nothing follows.
  // In what the URL parser gives, no "/" can stand in the userinfo.
  const { href, protocol } = url;
  const path = href.indexOf("/", protocol.length + 2);
  const hash = href.indexOf("#", path);
  const pathAndQuery = href.slice(path, hash < 0 ? undefined : hash);
  return form === "absolute"
    ? `${protocol}//${url.host}${pathAndQuery}`
    : pathAndQuery;
}

/** Host and port, the port always (RFC 9112 §3.2.3). */
function authority(url: URL): string {
  const defaultPort = url.protocol === "https:" ? "443" : "80";
  return `${url.hostname}:${url.port === "" ? defaultPort : url.port}`;
}

/** Tells whether the caller asked for the chunked coding, the only one. */
function isChunked(request: HttpRequest, version: HttpVersion): boolean {
  const list = request.headers.get("transfer-encoding");
  if (list === null) return false;
  // Not even a list with empty elements, which must not be sent (RFC 9110
  // §5.6.1.1), and which not every server reads in the same way.
  if (!equalsIgnoringCase(list, "chunked")) {
    throw new TypeError(
      `Invalid Transfer-Encoding: ${quote(list)} is not "chunked"`,
    );
  }
  if (version === "HTTP/1.0") {
    throw new TypeError("Invalid Transfer-Encoding: HTTP/1.0 has none");
  }
  if (request.headers.has("content-length")) {
    throw new TypeError(
      "Invalid request: it has both Transfer-Encoding and Content-Length",
    );
  }
  checkBodyAllowed(request.method);
  return true;
}

/** Checks the caller's Content-Length, or writes the field where one is due. */
function contentLength(request: HttpRequest, streamed: boolean): string {
  const { method, headers } = request;
  const length = bodyLength(request);
  if (length > 0) checkBodyAllowed(method);
  if (!headers.has("content-length")) {
    return length > 0 || METHODS_WITH_BODY.includes(method)
      ? `Content-Length: ${length}\r\n`
      : "";
  }
  const values = headers.getAll("content-length");
  const given = values.length === 1 ? parseLength(values[0]!) : -1;
  const isKnown = !streamed || length > 0;
  if (given < 0 || (isKnown && given !== length)) {
    throw new TypeError(
      `Invalid Content-Length: ${quote(values.join(", "))} is not the length ` +
        (isKnown ? `of the body, ${length}` : "of a body"),
    );
  }
  if (given > 0) checkBodyAllowed(method);
  return "";
}

function checkBodyAllowed(method: string): void {
  if (!METHODS_WITHOUT_BODY.includes(method)) return;
  throw new TypeError(`Invalid request: ${method} has no body`);
}
