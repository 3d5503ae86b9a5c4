// Contenders run in turn, A B C A B C, so that other work on the machine affects all
// of them alike. Only the ratio within one round counts: of those, the median is
// quoted, and as its spread the first and third quartile.
// On a shared machine, the absolute figures say little.

/** One of the codes that a measurement compares. */
export interface Contender {
  /** Its name in the table. */
  readonly name: string;
  /** Does its work the given number of times. */
  run(times: number): void | Promise<void>;
}

/** How long to measure. */
export interface Effort {
  /** How many samples each contender gets. */
  readonly rounds: number;
  /** How long a sample takes, about. */
  readonly sampleMilliseconds: number;
  /** How long each contender runs before the first sample, at least. */
  readonly warmUpMilliseconds: number;
}

/** The result of one contender. */
export interface Result {
  readonly name: string;
  /** How often it did its work a second, round by round. */
  readonly speeds: readonly number[];
}

/** A median, and the quartiles around it. */
export interface Spread {
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

/**
 * For work that takes microseconds to milliseconds. Many short samples instead of
 * few long ones: a disturbance of the machine lasts for seconds, and then affects
 * whole rounds.
 */
export const SHORT_WORK: Effort = {
  rounds: 21,
  sampleMilliseconds: 150,
  warmUpMilliseconds: 1000,
};

/** Runs all contenders in turn, each warmed up before. */
export async function measure(
  contenders: readonly Contender[],
  effort: Effort = SHORT_WORK,
): Promise<Result[]> {
  const entries: { contender: Contender; times: number; speeds: number[] }[] =
    [];
  for (const contender of contenders) {
    const times = await calibrate(contender, effort);
    entries.push({ contender, times, speeds: [] });
  }
  for (let round = 0; round < effort.rounds; round++) {
    for (const { contender, times, speeds } of entries) {
      speeds.push(times / await timeInSeconds(contender, times));
    }
  }
  return entries.map(({ contender: { name }, speeds }) => ({ name, speeds }));
}

/** Warms a contender up, and finds how often its work fits into a sample. */
async function calibrate(
  contender: Contender,
  { sampleMilliseconds, warmUpMilliseconds }: Effort,
): Promise<number> {
  const end = performance.now() + warmUpMilliseconds;
  let times = 1;
  while (true) {
    const seconds = await timeInSeconds(contender, times);
    const fit = Math.round(times * sampleMilliseconds / 1000 / seconds);
    if (performance.now() >= end && fit <= 2 * times) return Math.max(1, fit);
    times = Math.max(1, Math.min(2 * times, fit));
  }
}

async function timeInSeconds(
  contender: Contender,
  times: number,
): Promise<number> {
  collectGarbage();
  const start = performance.now();
  await contender.run(times);
  return Math.max(performance.now() - start, 1e-3) / 1000;
}

/**
 * Collects young garbage if the process was started with `--expose-gc`, so
 * that a contender does not pay for the garbage of the one before it. Collecting
 * all of it would make V8 drop optimized code, which rarely happens in real
 * programs.
 */
function collectGarbage(): void {
  const { gc } = globalThis as { gc?: (options: { type: "minor" }) => void };
  gc?.({ type: "minor" });
}

/** Compares two results round by round: above 1 if the first is faster. */
export function ratioOf(ours: Result, theirs: Result): Spread {
  return spreadOf(ours.speeds.map((speed, i) => speed / theirs.speeds[i]!));
}

/** The median of some figures, and their quartiles. */
export function spreadOf(figures: readonly number[]): Spread {
  const sorted = figures.toSorted((a, b) => a - b);
  return {
    median: quantile(sorted, 0.5),
    low: quantile(sorted, 0.25),
    high: quantile(sorted, 0.75),
  };
}

function quantile(sorted: readonly number[], part: number): number {
  const at = (sorted.length - 1) * part;
  const below = sorted[Math.floor(at)]!;
  const above = sorted[Math.ceil(at)]!;
  return below + (above - below) * (at - Math.floor(at));
}
