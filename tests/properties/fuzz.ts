// Runs the properties of this folder with new inputs for as long as it is told.
//
//   deno task fuzz                  for 60 seconds, with a seed of its own
//   deno task fuzz 600              for 600 seconds
//   deno task fuzz 60 --seed 7      the inputs of the seed 7 again
//
// It prints each failure as small as fast-check can make it, with the seed and
// path that repeat it, and exits with 1 if there was one.

import { parseTimedArgs } from "../matrix/args.ts";
import type { Job, Report } from "./_worker.ts";

const DEFAULT_SECONDS = 60;
// The slowest round takes a second, so this is forever.
const STUCK_MILLISECONDS = 30_000;

if (import.meta.main) Deno.exit(await main(Deno.args));

async function main(args: readonly string[]): Promise<number> {
  const parsed = parseTimedArgs(args);
  if (parsed === null) {
    console.error("Usage: deno task fuzz [seconds] [--seed number]");
    return 2;
  }
  const { seconds, seed } = parsed;
  const job = { seconds: seconds ?? DEFAULT_SECONDS, seed };
  console.log(`Fuzzing for ${job.seconds} s with --seed ${seed}`);
  return await run(job) ? 0 : 1;
}

/** Runs the properties in a worker; returns whether all of them hold. */
async function run(job: Job): Promise<boolean> {
  const worker = new Worker(new URL("./_worker.ts", import.meta.url), {
    type: "module",
  });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const counts = new Map<string, number>();
  let failures = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  worker.onerror = (event) => {
    event.preventDefault();
    reject(new Error(event.message));
  };
  worker.onmessage = ({ data }: MessageEvent<Report>) => {
    clearTimeout(timer);
    if (data.type === "begin") {
      timer = setTimeout(() => {
        console.error(`\n"${data.name}" does not end, with seed ${data.seed}`);
        failures++;
        resolve();
      }, STUCK_MILLISECONDS);
    } else if (data.type === "ran") {
      counts.set(data.name, (counts.get(data.name) ?? 0) + data.inputs);
      showProgress(counts);
    } else if (data.type === "failed") {
      failures++;
      console.error(`\n${data.name}\n${data.report}\n`);
    } else resolve();
  };
  worker.postMessage(job);
  try {
    await promise;
  } finally {
    clearTimeout(timer);
    worker.terminate();
  }
  if (Deno.stdout.isTerminal()) console.log();
  for (const [name, inputs] of counts) {
    console.log(`${`${inputs}`.padStart(8)}  ${name}`);
  }
  console.log(`${`${sumOf(counts)}`.padStart(8)} inputs, ${failures} failures`);
  return failures === 0;
}

function showProgress(counts: ReadonlyMap<string, number>): void {
  if (!Deno.stdout.isTerminal()) return;
  const text = `\r${sumOf(counts)} inputs, ${counts.size} properties`;
  Deno.stdout.writeSync(new TextEncoder().encode(text));
}

function sumOf(counts: ReadonlyMap<string, number>): number {
  return counts.values().reduce((sum, count) => sum + count, 0);
}
