// The runtimes on which the rows over sockets are measured.

import { findProgram, readOutput } from "../tests/matrix/programs.ts";
import type { Group } from "./_table.ts";

/** A runtime that is installed. */
export interface Runtime {
  readonly name: string;
  readonly version: string;
  /** Runs a script, which prints a group as JSON. */
  measure(script: URL, args: readonly string[]): Promise<Group>;
}

/** Finds Deno, and Node 24 and Bun if they are installed for the matrices. */
export async function findRuntimes(): Promise<Runtime[]> {
  const runtimes: Runtime[] = [{
    name: "Deno",
    version: Deno.version.deno,
    measure: (script, args) =>
      run(Deno.execPath(), [
        ...["run", "--no-check", "-A", "--v8-flags=--expose-gc", script.href],
        ...args,
      ]),
  }];
  const others = [["Node", "node24/bin/node", ["--expose-gc"]], [
    "Bun",
    "bun/bin/bun",
    [],
  ]] as const;
  for (const [name, path, flags] of others) {
    const file = await findProgram(path);
    if (file === null) continue;
    const version = (await readOutput(file, ["--version"])).trim();
    runtimes.push({
      name,
      version: version.replace(/^v/, ""),
      measure: (script, args) => runBundled(file, flags, script, args),
    });
  }
  return runtimes;
}

/** Bundles a script, as other runtimes know neither JSR nor `deno.json`. */
async function runBundled(
  file: string,
  flags: readonly string[],
  script: URL,
  args: readonly string[],
): Promise<Group> {
  const bundle = await Deno.makeTempFile({ suffix: ".mjs" });
  try {
    const { success, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["bundle", "--quiet", `--output=${bundle}`, script.href],
      cwd: new URL("../", import.meta.url),
    }).output();
    if (!success) throw new Error(new TextDecoder().decode(stderr));
    return await run(file, [...flags, bundle, ...args]);
  } finally {
    await Deno.remove(bundle);
  }
}

async function run(file: string, args: readonly string[]): Promise<Group> {
  const ca = new URL("../tests/certs/ca.pem", import.meta.url).pathname;
  const { success, code, stdout } = await new Deno.Command(file, {
    args: [...args],
    // For the runtime's own `fetch`, which takes authorities only from there.
    env: { DENO_CERT: ca, NODE_EXTRA_CA_CERTS: ca },
    stdin: "null",
    stderr: "inherit",
  }).output();
  if (!success) throw new Error(`${file} exited with ${code}`);
  return JSON.parse(new TextDecoder().decode(stdout));
}
