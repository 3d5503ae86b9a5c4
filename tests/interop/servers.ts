// The servers, and the cases that each rules out by design.

import { fileURLToPath } from "node:url";
import type { Habits } from "../exchanges/_session.ts";
import { USER } from "../exchanges/_site.ts";
import { Child, findPath, freePorts } from "../matrix/programs.ts";
import {
  type Ports,
  type Program,
  type Reasons,
  type Setup,
  startWith,
} from "./_program.ts";

/** One kind of server. */
export interface Server extends Program {
  /** `cannot` for credentials; a server without this takes no part there. */
  readonly cannotAuthenticate?: Reasons;
  readonly habits?: Habits;
}

const FILES_ALONE = "its command line serves files alone";
const NO_BODIES = "it answers GET and HEAD alone";
const CLOSES = "over HTTP/1.0, it closes after each response";
const NO_TLS = "its command line has TLS from Python 3.14 on";
const ASKS_AT_ONCE = "it asks for the body before the handler has responded";
const ONLY_MD5 = "its Digest knows only MD5";

/** The servers, in the order of the table. */
export const SERVERS: readonly Server[] = [
  {
    name: "nginx",
    programs: ["nginx"],
    versionArgs: ["-v"],
    start: startWith(
      "nginx.conf",
      (config, folder) => ["-p", folder, "-c", config, "-e", "stderr"],
    ),
  },
  {
    name: "Apache httpd",
    programs: ["apache2", "httpd"],
    versionArgs: ["-v"],
    start: startWith(
      "httpd.conf",
      (config, folder) => ["-d", folder, "-f", config, "-DFOREGROUND"],
      loadModules,
    ),
    cannotAuthenticate: {
      "Digest, SHA-256, userhash": ONLY_MD5,
      "Digest, SHA-512-256": ONLY_MD5,
    },
  },
  {
    name: "lighttpd",
    programs: ["lighttpd"],
    versionArgs: ["-v"],
    start: startWith("lighttpd.conf", (config) => ["-D", "-f", config]),
    cannotAuthenticate: {
      "Digest, a nonce for each request":
        "its nonces are good for many requests",
    },
  },
  {
    name: "HAProxy",
    programs: ["haproxy"],
    versionArgs: ["-v"],
    async start(program, setup) {
      const { port: originPort } = await startDeno(setup);
      const start = startWith("haproxy.cfg", (config) => ["-db", "-f", config]);
      return await start(program, { ...setup, values: { originPort } });
    },
  },
  {
    name: "http.server",
    programs: ["python3"],
    async start(program, { site, use }) {
      const [port] = freePorts(1) as [number];
      const where = ["--bind", "127.0.0.1", "--directory", site.values.root!];
      const args = ["-m", "http.server", ...where, port].map(String);
      use(await Child.listening(program, args, [port]));
      return { port, otherPort: 0 };
    },
    cannot: {
      "Chunked body": "HTTP/1.0 has no transfer codings",
      "204 without a body": FILES_ALONE,
      "206 of a range": "it knows no ranges",
      "Basic: 401, then 200": FILES_ALONE,
      "POST": NO_BODIES,
      "POST, chunked": NO_BODIES,
      "POST, 100-continue": NO_BODIES,
      "POST, refused before the body": NO_BODIES,
      "POST, response before its end": NO_BODIES,
      "100 requests on a connection": CLOSES,
      "Connection: close": CLOSES,
      "HTTP/1.0, keep-alive": CLOSES,
      "TLS": NO_TLS,
      "TLS, a body up to the close": NO_TLS,
    },
    habits: {
      persists: false,
      saysClose: false,
      validators: ["Last-Modified"],
    },
  },
  {
    name: "node:http",
    programs: ["node24/bin/node", "node"],
    start: (program, setup) => startOrigin(program, setup, "node.mjs"),
  },
  {
    name: "Deno.serve",
    programs: [Deno.execPath()],
    start: (_, setup) => startDeno(setup),
    cannot: { "POST, refused before the body": ASKS_AT_ONCE },
  },
  {
    name: "Bun.serve",
    programs: ["bun/bin/bun"],
    start: (program, setup) => startOrigin(program, setup, "serve.ts"),
    cannot: {
      "POST, refused before the body": ASKS_AT_ONCE,
      "HTTP/1.0, keep-alive": "it closes after each response to HTTP/1.0",
    },
    // It responds in HTTP/1.1 without `close`, to HTTP/1.0 too.
    habits: { saysClose: false },
  },
];

/** A CardDAV server, which closes the connection after each response. */
export const RADICALE: Program = {
  name: "Radicale",
  programs: ["radicale"],
  start: startWith("radicale.ini", (config, folder) => {
    const book = `${folder}/collections/collection-root/${USER}/friends`;
    const props = { "tag": "VADDRESSBOOK", "D:displayname": "Friends" };
    Deno.mkdirSync(book, { recursive: true });
    Deno.writeTextFileSync(`${book}/.Radicale.props`, JSON.stringify(props));
    return ["--config", config];
  }),
};

/** Returns the lines that load the modules of Apache httpd that are not built in. */
async function loadModules() {
  const folders = ["apache2/modules", "httpd/modules"];
  const names = [
    ...["alias", "auth_basic", "auth_digest", "authn_core", "authn_file"],
    ...["authz_core", "authz_user", "dir", "include", "mpm_event"],
    ...["reflector", "ssl", "unixd"],
  ];
  const lines = names.map(async (name) => {
    const paths = folders.flatMap((folder) => [
      `/usr/lib/${folder}/mod_${name}.so`,
      `/usr/lib64/${folder}/mod_${name}.so`,
    ]);
    const path = await findPath(paths);
    return path === null ? "" : `LoadModule ${name}_module ${path}\n`;
  });
  return { modules: (await Promise.all(lines)).join("") };
}

/** Starts `Deno.serve`. */
export function startDeno(setup: Setup): Promise<Ports> {
  const args = ["run", "--quiet", "--no-config"];
  const allow = ["--allow-net=127.0.0.1", "--allow-read"];
  return startOrigin(Deno.execPath(), setup, "serve.ts", [...args, ...allow]);
}

/** Starts the server of a runtime, with our handler in `../exchanges/`. */
export async function startOrigin(
  program: string,
  { site, use }: Setup,
  script: string,
  args: readonly string[] = [],
): Promise<Ports> {
  const path = fileURLToPath(
    new URL(`../exchanges/origins/${script}`, import.meta.url),
  );
  const all = [...args, path, JSON.stringify(site.values)];
  const { child, printed } = await Child.printing<Ports>(program, all);
  use(child);
  return printed;
}
