// Throws nearly valid input at everything that reads what others made, and
// checks what is promised of it: any bytes, cut anywhere, end in `Ok`, in a want
// or in an `HttpError`, the same for every cut, within the limits; and they mean
// what they mean to a plain reader, which has the whole input at hand.
//
//   deno task fuzz                  for 60 seconds, with a seed of its own
//   deno task fuzz 600              for 600 seconds
//   deno task fuzz 60 --seed 7      again what the seed 7 gave
//
// It prints what it finds as small as it can make it, as a line for the file of
// vectors that it belongs to, and exits with 1 if it found anything.

import type { Finding, FuzzResult } from "./_fuzzer.ts";
import { Progress } from "./_progress.ts";
import { TARGETS } from "./_targets.ts";
import type { Job } from "./_worker.ts";

const DEFAULT_SECONDS = 60;
// The slowest inputs take some milliseconds, so this is for ever.
const STUCK_MILLISECONDS = 20_000;

/** What the arguments ask for. */
interface Options {
  readonly seconds: number;
  readonly seed: number;
}

if (import.meta.main) Deno.exit(await main(Deno.args));

async function main(args: readonly string[]): Promise<number> {
  const options = parseOptions(args);
  if (options === null) {
    console.error("Usage: deno task fuzz [seconds] [--seed number]");
    return 2;
  }
  const { seconds, seed } = options;
  console.log(`Fuzzing for ${seconds} s with --seed ${seed}`);
  const start = performance.now();
  const result = await fuzz(options);
  if (result === null) return 1;
  printTable(result, (performance.now() - start) / 1000);
  for (const finding of result.findings) printFinding(finding, seed);
  return result.findings.length === 0 ? 0 : 1;
}

function parseOptions(args: readonly string[]): Options | null {
  const rest = [...args];
  const at = rest.indexOf("--seed");
  const [, seed] = at < 0
    ? ["", `${Date.now() % 2 ** 32}`]
    : rest.splice(at, 2);
  const [seconds = `${DEFAULT_SECONDS}`, ...unknown] = rest;
  const options = { seconds: Number(seconds), seed: Number(seed) };
  const isValid = options.seconds > 0 && Number.isSafeInteger(options.seed) &&
    unknown.length === 0;
  return isValid ? options : null;
}

/** Fuzzes in a worker; `null` where that got stuck, which is printed. */
async function fuzz(options: Options): Promise<FuzzResult | null> {
  const progress = new Progress();
  const worker = new Worker(new URL("./_worker.ts", import.meta.url), {
    type: "module",
  });
  const { promise, resolve, reject } = Promise.withResolvers<
    FuzzResult | null
  >();
  worker.onmessage = ({ data }: MessageEvent<FuzzResult>) => resolve(data);
  worker.onerror = (event) => {
    event.preventDefault();
    reject(new Error(event.message));
  };
  const job: Job = { ...options, progress: progress.buffer };
  worker.postMessage(job);
  let runs = -1;
  const timer = setInterval(() => {
    if (progress.runs === runs) {
      printStuck(progress, options.seed);
      resolve(null);
    }
    runs = progress.runs;
  }, STUCK_MILLISECONDS);
  try {
    return await promise;
  } finally {
    clearInterval(timer);
    worker.terminate();
  }
}

function printStuck(progress: Progress, seed: number): void {
  const { target, input } = progress.read();
  console.error(
    `\n${
      TARGETS[target]!.name
    } does not come back, with --seed ${seed}, from ` +
      `this input:\n  ${JSON.stringify(input)}`,
  );
}

function printTable({ counts, findings }: FuzzResult, seconds: number): void {
  const width = Math.max(...Array.from(counts.keys(), (name) => name.length));
  let all = 0;
  console.log(`\n${"".padEnd(width)}     inputs   outcomes`);
  for (const [name, { executions, outcomes }] of counts) {
    all += executions;
    console.log(
      name.padEnd(width) + `${executions}`.padStart(11) +
        `${outcomes}`.padStart(11),
    );
  }
  const rate = (all / seconds).toFixed(0);
  console.log(
    `\n${all} inputs in ${seconds.toFixed(1)} s, ${rate} a second, ` +
      `${findings.length} findings`,
  );
}

function printFinding(finding: Finding, seed: number): void {
  const { target, execution, message, shown } = finding;
  console.error(
    `\n${target}, input ${execution} with --seed ${seed}:\n` +
      `  ${message}\n\nFor ${shown.file}:\n  ${shown.line},`,
  );
}
