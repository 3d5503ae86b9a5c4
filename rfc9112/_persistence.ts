// Whether the connection persists after an exchange (RFC 9112 §9.3).

import { listIncludes } from "../rfc9110/_syntax.ts";
import type { HttpHeaders } from "../rfc9110/headers.ts";
import type { HttpResponse, HttpVersion } from "../rfc9110/response.ts";
import type { FramingDecision } from "./_framing.ts";
import type { HttpCloseReason } from "./close_reason.ts";

/** What a request says about the connection. */
export interface RequestPersistence {
  readonly version: HttpVersion;
  /** Whether `close` is among its `Connection` options. */
  readonly closes: boolean;
  /** Whether `keep-alive` is among them. */
  readonly keepsAlive: boolean;
}

/** Reads what a request says about the connection. */
export function requestPersistence(
  headers: HttpHeaders,
  version: HttpVersion,
): RequestPersistence {
  const value = headers.get("connection");
  return {
    version,
    closes: value !== null && listIncludes(value, "close"),
    keepsAlive: value !== null && listIncludes(value, "keep-alive"),
  };
}

/**
 * Finds the first reason in the heads of an exchange not to use its connection
 * again, or `null` if there is none.
 */
export function findCloseReason(
  request: RequestPersistence,
  response: HttpResponse,
  { framing, ambiguous }: FramingDecision,
): HttpCloseReason | null {
  if (framing.kind === "tunnel") return "Upgraded";
  if (framing.kind === "close") return "ReadToClose";
  if (ambiguous) return "AmbiguousFraming";
  const value = response.headers.get("connection");
  if (value !== null && listIncludes(value, "close")) return "ResponseClose";
  if (request.closes) return "RequestClose";
  const keepsAlive = value !== null && listIncludes(value, "keep-alive");
  const isHttp10 = request.version === "HTTP/1.0"
    ? !(request.keepsAlive && keepsAlive)
    : response.version === "HTTP/1.0" && !keepsAlive;
  return isHttp10 ? "Http10" : null;
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
