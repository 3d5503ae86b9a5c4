// How long the first import of each entry point takes in a new process, with
// Deno's caches warm, less that of an empty module.

import { printGroup, runScript } from "./_group.ts";
import { spreadOf } from "./_measure.ts";
import { bundleEntry } from "./_bundle.ts";
import type { Row } from "./_table.ts";

const TITLE = "import: the first `import()` of an entry point in a new process";
const CHILD = new URL("./_import_child.ts", import.meta.url);
const EMPTY = new URL("./_empty.ts", import.meta.url).href;
const ROUNDS = 15;

if (import.meta.main) {
  await printGroup(TITLE, async () => {
    const bundle = await Deno.makeTempFile({ suffix: ".mjs" });
    const agent = 'export * from "@pimalaya/io-http/agent";';
    await Deno.writeFile(bundle, await bundleEntry(agent));
    try {
      return await measureImports([
        ["@pimalaya/io-http", entry("mod.ts"), 12],
        ["@pimalaya/io-http/client", entry("client/mod.ts"), 20],
        ["@pimalaya/io-http/agent", entry("agent/mod.ts"), 30],
        ["the agent, bundled", `file://${bundle}`, 15],
      ]);
    } finally {
      await Deno.remove(bundle);
    }
  });
}

type Entry = readonly [what: string, module: string, atMost: number];

function entry(path: string): string {
  return new URL(`../${path}`, import.meta.url).href;
}

async function measureImports(entries: readonly Entry[]): Promise<Row[]> {
  const times = entries.map(() => [] as number[]);
  const empty: number[] = [];
  // The first round fills the caches and does not count.
  for (let round = 0; round <= ROUNDS; round++) {
    const emptyTime = await timeImport(EMPTY);
    for (const [i, [, module]] of entries.entries()) {
      const time = await timeImport(module);
      if (round > 0) times[i]!.push(time);
    }
    if (round > 0) empty.push(emptyTime);
  }
  return entries.map(([what, , atMost], i) => ({
    what,
    ours: `${spreadOf(times[i]!).median.toFixed(2)} ms`,
    peer: "empty module",
    theirs: `${spreadOf(empty).median.toFixed(2)} ms`,
    value: spreadOf(times[i]!.map((time, round) => time - empty[round]!)),
    unit: "ms",
    target: { atMost },
  }));
}

async function timeImport(module: string): Promise<number> {
  return Number(await runScript(CHILD, [module]));
}
