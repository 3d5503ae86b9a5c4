// Tinyproxy, once for everybody and once with a login.

import { Child, freePorts } from "../../matrix/programs.ts";
import { finder, serverUser } from "../_server.ts";
import { type Site, USER } from "../_site.ts";
import { type Proxy, type RunningProxy, startAll } from "./_proxy.ts";

// Its configuration has no way to quote a space.
const LOGIN = { username: USER, password: "open-sesame" };

/** Why a wrong login cannot be told from an origin's 401, except with CONNECT. */
export const REFUSES_AS_ORIGIN = "it sends 401 as an origin does, and not 407";

/** Tinyproxy. */
export const tinyproxy: Proxy = {
  name: "Tinyproxy",
  find: finder("tinyproxy"),
  versionArgs: ["-v"],
  start: startTinyproxy,
  cannot: {
    reuse: "it closes after each response",
    digest: "it knows only Basic",
    wrongLogin: REFUSES_AS_ORIGIN,
  },
};

/** Starts it; HAProxy needs it as well. */
export async function startTinyproxy(
  program: string,
  { folder }: Site,
  ports: readonly number[],
): Promise<RunningProxy> {
  const [open, locked] = freePorts(2) as [number, number];
  const { username, password } = LOGIN;
  const run = async (port: number, login: string) => {
    const path = `${folder}/tinyproxy-${port}.conf`;
    await Deno.writeTextFile(path, configure(port, login, ports));
    return await Child.listening(program, ["-d", "-c", path], [port]);
  };
  return await startAll([
    () => run(open, ""),
    () => run(locked, `BasicAuth ${username} ${password}`),
  ], {
    url: `http://127.0.0.1:${open}`,
    locked: { url: `http://127.0.0.1:${locked}`, login: LOGIN },
  });
}

function configure(
  port: number,
  login: string,
  ports: readonly number[],
): string {
  const user = serverUser();
  return `
${user === null ? "" : `User ${user}\nGroup ${user}`}
Listen 127.0.0.1
Port ${port}
Timeout 20
MaxClients 100
Allow 127.0.0.1
LogLevel Critical
${ports.map((port) => `ConnectPort ${port}`).join("\n")}
${login}
`;
}
