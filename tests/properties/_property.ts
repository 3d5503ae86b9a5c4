// A property: one invariant of code that reads untrusted input. Each is declared once,
// in a test file: as a test it runs a fixed number of inputs, and `fuzz.ts` runs it for
// any time.

import { type Arbitrary, fc } from "../_fast_check.ts";

const SEED = 9100;
// Of `fuzz.ts`: for how long, and with which seed.
const [seconds, seed] = Deno.args.map(Number);
const isFuzzing = seconds !== undefined && seed !== undefined;

let declared = 0;

/**
 * Declares a property, as a test without permissions. To fuzz it too, list
 * its file in `_all.ts`.
 *
 * @param name A sentence that states it.
 * @param runs How many inputs the test runs.
 * @param inputs The inputs.
 * @param check Throws or rejects if the property does not hold.
 */
export function property<T>(
  name: string,
  runs: number,
  inputs: Arbitrary<T>,
  check: (input: T) => void | Promise<void>,
): void {
  // A check that does not await runs synchronously, which is faster.
  const it = check.constructor.name === "AsyncFunction"
    ? fc.asyncProperty(inputs, check as (input: T) => Promise<void>)
    : fc.property(inputs, check as (input: T) => void);
  declared++;
  Deno.test({
    name: isFuzzing ? `Fuzzing: ${name}` : name,
    permissions: "none",
    async fn() {
      const parameters = isFuzzing
        ? {
          seed,
          numRuns: 1e9,
          interruptAfterTimeLimit: 1e3 * seconds / declared,
        }
        : { seed: SEED, numRuns: runs };
      await fc.assert(it, parameters);
    },
  });
}

/** Throws if something that must hold does not. */
export function must(holds: boolean, fault: string): asserts holds {
  if (!holds) throw new Error(fault);
}

/** Returns the TypeError that a call throws, or else its result. */
export function orTypeError<T>(run: () => T): T | TypeError {
  try {
    return run();
  } catch (error) {
    // By class, not by name: other errors may call themselves a TypeError.
    if (error instanceof TypeError) return error;
    throw error;
  }
}

/** Checks that a message is short and safe to log. */
export function checkMessage(message: string): void {
  must(
    /^[\x20-\x7e]{1,400}$/.test(message),
    `The message is long, or not of printable ASCII: ${message}`,
  );
}

/** Places at which to cut an input, for {@linkcode cutsOf}. */
export const places: Arbitrary<number[]> = fc.array(fc.nat(), { maxLength: 6 });

/** Returns offsets inside a length, in order and each once. */
export function cutsOf(length: number, places: readonly number[]): number[] {
  const cuts = new Set(places.map((place) => place % (length + 1)));
  return [...cuts].filter((at) => at > 0 && at < length)
    .sort((a, b) => a - b);
}

/** Returns the pieces of an input that is cut at places. */
export function piecesOf<T extends Uint8Array>(
  input: T,
  places: readonly number[],
): Uint8Array[] {
  const cuts = cutsOf(input.length, places);
  return [0, ...cuts].map((start, i) => input.subarray(start, cuts[i]));
}
