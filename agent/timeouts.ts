// The time limits of a call, in milliseconds. `Infinity` means no limit.

import { checkType } from "../core/fault.ts";
import { quote } from "../core/quote.ts";
import { HttpError, type HttpProgress, type HttpTimeouts } from "../error.ts";
import type { HttpResponse } from "../rfc9110/response.ts";
import { checkMilliseconds } from "./_numbers.ts";

/** {@linkcode HttpTimeouts} with the defaults filled in. */
export type Timeouts = { readonly [Name in keyof HttpTimeouts]-?: number };

/** The limits of an agent without options. */
export const DEFAULT_TIMEOUTS: Timeouts = {
  connect: 10_000,
  tls: 10_000,
  head: 300_000,
  body: 300_000,
  continue: 1000,
  queue: 300_000,
  attempt: Infinity,
  total: Infinity,
};

/**
 * Fills in the limits that are absent.
 *
 * @throws {RangeError} If a limit is not a non-negative number.
 */
export function resolveTimeouts(
  given: HttpTimeouts | undefined,
  base: Timeouts,
): Timeouts {
  if (given === undefined) return base;
  checkType("timeouts", given, "object");
  const resolved = { ...base };
  for (const name of Object.keys(base) as (keyof HttpTimeouts)[]) {
    const limit = given[name];
    if (limit === undefined) continue;
    resolved[name] = checkMilliseconds(`timeouts.${name}`, limit) ?? Infinity;
  }
  return resolved;
}

const FAILURES: Readonly<
  Record<keyof HttpTimeouts, (origin: string, limit: string) => string>
> = {
  connect: (origin, limit) => `Cannot connect to ${origin} within ${limit}`,
  tls: (origin, limit) => `Cannot start TLS with ${origin} within ${limit}`,
  head: (origin, limit) =>
    `Cannot read the response of ${origin}: its head was not complete ${limit} ` +
    `after the request`,
  body: (origin, limit) =>
    `Cannot exchange a body with ${origin}: nothing moved for ${limit}`,
  continue: (origin, limit) =>
    `Cannot send the body to ${origin}: no 100 within ${limit}`,
  queue: (origin, limit) =>
    `Cannot connect to ${origin}: none of its connections was freed for ${limit}`,
  attempt: (origin, limit) =>
    `Cannot finish the attempt to reach ${origin} within ${limit}`,
  total: (origin, limit) =>
    `Cannot finish the call to ${origin} within ${limit}`,
};

/** Creates the error of a limit that has passed. */
export function timeoutError(
  timeout: keyof HttpTimeouts,
  { origin, limit, detail = "", progress, response = null }: {
    readonly origin: string;
    readonly limit: number;
    /** Further text of the message. */
    readonly detail?: string;
    readonly progress: HttpProgress;
    readonly response?: HttpResponse | null;
  },
): HttpError {
  const message = FAILURES[timeout](quote(origin), `${limit} ms`);
  return new HttpError(
    "Timeout",
    `${message} (timeouts.${timeout})${detail}`,
    { progress, response, timeout },
  );
}
