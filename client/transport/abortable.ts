// Awaiting a promise of code that takes no signal, or may ignore it.

/**
 * Awaits a promise until a signal aborts.
 *
 * @param promise The promise.
 * @param signal The signal.
 * @param drop Called with a value that comes too late.
 * @returns The value.
 * @throws {unknown} If the signal aborts first, its reason.
 */
export function abortable<T>(
  promise: Promise<T>,
  signal: AbortSignal | undefined,
  drop: (value: T) => void = () => {},
): Promise<T> {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    const onAbort = () => {
      signal.removeEventListener("abort", onAbort);
      reject(signal.reason);
    };
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort);
    promise.then(
      (value) => {
        signal.removeEventListener("abort", onAbort);
        if (signal.aborted) drop(value);
        else resolve(value);
      },
      (error) => {
        signal.removeEventListener("abort", onAbort);
        reject(error);
      },
    );
  });
}
