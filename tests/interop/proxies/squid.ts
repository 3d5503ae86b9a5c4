// Squid, with a port for everybody and one with a login, Basic or Digest.

import { createHash } from "node:crypto";
import { Child, exists, freePorts } from "../../matrix/programs.ts";
import { finder, serverUser } from "../_server.ts";
import { PASSWORD, REALM, type Site, USER, writeHtdigest } from "../_site.ts";
import { type Proxy, type RunningProxy, startAll } from "./_proxy.ts";

const HELPER_FOLDERS = ["/usr/lib/squid", "/usr/lib64/squid"];

/** Squid. */
export const squid: Proxy = {
  name: "Squid",
  find: finder("squid"),
  versionArgs: ["-v"],
  start,
  cannot: {},
};

async function start(
  program: string,
  site: Site,
  ports: readonly number[],
): Promise<RunningProxy> {
  const [open, locked] = freePorts(2) as [number, number];
  const folder = `${site.folder}/squid`;
  await Deno.mkdir(folder);
  // It gives up root's rights before it writes.
  await Deno.chmod(folder, 0o777);
  // Its helper for Basic knows no other hash that is quick to write.
  const hash = createHash("md5").update(PASSWORD).digest("hex");
  await Deno.writeTextFile(`${folder}/htpasswd`, `${USER}:${hash}\n`);
  await writeHtdigest(`${folder}/htdigest`);
  const path = `${folder}/squid.conf`;
  await Deno.writeTextFile(
    path,
    configure(folder, await findHelpers(), { open, locked }, ports),
  );
  const args = ["-N", "-f", path];
  return await startAll(
    [() => Child.listening(program, args, [open, locked])],
    {
      url: `http://127.0.0.1:${open}`,
      locked: {
        url: `http://127.0.0.1:${locked}`,
        login: { username: USER, password: PASSWORD },
      },
    },
  );
}

async function findHelpers(): Promise<string> {
  for (const folder of HELPER_FOLDERS) {
    if (await exists(`${folder}/digest_file_auth`)) return folder;
  }
  throw new Error("The helpers of Squid are not there");
}

function configure(
  folder: string,
  helpers: string,
  own: { open: number; locked: number },
  ports: readonly number[],
): string {
  const user = serverUser();
  return `
${user === null ? "" : `cache_effective_user ${user}`}
http_port 127.0.0.1:${own.open} name=open
http_port 127.0.0.1:${own.locked} name=locked
visible_hostname squid.test
pid_filename ${folder}/squid.pid
cache_log ${folder}/cache.log
access_log none
coredump_dir ${folder}
cache deny all
cache_mem 0 MB
pinger_enable off
shutdown_lifetime 0 seconds
auth_param digest program ${helpers}/digest_file_auth -c ${folder}/htdigest
auth_param digest realm ${REALM}
auth_param digest children 1
auth_param digest nonce_max_count 10
auth_param basic program ${helpers}/basic_ncsa_auth ${folder}/htpasswd
auth_param basic realm ${REALM}
auth_param basic children 1
acl at_open_port myportname open
acl has_login proxy_auth REQUIRED
acl to_origin port ${ports.join(" ")}
http_access deny CONNECT !to_origin
http_access allow at_open_port
http_access allow has_login
http_access deny all
`;
}
