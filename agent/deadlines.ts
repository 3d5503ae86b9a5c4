// All time limits of a pool, by one timer.
//
// A call has a deadline in each of its phases, and nearly all calls end before
// any. So a call enters the heap once and leaves it at its end. If its deadline
// moves to later, the heap does not know: it looks when the old one has come. The
// timer is never later than the earliest entry, and is left running if earlier.

import { ExpiryHeap } from "./_expiry_heap.ts";
import type { HttpClock } from "./clock.ts";

const MAX_TIMER = 2 ** 31 - 1;

/** Something that may end by time. */
export abstract class Timed {
  /** For the heap: the deadline as it was when last looked at. */
  expires = Infinity;
  heapIndex = -1;

  /** When it ends, in the time of {@linkcode Deadlines.now}. */
  abstract readonly deadline: number;

  /** Is called when the deadline has come. */
  abstract expire(now: number): void;
}

/** Watches over what may end by time. */
export class Deadlines {
  readonly #clock: HttpClock;
  readonly #heap = new ExpiryHeap<Timed>();
  #timer: { stop(): void } | null = null;
  #firesAt = Infinity;
  /** The latest time that a timer has proved. A clock may go backward. */
  #floor = -Infinity;

  constructor(clock: HttpClock) {
    this.#clock = clock;
  }

  /** The time in milliseconds since any moment. */
  now(): number {
    const clock = this.#clock;
    const time = clock.elapsed === undefined ? clock.now() : clock.elapsed();
    return time > this.#floor ? time : this.#floor;
  }

  /** Takes note of a deadline that is new or may be earlier than it was. */
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

  /** Forgets it. */
  forget(timed: Timed): void {
    this.#heap.remove(timed);
  }

  /** Stops the timer. Whatever is still watched has no deadline anymore. */
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
      () => this.#fire(milliseconds > MAX_TIMER ? -Infinity : at),
    );
  }

  /** Ends what has come to its deadline. A timer may fire early by a fraction. */
  #fire(at: number): void {
    this.#timer = null;
    // Whatever is watched meanwhile starts no timer.
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
