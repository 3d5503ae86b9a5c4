// What the server does to a request, and what may come of it. The caller chooses
// the plan and puts it into the path, so that one seed decides both sides.

/** How the server treats a request. */
export interface Plan {
  readonly name: string;
  /** How often it is chosen. */
  readonly weight: number;
  /** The error codes that may come of it; none if it always succeeds. */
  readonly errors: readonly string[];
  /** Whether it may succeed. */
  readonly succeeds: boolean;
}

const LOST = ["NoResponse", "ConnectionLost"];
const CUT = ["UnexpectedEof", "ConnectionLost"];
const WRONG = ["InvalidStatusLine"];

/** The plans; `server.mjs` carries them out. */
export const PLANS: readonly Plan[] = [
  plan("ok", 12),
  plan("chunked", 8),
  plan("close", 2),
  plan("gzip", 3),
  plan("large", 1),
  plan("interim", 1),
  plan("redirect", 2),
  plan("trickle", 1),
  // Responds, then ends the idle connection, or writes to it unasked.
  plan("idle-fin", 2),
  plan("idle-reset", 2),
  plan("idle-junk", 2),
  // Refuses the body before it has read it.
  plan("early", 1),
  // Twice 503, then 200.
  plan("busy", 1),
  // Never succeeds.
  plan("fin", 2, LOST),
  plan("reset", 2, LOST),
  plan("half-head", 1, CUT),
  plan("half-body", 2, CUT),
  plan("half-chunk", 1, CUT),
  plan("half-gzip", 1, ["InvalidContentCoding"]),
  plan("garbage", 1, WRONG),
  plan("stall", 1, ["Timeout"]),
  plan("stall-body", 1, ["Timeout"]),
];

function plan(
  name: string,
  weight: number,
  errors: readonly string[] = [],
): Plan {
  return { name, weight, errors, succeeds: errors.length === 0 };
}

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
    let at = this.below(PLANS.reduce((sum, { weight }) => sum + weight, 0));
    return PLANS.find(({ weight }) => (at -= weight) < 0)!;
  }
}
