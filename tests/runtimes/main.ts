// Runs the wire vectors and the cases of the client and the agent in several
// runtimes; `../matrix/matrix.ts` describes the arguments.
//
//   deno task runtimes
//   deno task runtimes node24 bun
//   deno task runtimes --only=Faults     the rows with this in their title

import { runMatrices } from "../matrix/matrix.ts";
import { Child, findInPackages, findProgram } from "../matrix/programs.ts";
import { fileURLToPath } from "node:url";
import type { Site } from "./cases/_case.ts";
import { makeColumns } from "./columns.ts";
import { ROWS } from "./rows.ts";

const folder = await Deno.makeTempDir({ prefix: "io-http-runtimes-" });
let isOk = false;
try {
  const node = await findInPackages("node24/bin/node") ??
    await findProgram("node");
  if (node === null) throw new Error("The origin needs Node");
  const script = fileURLToPath(new URL("./origin.mjs", import.meta.url));
  const args = [script, folder];
  const flag = Deno.args.find((arg) => arg.startsWith("--only="));
  const only = flag?.slice("--only=".length) ?? "";
  const { child, printed } = await Child.printing<Site>(node, args);
  await using _ = child;
  isOk = await runMatrices(Deno.args, [{
    title: "Runtimes",
    rows: ROWS.filter((row) => row.includes(only)),
    columns: makeColumns({ folder, site: { ...printed, only } }),
  }]);
} finally {
  await Deno.remove(folder, { recursive: true });
}
Deno.exit(isOk ? 0 : 1);
