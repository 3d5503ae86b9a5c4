// The servers of runtimes, each with our handler in `../origins/`.

import { fileURLToPath } from "node:url";
import { Child, findInPackages } from "../../matrix/programs.ts";
import { finder, type Running, type Server } from "../_server.ts";
import { PASSWORD, REALM, type Site, USER } from "../_site.ts";

const ASKS_AT_ONCE = "it asks for the body before the handler has responded";

/** `node:http`. */
export const node: Server = {
  name: "node:http",
  find: async () =>
    await findInPackages("node24/bin/node") ?? await finder("node")(),
  versionArgs: ["--version"],
  start: (program, site) => startOrigin(program, site, "node.mjs"),
};

/** `Deno.serve`, of the Deno that runs the tests. */
export const deno: Server = {
  name: "Deno.serve",
  find: () => Promise.resolve(Deno.execPath()),
  versionArgs: ["--version"],
  start: (_, site) => startDeno(site),
  cannot: { refused: ASKS_AT_ONCE },
};

/** `Bun.serve`. */
export const bun: Server = {
  name: "Bun.serve",
  find: () => findInPackages("bun/bin/bun"),
  versionArgs: ["--version"],
  start: (program, site) => startOrigin(program, site, "bun.ts"),
  cannot: {
    refused: ASKS_AT_ONCE,
    http10KeepAlive: "it closes after each response to HTTP/1.0",
  },
  // It responds in HTTP/1.1 without `close`, to HTTP/1.0 too.
  saysClose: false,
};

/** Starts `Deno.serve`. */
export function startDeno(site: Site): Promise<Running> {
  const args = ["run", "--quiet", "--no-config"];
  const allow = ["--allow-net=127.0.0.1", "--allow-read"];
  return startOrigin(Deno.execPath(), site, "deno.ts", [...args, ...allow]);
}

async function startOrigin(
  program: string,
  site: Site,
  script: string,
  args: readonly string[] = [],
): Promise<Running> {
  const url = new URL(`../origins/${script}`, import.meta.url);
  const options = JSON.stringify({
    root: site.root,
    cert: site.tls.cert,
    key: site.tls.key,
    realm: REALM,
    user: USER,
    password: PASSWORD,
  });
  const { child, printed } = await Child.printing<
    { port: number; tlsPort: number }
  >(program, [...args, fileURLToPath(url), options]);
  const stop = () => child[Symbol.asyncDispose]();
  return { ...printed, [Symbol.asyncDispose]: stop };
}
