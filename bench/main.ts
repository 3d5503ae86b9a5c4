// Measures this package against its peers, and prints the ratios.
//
//   deno task bench                  everything, also written to docs/
//   deno task bench heads network    these groups alone
//   deno task bench network:gzip     the rows over sockets whose name has "gzip"
//
// A missed goal is shown as such and is no failure; a row that cannot be measured
// is one.

import { fileURLToPath } from "node:url";
import { runGroup } from "./_group.ts";
import { drawChart } from "./_chart.ts";
import { formatReport, type Measured } from "./_report.ts";
import { findRuntimes } from "./_runtimes.ts";
import { startCannedServer } from "./_servers.ts";
import { formatGroup, isMet } from "./_table.ts";
import type { Site } from "./_clients.ts";

const GROUPS = [
  "heads",
  "exchange",
  "chunked",
  "linear",
  "network",
  "idle",
  "peak",
  "size",
  "import",
];
const DOCS = new URL("../docs/", import.meta.url);
const NETWORK = new URL("./network.ts", import.meta.url);
const CA = new URL("../tests/certs/ca.pem", import.meta.url);

if (import.meta.main) {
  const unknown = Deno.args.filter((arg) => !GROUPS.includes(groupOf(arg)));
  if (unknown.length > 0) {
    console.error(`There is no ${unknown.join(", ")} in ${GROUPS.join(", ")}`);
    Deno.exit(1);
  }
  Deno.exit(await runAll(Deno.args) ? 0 : 1);
}

function groupOf(arg: string): string {
  return arg.split(":")[0]!;
}

/** Runs the named groups. Returns whether all could be measured. */
async function runAll(args: readonly string[]): Promise<boolean> {
  const started = performance.now();
  const measured: Measured[] = [];
  let isComplete = true;
  const names = args.length > 0 ? args : GROUPS;
  for (const [index, name] of names.entries()) {
    showProgress(`${index + 1}/${names.length} ${name}`);
    try {
      for await (const part of measureGroup(name)) {
        showProgress("");
        console.log(formatGroup({ ...part, title: titleOf(part) }));
        measured.push(part);
      }
    } catch (error) {
      isComplete = false;
      console.error(`Cannot measure ${name}:`, error);
    }
  }
  const goals = measured.flatMap(({ rows }) => rows)
    .filter(({ target }) => target !== null);
  const met = goals.filter(isMet).length;
  const seconds = ((performance.now() - started) / 1000).toFixed(0);
  console.log(`${met} of ${goals.length} goals met, in ${seconds} s`);
  if (args.length === 0 && isComplete) await writeDocs(measured);
  return isComplete;
}

async function* measureGroup(name: string): AsyncGenerator<Measured> {
  const [group, ...words] = name.split(":");
  if (group !== "network") {
    const file = new URL(`./${group}.ts`, import.meta.url);
    yield { ...await runGroup(file), runtime: "Deno" };
    return;
  }
  await using server = await startCannedServer();
  const { origin, tlsOrigin } = server;
  const site: Site = {
    small: `${origin}/small`,
    smallTls: `${tlsOrigin}/small`,
    large: `${origin}/bytes/100000000`,
    json: `${origin}/json`,
    upload: `${origin}/`,
    ca: await Deno.readTextFile(CA),
  };
  for (const { name, version, measure } of await findRuntimes()) {
    showProgress(`network on ${name} ${version}`);
    const { rows } = await measure(NETWORK, [JSON.stringify(site), ...words]);
    const title = `network: against ${server.name}, on the loopback interface`;
    yield { title, rows, runtime: `${name} ${version}` };
  }
}

function titleOf({ title, runtime }: Measured): string {
  return `${runtime}, ${title}`;
}

async function writeDocs(measured: readonly Measured[]): Promise<void> {
  const report = new URL("results.md", DOCS);
  const chart = new URL("results.svg", DOCS);
  await Deno.writeTextFile(report, formatReport(measured));
  await Deno.writeTextFile(chart, drawChart(measured));
  const args = ["fmt", "-q", fileURLToPath(report), fileURLToPath(chart)];
  await new Deno.Command(Deno.execPath(), { args }).output();
}

/** Shows a line on a terminal until the next one; nothing elsewhere. */
function showProgress(text: string): void {
  if (!Deno.stderr.isTerminal()) return;
  Deno.stderr.writeSync(new TextEncoder().encode(`\r\x1b[K${text}`));
}
