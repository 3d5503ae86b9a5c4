// The thread that fuzzes. The one that started it watches how it gets on.

import { Fuzzer, type FuzzResult } from "./_fuzzer.ts";
import { Progress } from "./_progress.ts";
import { TARGETS } from "./_targets.ts";

/** What a worker is asked for. */
export interface Job {
  readonly seconds: number;
  readonly seed: number;
  /** The memory of a {@linkcode Progress}. */
  readonly progress: SharedArrayBuffer;
}

// So many inputs run between two looks at the clock.
const BATCH = 16;

// The types of this project are those of a main thread.
interface WorkerScope {
  onmessage: (event: MessageEvent<Job>) => void;
  postMessage(result: FuzzResult): void;
}
const scope = globalThis as unknown as WorkerScope;

scope.onmessage = ({ data }) => scope.postMessage(work(data));

function work({ seconds, seed, progress }: Job): FuzzResult {
  const end = performance.now() + 1000 * seconds;
  let left = 0;
  return new Fuzzer(TARGETS, seed, new Progress(progress)).run(() => {
    if (left-- > 0) return true;
    left = BATCH - 1;
    return performance.now() < end;
  });
}
