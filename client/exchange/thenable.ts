/** Tells whether a value that a caller's function returned is to be awaited. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then ===
    "function";
}
