/**
 * The time, timers, and randomness.
 *
 * @module
 */

import { MAX_TIMER } from "./_numbers.ts";

/**
 * Tells an agent the time, so that tests need not wait.
 *
 * `discard` measures its 50 ms with the runtime's clock, so that an agent can be
 * closed while its own clock stands still.
 */
export interface HttpClock {
  /**
   * Returns the wall-clock time, for the expiry of connections and cookies.
   *
   * @returns Milliseconds since 1970.
   */
  now(): number;
  /**
   * Returns a time that never jumps, for time limits and timings.
   *
   * @default {now}
   * @returns Milliseconds since an arbitrary moment.
   */
  elapsed?: (() => number) | undefined;
  /**
   * Starts a timer that does not keep the process alive.
   *
   * @param milliseconds The delay, at most 2^31-1.
   * @param callback Called when the timer fires.
   * @param options With `keepsAlive`, the timer does keep the process alive: a
   * call that waits before a retry has no connection that does.
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

/** In browsers and Workers, a timer is a number, and keeps nothing alive. */
function canUnref(timer: unknown): timer is { unref(): void } {
  return typeof timer === "object" && timer !== null && "unref" in timer;
}

/** A pause, which keeps the process alive. */
export interface Pause {
  readonly over: Promise<void>;
  stop(): void;
}

/** Starts a pause, which may be longer than a timer can be. */
export function startPause(clock: HttpClock, milliseconds: number): Pause {
  let timer: { stop(): void } | null = null;
  const over = new Promise<void>((resolve) => {
    const start = (left: number) => {
      const part = Math.min(left, MAX_TIMER);
      const next = () => left > part ? start(left - part) : resolve();
      timer = clock.startTimer(part, next, { keepsAlive: true });
    };
    start(milliseconds);
  });
  return { over, stop: () => timer?.stop() };
}

/** Returns an unpredictable number from 0 to 1, exclusive: nonces depend on it. */
export function secureRandom(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0]! / 2 ** 32;
}
