/**
 * The time, timers, and randomness.
 *
 * @module
 */

/**
 * Tells the time to an agent, for tests that take no time.
 *
 * The 50 ms that a body may still take after it is dropped are the runtime's, so
 * that an agent can be closed while its clock stands still.
 */
export interface HttpClock {
  /**
   * Returns the wall clock's time, by which connections and cookies expire.
   *
   * @returns Milliseconds since 1970.
   */
  now(): number;
  /**
   * Returns a time that never jumps, by which time limits and timings are
   * measured.
   *
   * @default {now}
   * @returns Milliseconds since any moment.
   */
  elapsed?(): number;
  /**
   * Starts a timer, which by itself does not keep the process alive.
   *
   * @param milliseconds After how long it fires, at most 2^31-1.
   * @param callback What it calls.
   * @param options With `keepsAlive`, the process waits for the timer: a call
   * that pauses before a retry has nothing else to live for.
   * @returns A handle that stops it.
   */
  startTimer(
    milliseconds: number,
    callback: () => void,
    options?: { readonly keepsAlive: boolean },
  ): { stop(): void };
}

/** The runtime's own clock. */
export const systemClock: HttpClock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  startTimer(milliseconds, callback, options) {
    const timer: unknown = setTimeout(callback, milliseconds);
    if (!options?.keepsAlive && canUnref(timer)) timer.unref();
    return { stop: () => clearTimeout(timer as number) };
  },
};

/** Browsers and Workers number their timers, which keep nothing alive. */
function canUnref(timer: unknown): timer is { unref(): void } {
  return typeof timer === "object" && timer !== null && "unref" in timer;
}

/** Returns a number from 0 up to 1 that nobody can guess: nonces depend on it. */
export function secureRandom(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0]! / 2 ** 32;
}
