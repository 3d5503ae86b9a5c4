// Deno, Node and Bun: `PROGRAM bundle.js PORT`.

import { findProgram, readOutput } from "../../interop/_process.ts";
import { bundle } from "../_bundle.ts";
import { readReport } from "../_child.ts";
import type { Runtime } from "../_runtime.ts";
import { findInPackages } from "./_packages.ts";

interface Program {
  readonly name: string;
  find(): Promise<string | null>;
  /** What it prints for `--version`. */
  readonly version: RegExp;
  readonly entry: string;
  /** What it takes before the script. */
  readonly args: readonly string[];
}

/** Deno, the one that runs this, with no permission but for the server. */
export const deno = makeRuntime({
  name: "Deno",
  find: () => Promise.resolve(Deno.execPath()),
  version: /^deno ([\d.]+)/,
  entry: "deno.ts",
  args: ["run", "--no-config", "--no-prompt", "--allow-net=127.0.0.1"],
});

/** Node. */
export const node = makeRuntime({
  name: "Node",
  find: () => findProgram("node"),
  // Where there is no Node, Deno puts itself into PATH under that name.
  version: /^v([\d.]+)/,
  entry: "node.ts",
  args: [],
});

/** Bun. */
export const bun = makeRuntime({
  name: "Bun",
  find: async () =>
    await findInPackages("@oven", "bun") ?? await findProgram("bun"),
  version: /^([\d.]+)/,
  entry: "node.ts",
  args: [],
});

function makeRuntime(its: Program): Runtime {
  const { name, entry, args } = its;
  return {
    name,
    async find() {
      const program = await its.find();
      if (program === null) return null;
      const printed = await readOutput(program, ["--version"]);
      const version = printed.match(its.version)?.[1];
      if (version === undefined) return null;
      return {
        version,
        async run({ folder, port }) {
          // Node takes a file of this name for a module.
          const file = `${folder}/${name}.mjs`;
          await bundle(entry, file);
          return await readReport(program, [...args, file, String(port)]);
        },
      };
    },
  };
}
