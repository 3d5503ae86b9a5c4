// Radicale, a CardDAV server, with one address book for {@linkcode USER}.

import { freePorts } from "../../matrix/programs.ts";
import { finder, type Running, startOn } from "../_server.ts";
import { PASSWORD, type Site, USER } from "../_site.ts";

/** The name of the address book. */
export const ADDRESS_BOOK = "Friends";

/** Finds Radicale. */
export const findRadicale = finder("radicale");

/** Starts Radicale. */
export async function startRadicale(
  program: string,
  site: Site,
): Promise<Running> {
  const [port] = freePorts(1) as [number];
  const folder = `${site.folder}/radicale`;
  const book = `${folder}/collections/collection-root/${USER}/friends`;
  await Deno.mkdir(book, { recursive: true });
  await Deno.writeTextFile(
    `${book}/.Radicale.props`,
    JSON.stringify({ tag: "VADDRESSBOOK", "D:displayname": ADDRESS_BOOK }),
  );
  await Deno.writeTextFile(`${folder}/htpasswd`, `${USER}:${PASSWORD}\n`);
  await Deno.writeTextFile(
    `${folder}/config`,
    `[server]
hosts = 127.0.0.1:${port}
[auth]
type = htpasswd
htpasswd_filename = ${folder}/htpasswd
htpasswd_encryption = plain
delay = 0
[storage]
filesystem_folder = ${folder}/collections
[logging]
level = error
`,
  );
  return await startOn(program, ["--config", `${folder}/config`], port);
}
