// Streams one large body, and prints as JSON how far the process grew for it.
//
//   _memory_child.ts down|down-default|down-bare|up ORIGIN LENGTH

import { BARE_STREAMS } from "./_bare.ts";
import { GrowthWatch } from "./_process_memory.ts";
import {
  bareDownload,
  byobDownload,
  download,
  type Transfer,
  transfer,
  upload,
} from "./_transfers.ts";

/** The output; amounts are in bytes. */
export interface Growth {
  readonly before: number;
  readonly growth: number;
  readonly seconds: number;
}

const WARM_UP_BYTES = 2 ** 20;

const DIRECTIONS = new Map<string, Transfer>([
  ["down", byobDownload],
  ["down-default", download],
  ["down-bare", bareDownload(BARE_STREAMS)],
  ["up", upload],
]);

if (import.meta.main) {
  const [direction, origin, length] = Deno.args as [string, string, string];
  // A small body first: code that is loaded on first use is not growth.
  await move(direction, origin, WARM_UP_BYTES);
  const watch = new GrowthWatch();
  const start = performance.now();
  await move(direction, origin, Number(length));
  const seconds = (performance.now() - start) / 1000;
  const result: Growth = {
    before: watch.before,
    growth: watch.stop(),
    seconds,
  };
  console.log(JSON.stringify(result));
}

async function move(
  direction: string,
  origin: string,
  length: number,
): Promise<void> {
  const make = DIRECTIONS.get(direction);
  if (make === undefined) throw new Error(`Unknown direction: ${direction}`);
  const path = direction === "up" ? "/" : `/bytes/${length}`;
  const url = `${origin}${path}`;
  await (await transfer(direction, make, url, length)).run(1);
}
