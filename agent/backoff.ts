// The delay before a retry: exponential backoff with full jitter, so that
// clients that failed together do not come back together.

/**
 * How long to wait before a retry: a random part of `base`, doubled with each
 * retry up to `max`, in milliseconds; or a function of the number of retries so
 * far, from 0 on, and of a source of random numbers.
 */
export type HttpBackoff =
  | { base?: number | undefined; max?: number | undefined }
  | ((attempt: number, random: () => number) => number);

/** A backoff with its defaults filled in. */
export type Backoff = (attempt: number, random: () => number) => number;

const BASE = 500;
const MAX = 30_000;

/**
 * Fills in the defaults.
 *
 * @throws {RangeError} If a delay is not a non-negative number.
 */
export function resolveBackoff(backoff: HttpBackoff | undefined): Backoff {
  if (typeof backoff === "function") {
    return (attempt, random) =>
      checkDelay("delay of the backoff", backoff(attempt, random));
  }
  const base = checkDelay("backoff.base", backoff?.base ?? BASE);
  const max = checkDelay("backoff.max", backoff?.max ?? MAX);
  return (attempt, random) => random() * Math.min(max, base * 2 ** attempt);
}

/** @throws {RangeError} If a delay is not a non-negative number. */
export function checkDelay(name: string, milliseconds: number): number {
  if (milliseconds >= 0) return milliseconds;
  throw new RangeError(
    `Invalid ${name}: ${milliseconds} is not a non-negative number`,
  );
}
