// HAProxy with TLS, in front of Tinyproxy: a proxy whose URL says https.

import { Child, findProgram, freePorts } from "../../matrix/programs.ts";
import { finder } from "../_server.ts";
import type { Site } from "../_site.ts";
import { type Proxy, type RunningProxy, startAll } from "./_proxy.ts";
import { REFUSES_AS_ORIGIN, startTinyproxy } from "./tinyproxy.ts";

/** HAProxy. */
export const haproxy: Proxy = {
  name: "HAProxy, TLS",
  async find() {
    const tinyproxy = await findProgram("tinyproxy");
    return tinyproxy && await finder("haproxy")();
  },
  versionArgs: ["-v"],
  start,
  cannot: {
    digest: "it passes on the challenges of Tinyproxy",
    wrongLogin: `Tinyproxy is behind it: ${REFUSES_AS_ORIGIN}`,
  },
};

async function start(
  program: string,
  site: Site,
  ports: readonly number[],
): Promise<RunningProxy> {
  await using started = new AsyncDisposableStack();
  const behind = started.use(
    await startTinyproxy((await findProgram("tinyproxy"))!, site, ports),
  );
  const [open, locked] = freePorts(2) as [number, number];
  const folder = `${site.folder}/haproxy-proxy`;
  await Deno.mkdir(folder);
  const parts = [site.tls.cert, site.tls.key];
  const texts = await Promise.all(parts.map((path) => Deno.readTextFile(path)));
  await Deno.writeTextFile(`${folder}/server.pem`, texts.join(""));
  const pem = `${folder}/server.pem`;
  await Deno.writeTextFile(
    `${folder}/haproxy.cfg`,
    HEAD + passOn("open", open, pem, behind.url) +
      passOn("locked", locked, pem, behind.locked!.url),
  );
  const args = ["-db", "-f", `${folder}/haproxy.cfg`];
  const running = {
    url: `https://localhost:${open}`,
    locked: {
      url: `https://localhost:${locked}`,
      login: behind.locked!.login,
    },
  };
  const front = await startAll([
    () => Child.listening(program, args, [open, locked]),
  ], running);
  started.use(front);
  const all = started.move();
  return { ...running, [Symbol.asyncDispose]: () => all.disposeAsync() };
}

const HEAD = `
global
  maxconn 200
defaults
  mode http
  timeout client 20s
  timeout connect 20s
  timeout server 20s
  timeout tunnel 20s
`;

function passOn(name: string, port: number, pem: string, url: string): string {
  return `
frontend ${name}
  bind 127.0.0.1:${port} ssl crt ${pem} alpn http/1.1
  default_backend ${name}
backend ${name}
  server tinyproxy ${new URL(url).host}
`;
}
