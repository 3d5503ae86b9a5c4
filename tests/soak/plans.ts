// Plans: what the server does to a request, and the outcomes that are allowed. The
// caller chooses the plan and puts it into the path, so that one seed decides both
// sides.

/** How the server treats a request. */
export interface Plan {
  readonly name: string;
  /** The error codes that may come of it; none if it always succeeds. */
  readonly errors: readonly string[];
}

const LOST = ["NoResponse", "ConnectionLost"];
const CUT = ["UnexpectedEof", "ConnectionLost"];

/** How often each plan is chosen, and its errors; `server.mjs` carries them out. */
const PLANS: Readonly<Record<string, [weight: number, ...errors: string[]]>> = {
  "ok": [12],
  "chunked": [8],
  "close": [2],
  "gzip": [3],
  "large": [1],
  "interim": [1],
  "redirect": [2],
  "trickle": [1],
  // Responds, then ends the idle connection, or writes to it unasked. A "cut" is an
  // end without a close_notify.
  "idle-fin": [2],
  "idle-cut": [2],
  "idle-reset": [2],
  "idle-junk": [2],
  // Responds, with another response right behind, which may be in the next read.
  "twice": [3],
  // Refuses the body before it has read it.
  "early": [1],
  // Twice 503, then 200.
  "busy": [1],
  // Never succeeds.
  "fin": [2, ...LOST],
  "reset": [2, ...LOST],
  "half-head": [1, ...CUT],
  "half-body": [2, ...CUT],
  "half-chunk": [1, ...CUT],
  "half-gzip": [1, "InvalidContentCoding"],
  "garbage": [1, "InvalidStatusLine"],
  "stall": [1, "Timeout"],
  "stall-body": [1, "Timeout"],
};

/** The body of a success, which depends on the ID only. */
export function bodyOf(id: number, plan: string): string {
  return `${id}.`.repeat(plan === "large" ? 100_000 : 1 + id % 50);
}

/** Random numbers from a seed (mulberry32). */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0;
  }

  /** Returns a number from 0 to 1. */
  next(): number {
    this.#state = this.#state + 0x6d2b79f5 | 0;
    let t = Math.imul(this.#state ^ this.#state >>> 15, 1 | this.#state);
    t = t + Math.imul(t ^ t >>> 7, 61 | t) ^ t;
    return ((t ^ t >>> 14) >>> 0) / 4294967296;
  }

  /** Returns an integer from 0 to below `end`. */
  below(end: number): number {
    return Math.floor(this.next() * end);
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }

  plan(): Plan {
    const plans = Object.entries(PLANS);
    let at = this.below(plans.reduce((sum, [, [weight]]) => sum + weight, 0));
    const [name, [, ...errors]] = plans.find(([, [w]]) => (at -= w) < 0)!;
    return { name, errors };
  }
}
