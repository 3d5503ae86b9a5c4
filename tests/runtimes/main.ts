// Runs the wire vectors and cases of the client in several runtimes, and prints
// how it went as a table.
//
//   deno task runtimes               all runtimes
//   deno task runtimes node bun      these alone
//   deno task runtimes --markdown    the table in Markdown
//
// A runtime that is not installed (see `install.sh`) is skipped; with `CI=true`
// in the environment it is a failure.

import * as api from "../../mod.ts";
import { vectorCases } from "../_run_vectors.ts";
import { startOrigin } from "./_origin.ts";
import type { Report, Tally } from "./_report.ts";
import type { Runtime, Setting } from "./_runtime.ts";
import { formatMarkdown, formatText, type Outcome } from "./_table.ts";
import { CASES } from "./cases.ts";
import { chromium } from "./runners/chromium.ts";
import { bun, deno, node } from "./runners/programs.ts";
import { workerd } from "./runners/workerd.ts";

const RUNTIMES: readonly Runtime[] = [deno, node, bun, workerd, chromium];

if (import.meta.main) Deno.exit(await main(Deno.args) ? 0 : 1);

/** Runs what the arguments ask for; tells whether nothing failed. */
async function main(args: readonly string[]): Promise<boolean> {
  const started = performance.now();
  const runtimes = choose(args.filter((arg) => arg !== "--markdown"));
  if (runtimes === null) return false;
  const outcomes = await runAll(runtimes);
  const format = args.includes("--markdown") ? formatMarkdown : formatText;
  console.log(`\n${format(outcomes)}\n`);
  const failures = outcomes.flatMap((outcome) =>
    failuresOf(outcome).map((failure) => `${outcome.name}: ${failure}`)
  );
  for (const failure of failures) console.log(`${failure}\n`);
  const seconds = ((performance.now() - started) / 1000).toFixed(0);
  console.log(`${failures.length} failures, in ${seconds} s`);
  return failures.length === 0;
}

/** Gives the runtimes of those names, all where there are none. */
function choose(names: readonly string[]): readonly Runtime[] | null {
  const known = RUNTIMES.map(({ name }) => name.toLowerCase());
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    console.error(`There is no ${unknown.join(", ")} in ${known.join(", ")}`);
    return null;
  }
  return RUNTIMES.filter(({ name }) =>
    names.length === 0 || names.includes(name.toLowerCase())
  );
}

/** Runs all at once: most of it is computing, on one core each. */
async function runAll(runtimes: readonly Runtime[]): Promise<Outcome[]> {
  const folder = await Deno.makeTempDir({ prefix: "io-http-runtimes-" });
  const origin = startOrigin();
  try {
    const setting = { folder, port: origin.addr.port };
    return await Promise.all(
      runtimes.map((runtime) => runOne(runtime, setting)),
    );
  } finally {
    await origin.shutdown();
    await Deno.remove(folder, { recursive: true });
  }
}

async function runOne(runtime: Runtime, setting: Setting): Promise<Outcome> {
  const { name } = runtime;
  let version = "";
  try {
    const installed = await runtime.find();
    if (installed === null) return missing(name);
    ({ version } = installed);
    const report = await installed.run(setting);
    console.log(`${name} ${version} is through`);
    return { name, version, kind: "report", report };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { name, version, kind: "FAIL", reason };
  }
}

function missing(name: string): Outcome {
  return Deno.env.get("CI") === "true"
    ? { name, version: "", kind: "FAIL", reason: "it is not installed" }
    : { name, version: "not installed", kind: "skipped" };
}

function failuresOf(outcome: Outcome): string[] {
  if (outcome.kind === "skipped") return [];
  if (outcome.kind === "FAIL") return [outcome.reason];
  const { vectors, streams }: Report = outcome.report;
  return [
    ...lacks("vectors", vectors, vectorCases(api).length),
    ...Object.entries(streams).flatMap(([stream, tally]) =>
      lacks(stream, tally, Object.keys(CASES).length)
    ),
  ];
}

/** What keeps a tally from being full: a bundle may also lack cases. */
function lacks(what: string, tally: Tally, total: number): string[] {
  const { passed, failures } = tally;
  const missing = total - passed - failures.length;
  const notRun = missing === 0 ? [] : [`${missing} did not run`];
  return [...failures, ...notRun].map((failure) => `${what}: ${failure}`);
}
