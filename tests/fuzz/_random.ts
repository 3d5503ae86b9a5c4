// Chance that can be had again: the same seed gives the same choices.

/** A source of numbers that look random. */
export class Random {
  #state: number;

  constructor(seed: number) {
    // Seeds are mostly small and alike, and a state of zero would stay zero.
    this.#state = Math.imul(seed ^ 0x5bd1e995, 0x9e3779b1) | 1;
    for (let i = 0; i < 8; i++) this.next();
  }

  /** A whole number from 0 to 2^32-1. */
  next(): number {
    // Marsaglia's xorshift: fast, and good enough to choose by.
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x;
    return x >>> 0;
  }

  /** A whole number from 0 up to `limit`, which is left out. */
  below(limit: number): number {
    return this.next() % limit;
  }

  /** True once in `times`. */
  once(times: number): boolean {
    return this.below(times) === 0;
  }

  /** One of some values. */
  pick<T>(values: readonly T[]): T {
    return values[this.below(values.length)]!;
  }

  /** Some numbers, to be taken modulo a length that is not known yet. */
  places(most: number): number[] {
    return Array.from({ length: this.below(most + 1) }, () => this.next());
  }
}
