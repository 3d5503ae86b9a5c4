// lighttpd, with CGI scripts for what is no file.

import { freePorts } from "../../matrix/programs.ts";
import { finder, type Running, type Server, startOn } from "../_server.ts";
import { PASSWORD, REALM, type Site, USER, writeHtdigest } from "../_site.ts";

/** lighttpd. */
export const lighttpd: Server = {
  name: "lighttpd",
  find: finder("lighttpd"),
  versionArgs: ["-v"],
  start,
  cannotAuthenticate: { once: "its nonces are good for many requests" },
};

async function start(program: string, site: Site): Promise<Running> {
  const [port, tlsPort] = freePorts(2) as [number, number];
  const folder = `${site.folder}/lighttpd`;
  await Deno.mkdir(folder);
  await Deno.writeTextFile(`${folder}/passwords`, `${USER}:${PASSWORD}\n`);
  await writeHtdigest(`${folder}/md5`);
  await writeHtdigest(`${folder}/sha-256`, { hash: "sha256", userhash: true });
  await writeHtdigest(`${folder}/sha-512-256`, { hash: "sha512-256" });
  await writeScripts(folder, site);
  await Deno.writeTextFile(
    `${folder}/lighttpd.conf`,
    configure(site, folder, port, tlsPort),
  );
  return await startOn(
    program,
    ["-D", "-f", `${folder}/lighttpd.conf`],
    port,
    tlsPort,
  );
}

async function writeScripts(folder: string, { root }: Site): Promise<void> {
  const scripts = {
    echo: "printf 'Content-Type: text/plain\\r\\n\\r\\n'; cat",
    empty: "printf 'Status: 204\\r\\n\\r\\n'",
    lines: `printf 'Content-Type: text/plain\\r\\n\\r\\n'; cat '${root}/lines'`,
  };
  for (const [name, script] of Object.entries(scripts)) {
    await Deno.writeTextFile(`${folder}/${name}.sh`, script);
  }
}

function configure(
  { root, tls }: Site,
  folder: string,
  port: number,
  tlsPort: number,
): string {
  return `
server.bind = "127.0.0.1"
server.port = ${port}
server.document-root = "${root}"
server.upload-dirs = ("${folder}")
server.modules = (
  "mod_alias", "mod_auth", "mod_authn_file", "mod_cgi", "mod_openssl"
)
server.max-keep-alive-requests = 1000
server.stream-response-body = 1
mimetype.assign = ("" => "application/octet-stream")
index-file.names = ("index.html")
alias.url = (
  "/echo" => "${folder}/echo.sh",
  "/empty" => "${folder}/empty.sh",
  "/lines" => "${folder}/lines.sh"
)
cgi.assign = (".sh" => "/bin/sh")
auth.backend = "plain"
auth.backend.plain.userfile = "${folder}/passwords"
auth.require = (
  "/private/" => (
    "method" => "basic", "realm" => "${REALM}", "require" => "valid-user"
  )
)
${
    ["md5", "sha-256", "sha-512-256"].map((name) => lockByDigest(folder, name))
      .join("")
  }
$SERVER["socket"] == "127.0.0.1:${tlsPort}" {
  ssl.engine = "enable"
  ssl.pemfile = "${tls.cert}"
  ssl.privkey = "${tls.key}"
}
`;
}

function lockByDigest(folder: string, algorithm: string): string {
  const path = algorithm === "md5" ? "digest" : `digest-${algorithm}`;
  const userhash = algorithm === "sha-256" ? "enable" : "disable";
  return `
$HTTP["url"] =~ "^/${path}/" {
  auth.backend = "htdigest"
  auth.backend.htdigest.userfile = "${folder}/${algorithm}"
  auth.require = ("/${path}/" => (
    "method" => "digest", "algorithm" => "${algorithm.toUpperCase()}",
    "realm" => "${REALM}", "require" => "valid-user", "userhash" => "${userhash}"
  ))
}`;
}
