// A clock that stands still until a test moves it.

import type { HttpClock } from "@pimalaya/io-http/agent";
import { nextTurn } from "../../client/transport/turn.ts";

interface FakeTimer {
  readonly at: number;
  readonly callback: () => void;
}

/** A clock for tests. */
export class FakeClock implements HttpClock {
  readonly #timers = new Set<FakeTimer>();
  #now = 1e12;

  /** How many timers are running. */
  get running(): number {
    return this.#timers.size;
  }

  now(): number {
    return this.#now;
  }

  startTimer(milliseconds: number, callback: () => void): { stop(): void } {
    // That of a runtime fires at once.
    if (milliseconds > 2 ** 31 - 1) {
      throw new RangeError("The timer is too long");
    }
    const timer = { at: this.#now + milliseconds, callback };
    this.#timers.add(timer);
    return { stop: () => this.#timers.delete(timer) };
  }

  /** Sets the clock back or forward without running any timer. */
  jump(milliseconds: number): void {
    this.#now += milliseconds;
  }

  /** Runs the timer that comes up first, however late. */
  async fireNext(): Promise<void> {
    const [next] = [...this.#timers].sort((a, b) => a.at - b.at);
    this.#timers.delete(next!);
    next!.callback();
    await settle();
  }

  /** Lets time pass, and runs the timers that come up, in order. */
  async pass(milliseconds: number): Promise<void> {
    const end = this.#now + milliseconds;
    while (true) {
      await settle();
      const next = [...this.#timers]
        .filter(({ at }) => at <= end)
        .sort((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      this.#timers.delete(next);
      this.#now = Math.max(this.#now, next.at);
      next.callback();
    }
    this.#now = end;
    await settle();
  }
}

/**
 * Lets everything happen that waits for no time: two turns of the event loop, and
 * of those in which a transport waits for bytes.
 */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 2; turn++) {
    await new Promise<void>((resolve) => setTimeout(resolve, 0));
    await nextTurn();
  }
}

/** Returns whether a promise still waits for something. */
export async function isPending(promise: Promise<unknown>): Promise<boolean> {
  let isPending = true;
  const settled = () => {
    isPending = false;
  };
  promise.then(settled, settled);
  await settle();
  return isPending;
}
