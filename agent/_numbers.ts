// Numbers in options: limits on counts and on time.

import { outOfRange } from "../core/quote.ts";

/** The longest delay of a timer. Beyond it, a runtime's fires at once. */
export const MAX_TIMER: number = 2 ** 31 - 1;

/**
 * Checks an optional limit on a count.
 *
 * @returns The limit, or `undefined` if there is none.
 * @throws {RangeError} If it is not a positive integer or `Infinity`.
 */
export function checkCount(
  name: string,
  value: number | null | undefined,
): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (value === Infinity || (Number.isInteger(value) && value >= 1)) {
    return value;
  }
  throw outOfRange(name, value, "a positive integer");
}

/**
 * Checks an optional limit on time.
 *
 * @returns The milliseconds, `Infinity` if no timer can be that long, or
 * `undefined` if there is no limit.
 * @throws {RangeError} If it is not a non-negative number.
 */
export function checkMilliseconds(
  name: string,
  value: number | null | undefined,
): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === "number" && value >= 0) {
    return value > MAX_TIMER ? Infinity : value;
  }
  throw outOfRange(name, value, "a non-negative number of milliseconds");
}
