// The fields of a response that are about time.

import type { HttpHeaders } from "../rfc9110/headers.ts";
import { parseHttpDate } from "../rfc9110/http_date.ts";
import type { HttpResponse } from "../rfc9110/response.ts";

const DIGITS = /^[0-9]+$/;

/**
 * Reads `Retry-After` (RFC 9110 §10.2.3): seconds, or an HTTP-date. Returns
 * milliseconds, or `null` if it is absent or invalid, such as "-1" or "soon".
 */
export function readRetryAfter(
  response: HttpResponse,
  now: number,
): number | null {
  const values = new Set(response.headers.getAll("retry-after"));
  const [value] = values;
  if (value === undefined || values.size > 1) return null;
  // More digits than a number can hold are Infinity, which no limit allows.
  if (DIGITS.test(value)) return Number(value) * 1000;
  const date = parseHttpDate(value, now);
  return date === null ? null : Math.max(0, date - now);
}

// More digits do not matter: the pool keeps no connection for that long.
const MAX_DIGITS = 9;

/**
 * Reads the seconds in `Keep-Alive: timeout` (RFC 2068 §19.7.1.1), for which a
 * server keeps an idle connection; `null` if it does not say.
 */
export function readKeepAlive(headers: HttpHeaders): number | null {
  const value = headers.get("keep-alive");
  if (value === null) return null;
  const match = /(?:^|[,;\s])timeout\s*=\s*"?(\d+)/i.exec(value);
  return match === null ? null : Number(match[1]!.slice(0, MAX_DIGITS));
}
