// The `Keep-Alive` field (RFC 2068 §19.7.1.1): how long a server keeps an idle
// connection.

import type { HttpHeaders } from "../rfc9110/headers.ts";

// More digits say no more: the pool keeps no connection for that long.
const MAX_DIGITS = 9;

/** Reads the seconds of `timeout`; `null` if the server does not say. */
export function readKeepAlive(headers: HttpHeaders): number | null {
  const value = headers.get("keep-alive");
  if (value === null) return null;
  const match = /(?:^|[,;\s])timeout\s*=\s*"?(\d+)/i.exec(value);
  return match === null ? null : Number(match[1]!.slice(0, MAX_DIGITS));
}
