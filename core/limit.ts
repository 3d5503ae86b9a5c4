// Limits in options.

/**
 * Returns a limit.
 *
 * @throws {RangeError} If it is neither a non-negative integer nor `Infinity`.
 */
export function checkLimit(name: string, limit: unknown): number {
  const isLimit = typeof limit === "number" && limit >= 0 &&
    Math.floor(limit) === limit;
  if (isLimit) return limit;
  throw new RangeError(
    `Invalid ${name}: ${limit} is not a non-negative integer`,
  );
}
