// The runtimes, each with the way to run the suite in it.

import type { Cell, Column } from "../matrix/matrix.ts";
import { findInPackages, findProgram, readOutput } from "../matrix/programs.ts";
import { bundle } from "./_bundle.ts";
import { runPage } from "./_page.ts";
import type { Site } from "./cases/_case.ts";
import type { Outcome } from "./suite.ts";

const RUN_MILLISECONDS = 300_000;
const MAX_ERROR_CHARS = 4000;

// Workers reach addresses that are not public only if they are allowed to.
const WORKERD_CONFIG = `using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "suite", worker = (
      modules = [(name = "workerd.mjs", esModule = embed "workerd.mjs")],
      compatibilityDate = "2026-11-01",
      bindings = [(name = "SITE", fromEnvironment = "SITE")],
    )),
    (name = "internet", network = (allow = ["local"])),
  ],
);
`;

/** Where a column works: a temporary folder, and the origin. */
export interface Setting {
  readonly folder: string;
  readonly site: Site;
}

type Report = (row: string, cell: Cell) => void;

/** Makes the columns. */
export function makeColumns(setting: Setting): Column[] {
  const { folder, site } = setting;
  const net = [
    "127.0.0.1",
    "localhost",
    "unknown.invalid",
    `unix:${site.unixPath}`,
    `unix:${site.unixPath}.none`,
  ];
  const deno = [
    "run",
    "--no-config",
    "--no-prompt",
    `--allow-net=${net.join(",")}`,
  ];
  const files = [`--allow-read=${folder}`, `--allow-write=${folder}`];
  return [
    program(setting, {
      name: "Deno",
      find: () => Promise.resolve(Deno.execPath()),
      entry: "deno.ts",
      args: [...deno, ...files],
    }),
    program(setting, {
      name: "Node 22",
      find: () => findInPackages("node22/bin/node"),
      entry: "node.ts",
    }),
    program(setting, {
      name: "Node 24",
      find: () => findInPackages("node24/bin/node"),
      entry: "node.ts",
    }),
    program(setting, {
      name: "Bun",
      find: () => findInPackages("bun/bin/bun"),
      entry: "node.ts",
    }),
    {
      name: "workerd",
      async find() {
        const file = await findInPackages("workerd/bin/workerd");
        return file === null ? null : {
          version: await versionOf(file),
          async run(report) {
            await bundle("workerd.ts", `${folder}/workerd.mjs`);
            const config = `${folder}/workerd.capnp`;
            await Deno.writeTextFile(config, WORKERD_CONFIG);
            const env = { SITE: JSON.stringify(site) };
            await readOutcomes(file, ["test", config], env, report);
          },
        };
      },
    },
    {
      name: "Chromium",
      async find() {
        const file = await findProgram("chromium");
        return file === null ? null : {
          version: await versionOf(file),
          async run(report) {
            const script = `${folder}/chromium.mjs`;
            await bundle("chromium.ts", script);
            await runPage(file, script, setting, reporter(report));
          },
        };
      },
    },
  ];
}

interface Program {
  readonly name: string;
  find(): Promise<string | null>;
  readonly entry: string;
  /** The arguments before the script. */
  readonly args?: readonly string[];
}

/** A column for a program that runs a script. */
function program({ folder, site }: Setting, its: Program): Column {
  const { name, entry, args = [] } = its;
  return {
    name,
    async find() {
      const file = await its.find();
      return file === null ? null : {
        version: await versionOf(file),
        async run(report) {
          const script = `${folder}/${name.replace(" ", "")}.mjs`;
          await bundle(entry, script);
          const all = [...args, script, JSON.stringify(site)];
          await readOutcomes(file, all, {}, report);
        },
      };
    },
  };
}

async function versionOf(file: string): Promise<string> {
  const printed = await readOutput(file, ["--version"]);
  return printed.match(/\d[\d.-]+/)?.[0] ?? printed.trim();
}

function reporter(report: Report): (outcome: Outcome) => void {
  return ({ row, kind, reason = "" }) =>
    report(row, kind === "ok" ? { kind } : { kind, reason });
}

/**
 * Runs a program, reading an outcome from each line of JSON that it prints. It
 * must end by itself: one that does not has left a socket open.
 */
async function readOutcomes(
  file: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  report: Report,
): Promise<void> {
  const child = new Deno.Command(file, {
    args: [...args],
    env: { NO_COLOR: "1", ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    signal: AbortSignal.timeout(RUN_MILLISECONDS),
  }).spawn();
  const errors = new Response(child.stderr).text();
  const onOutcome = reporter(report);
  let rest = "";
  let other = "";
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    for (const line of lines) {
      if (line.startsWith('{"row"')) onOutcome(JSON.parse(line));
      else other += `${line}\n`;
    }
  }
  const { success, code, signal } = await child.status;
  const output = (other + rest + await errors).slice(0, MAX_ERROR_CHARS);
  if (!success) throw new Error(`It ended with ${signal ?? code}: ${output}`);
}
