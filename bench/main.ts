// Measures this package against its peers, and prints the ratios.
//
//   deno task bench                  everything
//   deno task bench heads chunked    these alone
//
// A target that is missed is shown as such and is no failure; what cannot be
// measured is one.

import { runGroup } from "./_group.ts";
import { formatGroup, isMet, type Row } from "./_table.ts";

const GROUPS = [
  "heads",
  "exchange",
  "chunked",
  "linear",
  "connections",
  "transfer",
  "idle",
  "size",
  "import",
];

if (import.meta.main) {
  const names = Deno.args.length > 0 ? Deno.args : GROUPS;
  const unknown = names.filter((name) => !GROUPS.includes(name));
  if (unknown.length > 0) {
    console.error(`There is no ${unknown.join(", ")} in ${GROUPS.join(", ")}`);
    Deno.exit(1);
  }
  Deno.exit(await runAll(names) ? 0 : 1);
}

/** Runs the groups that are named; tells whether all could be measured. */
async function runAll(names: readonly string[]): Promise<boolean> {
  const started = performance.now();
  const rows: Row[] = [];
  let isComplete = true;
  printEnvironment();
  for (const name of names) {
    try {
      const group = await runGroup(new URL(`./${name}.ts`, import.meta.url));
      console.log(formatGroup(group));
      rows.push(...group.rows);
    } catch (error) {
      isComplete = false;
      console.error(`Cannot measure ${name}:`, error);
    }
  }
  const targets = rows.filter(({ target }) => target !== null);
  const met = targets.filter(isMet).length;
  const seconds = (performance.now() - started) / 1000;
  console.log(
    `${met} of ${targets.length} targets met, in ${seconds.toFixed(0)} s`,
  );
  return isComplete;
}

function printEnvironment(): void {
  const load = Deno.loadavg().map((value) => value.toFixed(2)).join(" ");
  console.log(
    `Deno ${Deno.version.deno}, V8 ${Deno.version.v8}, ${Deno.build.target}, ` +
      `${navigator.hardwareConcurrency} cores, load ${load}`,
  );
  console.log(
    "Each figure is a median over rounds in which all took part in turn. A " +
      "result in x is our speed divided by the peer's, its spread the " +
      "quartiles.\n",
  );
}
