// The thread that runs the properties; `fuzz.ts` watches that it makes progress.

import fc from "fast-check";
import "./_all.ts";
import { PROPERTIES } from "./_property.ts";

/** What to run. */
export interface Job {
  readonly seconds: number;
  readonly seed: number;
}

/** What a worker reports. */
export type Report =
  | { readonly type: "begin"; readonly name: string; readonly seed: number }
  | { readonly type: "ran"; readonly name: string; readonly inputs: number }
  | { readonly type: "failed"; readonly name: string; readonly report: string }
  | { readonly type: "done" };

// So few that a round of all properties takes about a second.
const INPUTS = 100;

// The types of this project are those of a main thread.
const scope = globalThis as unknown as {
  onmessage: (event: MessageEvent<Job>) => Promise<void>;
  postMessage(report: Report): void;
};

scope.onmessage = async ({ data: { seconds, seed } }) => {
  const end = performance.now() + 1000 * seconds;
  const failed = new Set<string>();
  // Rounds differ only in their seed, so that the same one repeats a run.
  for (let round = 0; performance.now() < end; round++) {
    for (const { name, check } of PROPERTIES) {
      if (failed.has(name) || performance.now() >= end) continue;
      const own = (seed * 0x10001 + round) | 0;
      scope.postMessage({ type: "begin", name, seed: own });
      const details = await fc.check(check, { seed: own, numRuns: INPUTS });
      scope.postMessage({ type: "ran", name, inputs: details.numRuns });
      if (!details.failed) continue;
      failed.add(name);
      const { errorInstance } = details;
      const report = `${errorInstance}\n${fc.defaultReportMessage(details)}`;
      scope.postMessage({ type: "failed", name, report });
    }
  }
  scope.postMessage({ type: "done" });
};
