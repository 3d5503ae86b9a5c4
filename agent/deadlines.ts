// All time limits of a pool, with one timer.
//
// A call has a deadline in each of its phases, and nearly all calls end before any
// of them. So a call enters the heap once, and leaves it at its end. If its deadline
// moves to later, the heap notices only when the old one has come. The timer never
// fires later than the earliest entry; if it would fire earlier, it is left running.

import { ExpiryHeap } from "./_expiry_heap.ts";
import { MAX_TIMER } from "./_numbers.ts";
import type { HttpClock } from "./clock.ts";

/** Returns how long something took, by a clock that may go backward. */
export function span(start: number, end: number): number {
  return Math.max(0, end - start);
}

/** Something with a deadline. */
export abstract class Timed {
  /** For the heap: the deadline when it was last looked at. */
  expires = Infinity;
  heapIndex = -1;

  /** The deadline, in the time of {@linkcode Deadlines.now}. */
  abstract readonly deadline: number;

  /** Called when the deadline has come. */
  abstract expire(now: number): void;
}

// A timer that fires later than this was held up.
const MAX_DELAY = 20;

/** Watches everything that has a deadline. */
export class Deadlines {
  readonly #clock: HttpClock;
  readonly #isSystem: boolean;
  readonly #heap = new ExpiryHeap<Timed>();
  #timer: { stop(): void } | null = null;
  #firesAt = Infinity;
  /** The latest time that a timer has shown. A clock may go backward. */
  #floor = -Infinity;

  /** @param isSystem Whether the clock counts by `performance.now`. */
  constructor(clock: HttpClock, isSystem = false) {
    this.#clock = clock;
    this.#isSystem = isSystem;
  }

  /** The time in milliseconds since an arbitrary moment. */
  now(): number {
    const clock = this.#clock;
    const time = clock.elapsed === undefined ? clock.now() : clock.elapsed();
    return time > this.#floor ? time : this.#floor;
  }

  /**
   * The same for a moment ago. It does not ask the system's clock, which costs a tenth
   * of a microsecond on Deno.
   *
   * @param moment That moment, by `performance.now`.
   */
  at(moment: number): number {
    return this.#isSystem ? Math.max(moment, this.#floor) : this.now();
  }

  /** Notes a deadline that is new, or may be earlier than before. */
  watch(timed: Timed): void {
    const { deadline } = timed;
    if (timed.heapIndex >= 0) {
      if (timed.expires <= deadline) return;
      this.#heap.remove(timed);
    }
    if (deadline === Infinity) return;
    timed.expires = deadline;
    this.#heap.add(timed);
    if (deadline < this.#firesAt) this.#start(deadline);
  }

  /** Stops watching it. */
  forget(timed: Timed): void {
    this.#heap.remove(timed);
  }

  /** Stops the timer, once no deadline matters. */
  stop(): void {
    this.#timer?.stop();
    this.#timer = null;
    this.#firesAt = Infinity;
  }

  #start(at: number): void {
    this.stop();
    this.#firesAt = at;
    const milliseconds = Math.max(0, Math.ceil(at - this.now()));
    this.#timer = this.#clock.startTimer(
      Math.min(milliseconds, MAX_TIMER),
      () => milliseconds > MAX_TIMER ? this.#fire(-Infinity) : this.#ring(at),
    );
  }

  /**
   * After long synchronous work, gives the runtime a turn to read what has arrived in
   * time: it may call timers first.
   */
  #ring(at: number): void {
    const isLate = this.#isSystem && this.now() - at > MAX_DELAY;
    if (!isLate) return this.#fire(at);
    this.#timer = this.#clock.startTimer(0, () => this.#fire(at));
  }

  /** Ends everything whose deadline has come. A timer may fire slightly early. */
  #fire(at: number): void {
    this.#timer = null;
    // Entries that are added meanwhile start no timer.
    this.#firesAt = -Infinity;
    this.#floor = Math.max(this.#floor, at);
    const now = this.now();
    let first = this.#heap.first;
    while (first !== undefined && first.expires <= now) {
      this.#heap.remove(first);
      if (first.deadline <= now) first.expire(now);
      else this.watch(first);
      first = this.#heap.first;
    }
    this.#firesAt = Infinity;
    if (first !== undefined) this.#start(first.expires);
  }
}
