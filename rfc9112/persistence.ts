/**
 * Whether a connection may carry another request, and if not, why.
 *
 * @module
 */

import { listIncludes } from "../rfc9110/_syntax.ts";
import type { HttpResponse, HttpVersion } from "../rfc9110/response.ts";
import type { FramingDecision } from "./framing.ts";

/**
 * Why a connection may not carry another request (RFC 9112 §9.3). If several
 * reasons apply, the first of this table is reported.
 *
 * | reason | when |
 * |---|---|
 * | `Upgraded` | 101, or 2xx to CONNECT |
 * | `ReadToClose` | the body ended when the connection closed |
 * | `AmbiguousFraming` | `Transfer-Encoding` together with `Content-Length`, in an HTTP/1.0 response, or with the value `identity` |
 * | `ResponseClose` | `close` among the `Connection` options of the response |
 * | `RequestClose` | `close` among the `Connection` options of the request |
 * | `Http10` | an HTTP/1.0 response without the option `keep-alive`, or an HTTP/1.0 request unless both sides sent that option |
 * | `RequestIncomplete` | the response was complete before the request was known to be written |
 * | `UnexpectedBytes` | unsolicited bytes followed the response |
 */
export type HttpCloseReason =
  | "Upgraded"
  | "ReadToClose"
  | "AmbiguousFraming"
  | "ResponseClose"
  | "RequestClose"
  | "Http10"
  | "RequestIncomplete"
  | "UnexpectedBytes";

/** What a request says of the connection. */
export interface RequestPersistence {
  readonly version: HttpVersion;
  /** Its `Connection` options, or `null` if there are none. */
  readonly options: string | null;
}

/**
 * Finds the first reason in the heads of an exchange not to use its connection
 * again, or `null` if there is none.
 */
export function findCloseReason(
  request: RequestPersistence,
  { version, headers }: HttpResponse,
  { framing, ambiguous }: FramingDecision,
): HttpCloseReason | null {
  if (framing.kind === "tunnel") return "Upgraded";
  if (framing.kind === "close") return "ReadToClose";
  if (ambiguous) return "AmbiguousFraming";
  const options = headers.get("Connection");
  if (hasOption(options, "close")) return "ResponseClose";
  if (hasOption(request.options, "close")) return "RequestClose";
  if (request.version === "HTTP/1.1" && version === "HTTP/1.1") return null;
  const keepsAlive = hasOption(options, "keep-alive") &&
    (request.version === "HTTP/1.1" ||
      hasOption(request.options, "keep-alive"));
  return keepsAlive ? null : "Http10";
}

function hasOption(options: string | null, option: string): boolean {
  return options !== null && listIncludes(options, option);
}

/**
 * Returns whether a final response makes the rest of the request pointless
 * (RFC 9112 §9.5).
 */
export function endsUpload({ status, headers }: HttpResponse): boolean {
  return status >= 300 || hasOption(headers.get("Connection"), "close");
}

/**
 * Decides whether the connection may carry another request, once the exchange
 * has ended: `headReason` is the reason found in the heads.
 */
export function finalCloseReason(
  headReason: HttpCloseReason | null,
  isWritten: boolean,
  remaining: Uint8Array,
): HttpCloseReason | null {
  if (headReason !== null) return headReason;
  if (!isWritten) return "RequestIncomplete";
  return remaining.length > 0 ? "UnexpectedBytes" : null;
}
