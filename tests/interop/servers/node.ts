// `node:http` and `node:https`, in Node.

import { findProgram, readOutput } from "../_process.ts";
import type { Installed, Server } from "../_server.ts";
import { startOrigin } from "./_origin.ts";

/** `node:http`. */
export const node: Server = {
  name: "node:http",
  find,
  cannot: {},
  persists: true,
  saysClose: true,
  validators: ["ETag", "Last-Modified"],
};

async function find(): Promise<Installed | null> {
  const program = await findProgram("node");
  if (program === null) return null;
  const version = (await readOutput(program, ["--version"])).trim();
  return {
    version: `Node ${version}`,
    start: (site) => startOrigin(site, "node.mjs", program),
  };
}
