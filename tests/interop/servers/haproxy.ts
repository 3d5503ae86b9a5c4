// HAProxy, in front of `Deno.serve`: what it does not answer itself it forwards.

import { freePorts } from "../../matrix/programs.ts";
import { finder, type Running, type Server, startOn } from "../_server.ts";
import { PASSWORD, REALM, type Site, USER } from "../_site.ts";
import { startDeno } from "./origins.ts";

/** HAProxy. */
export const haproxy: Server = {
  name: "HAProxy",
  find: finder("haproxy"),
  versionArgs: ["-v"],
  start,
};

async function start(program: string, site: Site): Promise<Running> {
  await using servers = new AsyncDisposableStack();
  const origin = servers.use(await startDeno(site));
  const [port, tlsPort] = freePorts(2) as [number, number];
  const folder = `${site.folder}/haproxy`;
  await Deno.mkdir(folder);
  const pem = `${folder}/server.pem`;
  const parts = [site.tls.cert, site.tls.key];
  const texts = await Promise.all(parts.map((path) => Deno.readTextFile(path)));
  await Deno.writeTextFile(pem, texts.join(""));
  await Deno.writeTextFile(
    `${folder}/haproxy.cfg`,
    configure(pem, { port, tlsPort, originPort: origin.port }),
  );
  servers.use(
    await startOn(
      program,
      ["-db", "-f", `${folder}/haproxy.cfg`],
      port,
      tlsPort,
    ),
  );
  const started = servers.move();
  const stop = () => started.disposeAsync();
  return { port, tlsPort, [Symbol.asyncDispose]: stop };
}

function configure(
  pem: string,
  ports: { port: number; tlsPort: number; originPort: number },
): string {
  return `
global
  maxconn 100
defaults
  mode http
  timeout client 20s
  timeout connect 20s
  timeout server 20s
userlist readers
  user ${USER} insecure-password "${PASSWORD}"
frontend front
  bind 127.0.0.1:${ports.port}
  bind 127.0.0.1:${ports.tlsPort} ssl crt ${pem} alpn h2,http/1.1
  http-request auth realm "${REALM}" if { path_beg /private/ } !{ http_auth(readers) }
  http-request return status 204 if { path /empty }
  http-request redirect location /moved/ code 301 if { path /moved }
  default_backend back
backend back
  server origin 127.0.0.1:${ports.originPort}
`;
}
