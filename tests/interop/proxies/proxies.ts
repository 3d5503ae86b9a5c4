// Proxies that we did not write.

import { createHash } from "node:crypto";
import { Child, freePorts } from "../../matrix/programs.ts";
import { finder } from "../_server.ts";
import type { Site } from "../_site.ts";

/** Who may use the proxies. */
export const PROXY_USER = "courier";
// tinyproxy knows letters and digits only.
export const PROXY_PASSWORD = "pa55w0rd";
const REALM = "proxies";

/** A proxy that runs; disposing of it ends it. */
export interface RunningProxy extends AsyncDisposable {
  readonly port: number;
}

/** One kind of proxy. */
export interface Proxy {
  readonly name: string;
  readonly scheme: "http" | "https" | "socks5";
  /** Whether it asks for a user and a password. */
  readonly asks: boolean;
  find(): Promise<string | null>;
  readonly versionArgs: readonly string[];
  start(program: string, site: Site): Promise<RunningProxy>;
}

/** The proxies. */
export const PROXIES: readonly Proxy[] = [
  tinyproxy("tinyproxy", false),
  tinyproxy("tinyproxy, Basic", true),
  squid("squid, Basic", "basic"),
  squid("squid, Digest", "digest"),
  {
    name: "HAProxy, TLS",
    scheme: "https",
    asks: false,
    find: async () =>
      await finder("tinyproxy")() === null ? null : await finder("haproxy")(),
    versionArgs: ["-v"],
    start: startHaproxy,
  },
  microsocks("microsocks", false),
  microsocks("microsocks, password", true),
  {
    name: "dante",
    scheme: "socks5",
    asks: false,
    find: finder("danted", "sockd"),
    versionArgs: ["-v"],
    start: startDante,
  },
];

function tinyproxy(name: string, asks: boolean): Proxy {
  return {
    name,
    scheme: "http",
    asks,
    find: finder("tinyproxy"),
    versionArgs: ["-v"],
    start: (program, site) => startTinyproxy(program, site, asks),
  };
}

async function startTinyproxy(
  program: string,
  { folder }: Site,
  asks: boolean,
): Promise<RunningProxy> {
  const [port] = freePorts(1) as [number];
  const file = `${folder}/tinyproxy-${port}.conf`;
  await Deno.writeTextFile(
    file,
    `
Port ${port}
Listen 127.0.0.1
Timeout 60
MaxClients 100
LogLevel Error
${asks ? `BasicAuth ${PROXY_USER} ${PROXY_PASSWORD}` : ""}
`,
  );
  return await startOnPort(program, ["-d", "-c", file], port);
}

function squid(name: string, scheme: "basic" | "digest"): Proxy {
  return {
    name,
    scheme: "http",
    asks: true,
    find: finder("squid"),
    versionArgs: ["-v"],
    start: (program, site) => startSquid(program, site, scheme),
  };
}

async function startSquid(
  program: string,
  site: Site,
  scheme: "basic" | "digest",
): Promise<RunningProxy> {
  const [port] = freePorts(1) as [number];
  const base = `${site.folder}/squid-${scheme}`;
  const md5 = (text: string) => createHash("md5").update(text).digest("hex");
  const password = scheme === "basic"
    ? md5(PROXY_PASSWORD)
    : `${REALM}:${md5(`${PROXY_USER}:${REALM}:${PROXY_PASSWORD}`)}`;
  await Deno.writeTextFile(`${base}.passwords`, `${PROXY_USER}:${password}\n`);
  const helper = scheme === "basic"
    ? "/usr/lib/squid/basic_ncsa_auth"
    : "/usr/lib/squid/digest_file_auth -c";
  await Deno.writeTextFile(
    `${base}.conf`,
    `
http_port 127.0.0.1:${port}
visible_hostname localhost
pid_filename none
cache deny all
access_log none
cache_log /dev/null
cache_store_log none
netdb_filename none
coredump_dir /
shutdown_lifetime 0
auth_param ${scheme} program ${helper} ${base}.passwords
auth_param ${scheme} children 1
auth_param ${scheme} realm ${REALM}
acl known proxy_auth REQUIRED
http_access allow known
http_access deny all
`,
  );
  return await startOnPort(program, ["-N", "-f", `${base}.conf`], port);
}

/** HAProxy speaks TLS in front of tinyproxy. */
async function startHaproxy(
  program: string,
  site: Site,
): Promise<RunningProxy> {
  await using proxies = new AsyncDisposableStack();
  const inner = await finder("tinyproxy")();
  const plain = proxies.use(await startTinyproxy(inner!, site, false));
  const [port] = freePorts(1) as [number];
  const base = `${site.folder}/haproxy-proxy`;
  const { cert, key } = site.tls;
  await Deno.writeTextFile(
    `${base}.pem`,
    await Deno.readTextFile(cert) + await Deno.readTextFile(key),
  );
  await Deno.writeTextFile(
    `${base}.cfg`,
    `
defaults
  mode tcp
  timeout client 20s
  timeout connect 20s
  timeout server 20s
frontend front
  bind 127.0.0.1:${port} ssl crt ${base}.pem
  default_backend back
backend back
  server plain 127.0.0.1:${plain.port}
`,
  );
  proxies.use(await startOnPort(program, ["-db", "-f", `${base}.cfg`], port));
  const started = proxies.move();
  return { port, [Symbol.asyncDispose]: () => started.disposeAsync() };
}

function microsocks(name: string, asks: boolean): Proxy {
  return {
    name,
    scheme: "socks5",
    asks,
    find: finder("microsocks"),
    versionArgs: ["-h"],
    start: (program) => {
      const [port] = freePorts(1) as [number];
      const login = asks ? ["-u", PROXY_USER, "-P", PROXY_PASSWORD] : [];
      const args = ["-i", "127.0.0.1", "-p", `${port}`, ...login];
      return startOnPort(program, args, port);
    },
  };
}

async function startDante(
  program: string,
  { folder }: Site,
): Promise<RunningProxy> {
  const [port] = freePorts(1) as [number];
  const file = `${folder}/dante-${port}.conf`;
  await Deno.writeTextFile(
    file,
    `
logoutput: stderr
internal: 127.0.0.1 port = ${port}
external: lo
clientmethod: none
socksmethod: none
user.unprivileged: nobody
client pass { from: 127.0.0.0/8 to: 0.0.0.0/0 }
socks pass { from: 127.0.0.0/8 to: 0.0.0.0/0 }
`,
  );
  return await startOnPort(program, ["-f", file], port);
}

async function startOnPort(
  program: string,
  args: readonly string[],
  port: number,
): Promise<RunningProxy> {
  const child = await Child.listening(program, args, [port]);
  return { port, [Symbol.asyncDispose]: () => child[Symbol.asyncDispose]() };
}
