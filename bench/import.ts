// How long the first import of the pure entry point takes in a new process,
// with Deno's caches warm, beside that of an empty module.

import { printGroup, runScript } from "./_group.ts";
import { spreadOf } from "./_measure.ts";
import type { Row } from "./_table.ts";

const TITLE = "import: the first `import()` of the pure entry point in a new " +
  "process, less that of an empty module";

const CHILD = new URL("./_import_child.ts", import.meta.url);
const ENTRY = new URL("../mod.ts", import.meta.url);
const EMPTY = new URL("./_empty.ts", import.meta.url);
const ROUNDS = 15;

if (import.meta.main) await printGroup(TITLE, measureImport);

async function measureImport(): Promise<Row[]> {
  const ours: number[] = [];
  const empty: number[] = [];
  // The first round fills the caches, and does not count.
  for (let round = 0; round <= ROUNDS; round++) {
    const times = [await timeImport(ENTRY), await timeImport(EMPTY)];
    if (round === 0) continue;
    ours.push(times[0]!);
    empty.push(times[1]!);
  }
  return [{
    what: "mod.ts",
    ours: `${spreadOf(ours).median.toFixed(2)} ms`,
    peer: "empty module",
    theirs: `${spreadOf(empty).median.toFixed(2)} ms`,
    value: spreadOf(ours.map((time, i) => time - empty[i]!)),
    unit: "ms",
    target: { atMost: 5 },
  }];
}

async function timeImport(module: URL): Promise<number> {
  return Number(await runScript(CHILD, [module.href]));
}
