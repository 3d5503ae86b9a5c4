// `Bun.serve`, in the Bun that `install.sh` takes from npm. Its package for this
// platform has the program itself: no script has to run to install it.

import { fileURLToPath } from "node:url";
import { exists, findProgram, readOutput } from "../_process.ts";
import type { Installed, Server } from "../_server.ts";
import { startOrigin } from "./_origin.ts";

const PACKAGES = fileURLToPath(
  new URL("../node_modules/@oven", import.meta.url),
);

/** `Bun.serve`. */
export const bun: Server = {
  name: "Bun.serve",
  find,
  cannot: {
    refused: "it asks for the body before the handler has answered",
    http10KeepAlive: "it closes after each response to HTTP/1.0",
  },
  persists: true,
  // Its answers are of HTTP/1.1, to HTTP/1.0 as well, and name no `close`.
  saysClose: false,
  validators: ["ETag", "Last-Modified"],
};

async function find(): Promise<Installed | null> {
  const program = await findInPackages() ?? await findProgram("bun");
  if (program === null) return null;
  const version = (await readOutput(program, ["--version"])).trim();
  return {
    version: `Bun ${version}`,
    start: (site) => startOrigin(site, "bun.ts", program),
  };
}

async function findInPackages(): Promise<string | null> {
  if (!await exists(PACKAGES)) return null;
  for await (const { name } of Deno.readDir(PACKAGES)) {
    const program = `${PACKAGES}/${name}/bin/bun`;
    if (await exists(program)) return program;
  }
  return null;
}
