// SOCKS5 proxies: microsocks and Dante.

import { Child, freePorts } from "../../matrix/programs.ts";
import { finder, serverUser } from "../_server.ts";
import { PASSWORD, type Site, USER } from "../_site.ts";
import {
  FORBIDDEN_PORT,
  type Proxy,
  type RunningProxy,
  startAll,
} from "./_proxy.ts";

const NO_HTTP = "SOCKS has no Basic and no Digest";

/** microsocks, once for everybody and once with a login. */
export const microsocks: Proxy = {
  name: "microsocks",
  find: finder("microsocks"),
  versionArgs: null,
  start: startMicrosocks,
  cannot: { basic: NO_HTTP, digest: NO_HTTP, forbidden: "it forbids nothing" },
};

/** Dante. */
export const dante: Proxy = {
  name: "Dante",
  find: finder("danted", "sockd"),
  versionArgs: ["-v"],
  start: startDante,
  cannot: {
    basic: NO_HTTP,
    digest: NO_HTTP,
    login: "its logins are those of the system",
    wrongLogin: "its logins are those of the system",
  },
};

async function startMicrosocks(program: string): Promise<RunningProxy> {
  const [open, locked] = freePorts(2) as [number, number];
  const run = (port: number, ...login: string[]) => () =>
    Child.listening(
      program,
      ["-i", "127.0.0.1", "-p", `${port}`, ...login],
      [port],
    );
  return await startAll([
    run(open),
    run(locked, "-u", USER, "-P", PASSWORD),
  ], {
    url: `socks5://127.0.0.1:${open}`,
    locked: {
      url: `socks5://127.0.0.1:${locked}`,
      login: { username: USER, password: PASSWORD },
    },
  });
}

async function startDante(
  program: string,
  { folder }: Site,
): Promise<RunningProxy> {
  const [port] = freePorts(1) as [number];
  const path = `${folder}/danted.conf`;
  const user = serverUser();
  await Deno.writeTextFile(
    path,
    `
logoutput: stderr
internal: 127.0.0.1 port = ${port}
external: lo
clientmethod: none
socksmethod: none
${user === null ? "" : `user.privileged: root\nuser.unprivileged: ${user}`}
client pass { from: 127.0.0.1/32 to: 0.0.0.0/0 }
socks block { from: 127.0.0.1/32 to: 0.0.0.0/0 port = ${FORBIDDEN_PORT} }
socks pass { from: 127.0.0.1/32 to: 0.0.0.0/0 }
`,
  );
  const start = () => Child.listening(program, ["-f", path], [port]);
  return await startAll([start], {
    url: `socks5h://127.0.0.1:${port}`,
    locked: null,
  });
}
