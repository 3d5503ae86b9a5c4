// `Retry-After` (RFC 9110 §10.2.3): seconds, or an HTTP-date by its own grammar.

import { parseHttpDate } from "../rfc9110/http_date.ts";
import type { HttpResponse } from "../rfc9110/response.ts";

const DIGITS = /^[0-9]+$/;

/**
 * Returns how long a response asks to wait, in milliseconds, or `null` if it
 * does not say so, or says it in no way that the RFC knows ("-1", "soon").
 */
export function readRetryAfter(
  response: HttpResponse,
  now: number,
): number | null {
  const values = new Set(response.headers.getAll("retry-after"));
  const [value] = values;
  if (value === undefined || values.size > 1) return null;
  // More digits than a number can hold are infinity, which no limit allows.
  if (DIGITS.test(value)) return Number(value) * 1000;
  const date = parseHttpDate(value, now);
  return date === null ? null : Math.max(0, date - now);
}
