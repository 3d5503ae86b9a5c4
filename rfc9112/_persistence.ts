// Whether the connection persists after an exchange (RFC 9112 §9.3).

import { listIncludes } from "../rfc9110/_syntax.ts";
import type { HttpHeaders } from "../rfc9110/headers.ts";
import type { HttpResponse } from "../rfc9110/response.ts";
import type { FramingDecision } from "./_framing.ts";
import type { HttpCloseReason } from "./close_reason.ts";

/**
 * Finds the first reason not to use a connection again, `null` for none.
 *
 * @param requestCloses Whether `close` was among the request's options.
 */
export function findCloseReason(
  requestCloses: boolean,
  response: HttpResponse,
  { framing, ambiguous }: FramingDecision,
): HttpCloseReason | null {
  if (framing.kind === "tunnel") return "Upgraded";
  if (framing.kind === "close") return "ReadToClose";
  if (ambiguous) return "AmbiguousFraming";
  if (hasOption(response.headers, "close")) return "ResponseClose";
  if (requestCloses) return "RequestClose";
  if (
    response.version === "HTTP/1.0" &&
    !hasOption(response.headers, "keep-alive")
  ) return "Http10";
  return null;
}

/** Tells whether an option is listed in any of the Connection fields. */
export function hasOption(headers: HttpHeaders, option: string): boolean {
  const value = headers.get("connection");
  return value !== null && listIncludes(value, option);
}
