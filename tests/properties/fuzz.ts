// Runs the properties with new inputs for as long as it is told.
//
//   deno task fuzz                  for 60 seconds, with a new seed
//   deno task fuzz 600              for 600 seconds
//   deno task fuzz 60 --seed 7      the inputs of the seed 7 again
//
// The properties run as tests, one after the other, each for its share of the
// time. A failure is printed as small as fast-check can make it, with the seed and
// path that repeat it, and makes it exit with 1.

import { parseTimedArgs } from "../matrix/args.ts";

const DEFAULT_SECONDS = 60;
// An input takes milliseconds, so a property that needs this long does not end.
const GRACE_SECONDS = 60;

const parsed = parseTimedArgs(Deno.args);
if (parsed === null) {
  console.error("Usage: deno task fuzz [seconds] [--seed number]");
  Deno.exit(2);
}
const { seconds, seed } = parsed;
const duration = seconds ?? DEFAULT_SECONDS;
console.log(`Fuzzing for ${duration} s with --seed ${seed}`);
const all = new URL("./_all.ts", import.meta.url).pathname;
const fuzzing = ["--", `${duration}`, `${seed}`];
const { success, signal } = await new Deno.Command(Deno.execPath(), {
  args: ["test", "--no-check", "--filter=Fuzzing: ", all, ...fuzzing],
  signal: AbortSignal.timeout(1000 * (duration + GRACE_SECONDS)),
}).spawn().status;
if (signal !== null) console.error("The last property above does not end");
Deno.exit(success ? 0 : 1);
