// Streams one large body, and prints as JSON how far the process grew for it.
//
//   _memory_child.ts down|up ORIGIN LENGTH

import { ourDownload, ourUpload } from "./_peers_transfer.ts";
import { GrowthWatch } from "./_process_memory.ts";

/** What is printed; amounts are in bytes. */
export interface Growth {
  readonly before: number;
  readonly growth: number;
  readonly seconds: number;
}

const WARM_UP_BYTES = 2 ** 20;

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
  const contender = direction === "up"
    ? await ourUpload({ url: `${origin}/`, length })
    : await ourDownload({ url: `${origin}/bytes/${length}`, length });
  await contender.run(1);
}
