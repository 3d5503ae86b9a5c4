// Apache httpd, on its own.

import { exists, freePorts } from "../../matrix/programs.ts";
import {
  finder,
  type Running,
  type Server,
  serverUser,
  startOn,
} from "../_server.ts";
import { REALM, type Site, writeHtdigest, writeHtpasswd } from "../_site.ts";

const MODULE_FOLDERS = [
  "/usr/lib/apache2/modules",
  "/usr/lib64/httpd/modules",
  "/usr/lib/httpd/modules",
];
const MODULES = [
  "alias",
  "auth_basic",
  "auth_digest",
  "authn_core",
  "authn_file",
  "authz_core",
  "authz_user",
  "dir",
  "include",
  "mpm_event",
  "reflector",
  "ssl",
];
const ONLY_MD5 = "its Digest knows only MD5";

/** Apache httpd. */
export const apache: Server = {
  name: "Apache httpd",
  find: finder("apache2", "httpd"),
  versionArgs: ["-v"],
  start,
  cannotAuthenticate: { sha256: ONLY_MD5, sha512: ONLY_MD5 },
};

async function start(program: string, site: Site): Promise<Running> {
  const [port, tlsPort] = freePorts(2) as [number, number];
  const folder = `${site.folder}/apache`;
  await Deno.mkdir(folder);
  await writeHtpasswd(`${folder}/htpasswd`);
  await writeHtdigest(`${folder}/htdigest`);
  await Deno.writeTextFile(
    `${folder}/httpd.conf`,
    await loadModules() + configure(site, folder, port, tlsPort),
  );
  return await startOn(
    program,
    [
      ...["-d", folder],
      ...["-f", `${folder}/httpd.conf`],
      "-DFOREGROUND",
    ],
    port,
    tlsPort,
  );
}

/** The lines that load what is not built in. */
async function loadModules(): Promise<string> {
  const lines: string[] = [];
  for (const folder of MODULE_FOLDERS) {
    for (const name of [...MODULES, "unixd"]) {
      const path = `${folder}/mod_${name}.so`;
      if (await exists(path)) lines.push(`LoadModule ${name}_module ${path}\n`);
    }
  }
  return lines.join("");
}

function configure(
  { root, tls }: Site,
  folder: string,
  port: number,
  tlsPort: number,
): string {
  const user = serverUser();
  return `
${user === null ? "" : `User ${user}\nGroup ${user}`}
ServerName localhost
PidFile ${folder}/httpd.pid
DefaultRuntimeDir ${folder}
ErrorLog /dev/stderr
LogLevel error
StartServers 1
ServerLimit 1
ThreadsPerChild 16
MaxRequestWorkers 16
MinSpareThreads 1
MaxSpareThreads 16
MaxKeepAliveRequests 0
Listen 127.0.0.1:${port}
Listen 127.0.0.1:${tlsPort}
DocumentRoot ${root}
DirectoryIndex index.html
<Directory ${root}>
  Require all granted
</Directory>
Redirect 204 /empty
# What may hold includes has no length that is known in advance.
EnableMMAP Off
<Location /lines>
  Options +Includes
  SetOutputFilter INCLUDES
</Location>
<Location /echo>
  SetHandler reflector
</Location>
<Location /private/>
  AuthType Basic
  AuthName "${REALM}"
  AuthUserFile ${folder}/htpasswd
  Require valid-user
</Location>
<Location /digest/>
  AuthType Digest
  AuthName "${REALM}"
  AuthUserFile ${folder}/htdigest
  Require valid-user
</Location>
<Location /digest-once/>
  AuthType Digest
  AuthName "${REALM}"
  AuthUserFile ${folder}/htdigest
  AuthDigestNonceLifetime 0
  Require valid-user
</Location>
<VirtualHost 127.0.0.1:${tlsPort}>
  SSLEngine on
  SSLCertificateFile ${tls.cert}
  SSLCertificateKeyFile ${tls.key}
</VirtualHost>
`;
}
