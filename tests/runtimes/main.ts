// Runs the wire vectors and the cases of the client and the agent in several
// runtimes; `../matrix/matrix.ts` describes the arguments.
//
//   deno task runtimes
//   deno task runtimes node24 bun
//   deno task runtimes --only=Faults     the rows with this in their title

import { fileURLToPath } from "node:url";
import { makeSite } from "../interop/_site.ts";
import { startOrigin } from "../interop/servers.ts";
import type { Use } from "../matrix/cells.ts";
import { type Column, type Report, runMatrices } from "../matrix/matrix.ts";
import { bundle, Child, findProgram } from "../matrix/programs.ts";
import { runPage } from "./_page.ts";
import type { Site } from "./cases/_case.ts";
import { ROWS } from "./suite.ts";

const RUN_MILLISECONDS = 300_000;
const MAX_ERROR_CHARS = 4000;

const site = await makeSite();
const { folder } = site;
let isOk = false;
try {
  const node = await findProgram("node24/bin/node", "node");
  if (node === null) throw new Error("The origins need Node");
  await using stack = new AsyncDisposableStack();
  const use: Use = (resource) => stack.use(resource);
  const exchanges = await startOrigin(node, { site, use }, "node.mjs");
  const args = [pathOf("./origin.mjs"), folder];
  const { child, printed } = await Child.printing<Site>(node, args);
  use(child);
  const flag = Deno.args.find((arg) => arg.startsWith("--only="));
  const only = flag?.slice("--only=".length) ?? "";
  isOk = await runMatrices(Deno.args, [{
    title: "Runtimes",
    rows: ROWS.filter((row) => row.includes(only)),
    columns: makeColumns({ ...printed, exchanges, only }),
  }]);
} finally {
  await Deno.remove(folder, { recursive: true });
}
Deno.exit(isOk ? 0 : 1);

function makeColumns(site: Site): Column[] {
  const text = JSON.stringify(site);
  const net = [
    ...["127.0.0.1", "localhost", "unknown.invalid"],
    ...[`unix:${site.unixPath}`, `unix:${site.unixPath}.none`],
  ];
  const deno = [
    ...["run", "--no-config", "--no-prompt", `--allow-net=${net.join(",")}`],
    ...[`--allow-read=${folder}`, `--allow-write=${folder}`],
  ];
  /** A column whose program runs an entry, with these arguments around it. */
  const column = (
    name: string,
    program: string,
    entry: string,
    argsOf = (script: string) => [script, text],
  ): Column => ({
    name,
    programs: [program],
    async run(file, report) {
      await readOutcomes(file, argsOf(await bundleEntry(entry)), text, report);
    },
  });
  return [
    column("Deno", Deno.execPath(), "deno", (script) => [
      ...[...deno, script, text],
    ]),
    column("Node 22", "node22/bin/node", "node"),
    column("Node 24", "node24/bin/node", "node"),
    column("Bun", "bun/bin/bun", "node"),
    column("workerd", "workerd/bin/workerd", "workerd", () => {
      // It looks for the script beside its configuration.
      const config = `${folder}/workerd.capnp`;
      Deno.copyFileSync(pathOf("./entries/workerd.capnp"), config);
      return ["test", config];
    }),
    {
      ...column("Chromium", "chromium", "chromium"),
      async run(file, report) {
        const script = await bundleEntry("chromium");
        const page = { script, profile: `${folder}/chromium`, text };
        await runPage(file, page, RUN_MILLISECONDS, report);
      },
    },
  ];
}

/** Bundles an entry into a file of the same name. */
async function bundleEntry(name: string): Promise<string> {
  const script = `${folder}/${name}.mjs`;
  await bundle(new URL(`./entries/${name}.ts`, import.meta.url), script);
  return script;
}

function pathOf(relative: string): string {
  return fileURLToPath(new URL(relative, import.meta.url));
}

/**
 * Runs a program, and reads an outcome from each line of JSON that it prints. It
 * must end by itself: one that does not has left a socket open.
 */
async function readOutcomes(
  file: string,
  args: string[],
  site: string,
  report: Report,
): Promise<void> {
  const { success, code, signal, ...output } = await new Deno.Command(file, {
    args,
    env: { NO_COLOR: "1", SITE: site },
    stdin: "null",
    signal: AbortSignal.timeout(RUN_MILLISECONDS),
  }).output();
  const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  const lines = decode(output.stdout).split("\n");
  const isOutcome = (line: string) => line.startsWith('{"row"');
  for (const line of lines.filter(isOutcome)) {
    const { row, cell } = JSON.parse(line);
    report(row, cell);
  }
  if (success) return;
  const others = lines.filter((line) => !isOutcome(line)).join("\n");
  const text = (others + decode(output.stderr)).slice(0, MAX_ERROR_CHARS);
  throw new Error(`It ended with ${signal ?? code}: ${text}`);
}
