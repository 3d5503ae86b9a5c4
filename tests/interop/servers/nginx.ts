// nginx, on its own: no origin behind it.

import { freePorts } from "../../matrix/programs.ts";
import {
  finder,
  type Running,
  type Server,
  serverUser,
  startOn,
} from "../_server.ts";
import { REALM, type Site, writeHtpasswd } from "../_site.ts";

/** nginx. */
export const nginx: Server = {
  name: "nginx",
  find: finder("nginx"),
  versionArgs: ["-v"],
  start,
};

async function start(program: string, site: Site): Promise<Running> {
  const [port, tlsPort] = freePorts(2) as [number, number];
  const folder = `${site.folder}/nginx`;
  await Deno.mkdir(folder);
  await writeHtpasswd(`${folder}/htpasswd`);
  await Deno.writeTextFile(
    `${folder}/nginx.conf`,
    configure(site, folder, port, tlsPort),
  );
  return await startOn(
    program,
    [
      ...["-p", folder],
      ...["-c", `${folder}/nginx.conf`],
      ...["-e", "stderr"],
    ],
    port,
    tlsPort,
  );
}

function configure(
  { root, tls }: Site,
  folder: string,
  port: number,
  tlsPort: number,
): string {
  const user = serverUser();
  return `
${user === null ? "" : `user ${user};`}
daemon off;
worker_processes 1;
pid ${folder}/nginx.pid;
error_log stderr error;
events {}
http {
  access_log off;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  client_max_body_size 100m;
  client_body_buffer_size 1m;
  sendfile on;
  server {
    listen 127.0.0.1:${port};
    listen 127.0.0.1:${tlsPort} ssl;
    ssl_certificate ${tls.cert};
    ssl_certificate_key ${tls.key};
    root ${root};
    location = /empty { return 204; }
    location /private/ {
      auth_basic "${REALM}";
      auth_basic_user_file ${folder}/htpasswd;
    }
    # What may hold includes has no length that is known in advance.
    location = /lines { ssi on; ssi_types *; }
    # There is no such file, so the error page answers; the mirror has read the
    # body by then.
    location = /echo { mirror /mirror; error_page 404 =200 @echo; }
    location = /mirror { internal; return 204; }
    location @echo { return 200 $request_body; }
  }
}
`;
}
