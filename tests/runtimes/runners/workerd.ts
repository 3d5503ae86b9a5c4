// workerd, the runtime of Cloudflare's Workers: `workerd test config.capnp`.

import { findProgram, readOutput } from "../../interop/_process.ts";
import { bundle } from "../_bundle.ts";
import { readReport } from "../_child.ts";
import type { Runtime } from "../_runtime.ts";
import { findInPackages } from "./_packages.ts";

// Workers reach addresses that are no public ones only where they are allowed to.
const CONFIG = `using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "suite", worker = (
      modules = [(name = "workerd.mjs", esModule = embed "workerd.mjs")],
      compatibilityDate = "2026-11-01",
      bindings = [(name = "PORT", fromEnvironment = "PORT")],
    )),
    (name = "internet", network = (allow = ["local"])),
  ],
);
`;

/** workerd. */
export const workerd: Runtime = {
  name: "workerd",
  async find() {
    const program = await findInPackages("@cloudflare", "workerd") ??
      await findProgram("workerd");
    if (program === null) return null;
    const printed = await readOutput(program, ["--version"]);
    return {
      version: printed.replace("workerd", "").trim(),
      async run({ folder, port }) {
        await bundle("workerd.ts", `${folder}/workerd.mjs`);
        const config = `${folder}/workerd.capnp`;
        await Deno.writeTextFile(config, CONFIG);
        return await readReport(program, ["test", config], {
          PORT: String(port),
        });
      },
    };
  },
};
