// How many retries an origin may get: a server that fails under load must not
// get a multiple of that load.

const MIN_RETRIES = 10;

// A crawler meets any number of origins. The oldest counts are forgotten first,
// which gives those origins their minimum anew.
const MAX_ORIGINS = 4096;

interface Counts {
  requests: number;
  retries: number;
}

/** Counts requests and retries for each origin. */
export class RetryBudget {
  readonly #origins = new Map<string, Counts>();

  /** Notes a request that is no retry. */
  noteRequest(origin: string): void {
    this.#countsOf(origin).requests++;
  }

  /**
   * Takes one retry out of an origin's budget.
   *
   * @param fraction Retries per request; `null` is no limit, and 0 is none.
   * @returns Whether there was one left.
   */
  takeRetry(origin: string, fraction: number | null): boolean {
    const counts = this.#countsOf(origin);
    if (fraction !== null) {
      const allowed = fraction === 0
        ? 0
        : Math.max(MIN_RETRIES, counts.requests * fraction);
      if (counts.retries + 1 > allowed) return false;
    }
    counts.retries++;
    return true;
  }

  #countsOf(origin: string): Counts {
    let counts = this.#origins.get(origin);
    if (counts === undefined) {
      if (this.#origins.size >= MAX_ORIGINS) {
        const [oldest] = this.#origins.keys();
        this.#origins.delete(oldest!);
      }
      counts = { requests: 0, retries: 0 };
      this.#origins.set(origin, counts);
    }
    return counts;
  }
}
