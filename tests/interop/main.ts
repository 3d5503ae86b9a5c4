// Tests the client against servers that we did not write, and prints how it went
// as a table of features by servers.
//
//   deno task interop                 all servers
//   deno task interop nginx haproxy   these alone
//   deno task interop --markdown      the table in Markdown
//
// A server that is not installed (see `install.sh`) is skipped; with `CI=true` in
// the environment it is a failure.

import { CASES } from "./cases.ts";
import { type Feature, FEATURES } from "./features.ts";
import type { Running, Server } from "./_server.ts";
import { makeSite, type Site } from "./_site.ts";
import {
  type Cell,
  type Column,
  countCells,
  formatMarkdown,
  formatNotes,
  formatText,
} from "./_table.ts";
import { apache } from "./servers/apache.ts";
import { bun } from "./servers/bun.ts";
import { deno } from "./servers/deno.ts";
import { haproxy } from "./servers/haproxy.ts";
import { lighttpd } from "./servers/lighttpd.ts";
import { nginx } from "./servers/nginx.ts";
import { node } from "./servers/node.ts";
import { python } from "./servers/python.ts";

const SERVERS = { nginx, apache, lighttpd, haproxy, python, node, deno, bun };
const CASE_MILLISECONDS = 20_000;
// What every stack trace here has.
const HIDDEN_FRAME = /^ +at .*(ext:|\/deno-std\/|\/interop\/main\.ts)/;

if (import.meta.main) Deno.exit(await main(Deno.args) ? 0 : 1);

/** Runs what the arguments ask for; tells whether nothing failed. */
async function main(args: readonly string[]): Promise<boolean> {
  const started = performance.now();
  const names = args.filter((arg) => arg !== "--markdown");
  const servers = choose(names);
  if (servers === null) return false;
  const columns: Column[] = [];
  const site = await makeSite();
  try {
    for (const server of servers) columns.push(await runServer(server, site));
  } finally {
    await Deno.remove(site.folder, { recursive: true });
  }
  const format = args.includes("--markdown") ? formatMarkdown : formatText;
  console.log(`\n${format(columns)}\n\n${formatNotes(columns)}`);
  const { ok, "n/a": none, skipped, FAIL: failed } = countCells(columns);
  const seconds = ((performance.now() - started) / 1000).toFixed(0);
  console.log(
    `\n${ok} ok, ${none} n/a, ${skipped} skipped, ${failed} failed, ` +
      `in ${seconds} s`,
  );
  return failed === 0;
}

/** Gives the servers of those names, all where there are none. */
function choose(names: readonly string[]): Server[] | null {
  const all = new Map<string, Server>(Object.entries(SERVERS));
  const unknown = names.filter((name) => !all.has(name));
  if (unknown.length > 0) {
    const known = [...all.keys()].join(", ");
    console.error(`There is no ${unknown.join(", ")} in ${known}`);
    return null;
  }
  return [...all].filter(([name]) => names.length === 0 || names.includes(name))
    .map(([, server]) => server);
}

async function runServer(server: Server, site: Site): Promise<Column> {
  const { name } = server;
  const installed = await server.find();
  if (installed === null) {
    console.log(`${name} is not installed`);
    const kind = Deno.env.get("CI") === "true" ? "FAIL" : "skipped";
    const cell: Cell = { kind, reason: "it is not installed" };
    return { name, version: "", cells: fill(() => cell) };
  }
  const { version } = installed;
  console.log(version);
  let running: Running;
  try {
    running = await installed.start(site);
  } catch (error) {
    const cell: Cell = { kind: "FAIL", reason: describe(error) };
    return { name, version, cells: fill(() => cell) };
  }
  await using _ = running;
  const cells: Partial<Record<Feature, Cell>> = {};
  for (const feature of FEATURES) {
    cells[feature] = await runCase(feature, server, running, site);
  }
  return { name, version, cells: fill((feature) => cells[feature]!) };
}

function fill(cellOf: (feature: Feature) => Cell): Record<Feature, Cell> {
  return Object.fromEntries(
    FEATURES.map((feature) => [feature, cellOf(feature)]),
  ) as Record<Feature, Cell>;
}

async function runCase(
  feature: Feature,
  server: Server,
  running: Running,
  site: Site,
): Promise<Cell> {
  const reason = server.cannot[feature];
  if (reason !== undefined) return { kind: "n/a", reason };
  const abort = new AbortController();
  const timer = setTimeout(
    () => abort.abort(new Error(`No end after ${CASE_MILLISECONDS} ms`)),
    CASE_MILLISECONDS,
  );
  try {
    await CASES[feature]({ site, server, running, signal: abort.signal });
    return { kind: "ok" };
  } catch (error) {
    return { kind: "FAIL", reason: describe(error) };
  } finally {
    clearTimeout(timer);
  }
}

/** Says what went wrong, and where in the case: plain text, few lines. */
function describe(error: unknown): string {
  const text = error instanceof Error ? error.stack ?? `${error}` : `${error}`;
  // deno-lint-ignore no-control-regex
  return text.replaceAll(/\x1b\[[0-9;]*m/g, "").split("\n")
    .filter((line) => line.trim() !== "" && !HIDDEN_FRAME.test(line))
    .join("\n");
}
