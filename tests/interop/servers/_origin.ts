// The servers that a runtime brings along, with handlers made for these tests.

import { fileURLToPath } from "node:url";
import { startOnItsPorts } from "../_child.ts";
import type { Running } from "../_server.ts";
import { PASSWORD, REALM, type Site, USER } from "../_site.ts";

/** Starts one of `../origins/` in a runtime. */
export async function startOrigin(
  site: Site,
  script: string,
  program: string,
  args: readonly string[] = [],
): Promise<Running> {
  const url = new URL(`../origins/${script}`, import.meta.url);
  const options = {
    root: site.root,
    cert: site.tls.cert,
    key: site.tls.key,
    realm: REALM,
    user: USER,
    password: PASSWORD,
  };
  return await startOnItsPorts(program, [
    ...args,
    fileURLToPath(url),
    JSON.stringify(options),
  ]);
}

/** Starts `Deno.serve` in the Deno that runs the tests. */
export async function startDeno(site: Site): Promise<Running> {
  return await startOrigin(site, "deno.ts", Deno.execPath(), [
    ...["run", "--quiet", "--no-config"],
    ...["--allow-net=127.0.0.1", "--allow-read"],
  ]);
}
