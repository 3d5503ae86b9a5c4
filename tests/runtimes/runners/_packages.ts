// Programs that `install.sh` takes from npm. The packages for one platform have
// the program itself: no script has to run to install it.

import { fileURLToPath } from "node:url";
import { exists } from "../../interop/_process.ts";

/** Finds a program in the packages of a scope, `null` where it is in none. */
export async function findInPackages(
  scope: string,
  name: string,
): Promise<string | null> {
  const url = new URL(`../node_modules/${scope}`, import.meta.url);
  const folder = fileURLToPath(url);
  if (!await exists(folder)) return null;
  for await (const entry of Deno.readDir(folder)) {
    const program = `${folder}/${entry.name}/bin/${name}`;
    if (await exists(program)) return program;
  }
  return null;
}
