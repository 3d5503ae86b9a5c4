// The loop: take an input that gave something new, change it, run it, and keep
// it where what came of it is new. All chance comes from the seed, so a run
// with the same seed goes the same way, however fast the machine is.

import { minimise } from "./_minimise.ts";
import { mutate } from "./_mutate.ts";
import { Progress } from "./_progress.ts";
import { Random } from "./_random.ts";
import type { Shown, Target, Trial } from "./_target.ts";

// What is kept beside the seeds of a target; beyond it, one makes room.
const MAX_KEPT = 1000;
// Enough to see what is wrong; each takes seconds to make smaller.
const MAX_FINDINGS = 10;

/** An input that broke a promise. */
export interface Finding {
  readonly target: string;
  /** Which input of the run it was, from 1 on. */
  readonly execution: number;
  readonly message: string;
  /** The input as small as it could be made. */
  readonly input: string;
  readonly shown: Shown;
}

/** How a run went. */
export interface FuzzResult {
  readonly findings: readonly Finding[];
  /** For each target, how many inputs ran and how many outcomes there were. */
  readonly counts: ReadonlyMap<string, TargetCounts>;
}

/** How often a target ran, and what came of it. */
export interface TargetCounts {
  executions: number;
  /** How many inputs had an outcome that none before had. */
  outcomes: number;
}

/** Runs inputs until it is told that the time is over. */
export class Fuzzer {
  readonly #random: Random;
  readonly #progress: Progress;
  readonly #pools: readonly Pool[];
  readonly #found = new Map<string, Finding>();
  #executions = 0;

  constructor(
    targets: readonly Target[],
    seed: number,
    progress: Progress = new Progress(),
  ) {
    this.#random = new Random(seed);
    this.#progress = progress;
    this.#pools = targets.map((target) => new Pool(target));
  }

  /** Runs inputs as long as `goesOn` says so. */
  run(goesOn: () => boolean): FuzzResult {
    while (goesOn() && this.#found.size < MAX_FINDINGS) this.#executeOne();
    return {
      findings: [...this.#found.values()],
      counts: new Map(
        this.#pools.map(({ target, counts }) => [target.name, counts]),
      ),
    };
  }

  #executeOne(): void {
    const turn = this.#executions++ % this.#pools.length;
    const pool = this.#pools[turn]!;
    const input = pool.next(this.#random);
    const { show, run } = pool.target.draw(this.#random);
    const watched: Trial = {
      show,
      run: (input) => {
        this.#progress.begin(turn, input);
        return run(input);
      },
    };
    const error = failureOf(() => {
      pool.add(input, watched.run(input), this.#random);
    });
    if (error !== null) this.#report(pool.target, watched, input, error);
  }

  #report(target: Target, trial: Trial, input: string, error: Error): void {
    const kind = kindOf(error);
    const key = `${target.name} ${kind}`;
    if (this.#found.has(key)) return;
    const failsSo = (shorter: string) => {
      const other = failureOf(() => trial.run(shorter));
      return other !== null && kindOf(other) === kind;
    };
    const least = minimise(input, failsSo);
    const last = failureOf(() => trial.run(least));
    this.#found.set(key, {
      target: target.name,
      execution: this.#executions,
      message: last?.message ?? "It does not fail when it runs again",
      input: least,
      shown: trial.show(least),
    });
  }
}

/** The inputs of one target: its seeds, and what gave something new. */
class Pool {
  readonly target: Target;
  readonly counts: TargetCounts = { executions: 0, outcomes: 0 };
  readonly #inputs: string[];
  readonly #kept: string[] = [];
  readonly #seen = new Set<string>();

  constructor(target: Target) {
    this.target = target;
    this.#inputs = [...target.seeds];
  }

  /** Gives each seed as it is, and then changed inputs. */
  next(random: Random): string {
    const seed = this.target.seeds[this.counts.executions++];
    if (seed !== undefined) return seed;
    const useKept = this.#kept.length > 0 && random.once(2);
    const input = random.pick(useKept ? this.#kept : this.#inputs);
    const inputs = random.once(4) && useKept ? this.#kept : this.#inputs;
    return mutate(input, random, { inputs, words: this.target.words });
  }

  /** Keeps an input with a new outcome. */
  add(input: string, outcome: string, random: Random): void {
    if (this.#seen.has(outcome)) return;
    this.#seen.add(outcome);
    this.counts.outcomes++;
    if (this.#kept.length < MAX_KEPT) this.#kept.push(input);
    else this.#kept[random.below(MAX_KEPT)] = input;
  }
}

/** What something throws, `null` for nothing. */
function failureOf(run: () => void): Error | null {
  try {
    run();
    return null;
  } catch (error) {
    return error instanceof Error ? error : new Error(`Throws ${error}`);
  }
}

/** A message up to the values in it, by which failures are told apart. */
function kindOf({ name, message }: Error): string {
  return `${name} ${message}`.replace(/\d+/g, "0").split(/got |["'[{]/)[0]!;
}
