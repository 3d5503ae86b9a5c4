// The faults of peers and of callers, in words that all parts share.

import { HttpError, type HttpErrorCode } from "../error.ts";
import { invalid, outOfRange } from "./quote.ts";

/** Creates the error for a part of a message that cannot be read. */
export function cannotRead(
  code: HttpErrorCode,
  part: string,
  reason: string,
): HttpError {
  return new HttpError(code, `Cannot read the ${part}: ${reason}`);
}

/** The same, for a part that is larger than an option allows. */
export function tooMuch(
  code: HttpErrorCode,
  part: string,
  option: string,
  limit: number,
  unit: string,
): HttpError {
  const reason = `it has more than ${limit} ${unit} (${option})`;
  return cannotRead(code, part, reason);
}

/**
 * Returns a limit in options.
 *
 * @throws {RangeError} If it is neither a non-negative integer nor `Infinity`.
 */
export function checkLimit(name: string, limit: unknown): number {
  const isLimit = typeof limit === "number" && limit >= 0 &&
    Math.floor(limit) === limit;
  if (isLimit) return limit;
  throw outOfRange(name, limit, "a non-negative integer");
}

/**
 * Returns an option, if it is absent or of one of the types.
 *
 * @throws {TypeError} If it is of another type. The message does not repeat it.
 */
export function checkType<Value>(
  name: string,
  value: Value,
  ...types: readonly string[]
): Value {
  if (value === undefined || value === null || types.includes(typeof value)) {
    return value;
  }
  throw invalid(name, `its type is ${typeof value}, not ${types.join(" or ")}`);
}

/**
 * Returns an option, if it is absent or has the methods.
 *
 * @throws {TypeError} If it lacks one. The message does not show it.
 */
export function checkMethods<Value>(
  name: string,
  value: Value,
  ...methods: readonly string[]
): Value {
  if (value === undefined || value === null) return value;
  const held = value as Readonly<Record<string, unknown>>;
  const missing = methods.find((method) => typeof held[method] !== "function");
  if (missing === undefined) return value;
  throw invalid(name, `it has no method ${missing}`);
}

/** @throws {TypeError} If it is no time, such as one that the caller left out. */
export function checkNow(now: unknown): void {
  if (typeof now === "number" && !Number.isNaN(now)) return;
  throw invalid("now", "it is not a number of milliseconds");
}
