// The setup of the servers of these tests, in a temporary folder: the site, users, and
// certificates.

import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";
import {
  HELLO,
  largePieces,
  LINES,
  PASSWORD,
  REALM,
  USER,
} from "../exchanges/_site.ts";

const LOCKED_FOLDERS = [
  ...["private", "digest", "digest-once", "digest-sha-256"],
  "digest-sha-512-256",
];

/** Values for the placeholders in a configuration. */
export type Values = Readonly<Record<string, string | number>>;

/** A temporary folder with the site and the configurations of the servers. */
export interface Site {
  readonly folder: string;
  /** The authority to trust, in PEM. */
  readonly caCert: string;
  /** The values in configurations: files, users, and passwords. */
  readonly values: Values;
}

/** Writes the site into a new temporary folder, for the caller to remove. */
export async function makeSite(): Promise<Site> {
  const folder = await Deno.makeTempDir({ prefix: "io-http-" });
  // Servers that are started by root read it as another user.
  await Deno.chmod(folder, 0o755);
  const values = {
    root: `${folder}/www`,
    logins: `${folder}/logins`,
    cert: certPath("server.pem"),
    key: certPath("server.key"),
    pem: `${folder}/server.pem`,
    realm: REALM,
    user: USER,
    password: PASSWORD,
  };
  const both = [values.cert, values.key].map((path) =>
    Deno.readTextFileSync(path)
  );
  await Deno.writeTextFile(values.pem, both.join(""));
  await writeLogins(values.logins);
  const caCert = await Deno.readTextFile(certPath("ca.pem"));
  await writeRoot(values.root);
  return { folder, values, caCert };
}

async function writeRoot(root: string): Promise<void> {
  await Deno.mkdir(`${root}/moved`, { recursive: true });
  await Deno.writeFile(`${root}/hello`, HELLO);
  await Deno.writeFile(`${root}/moved/index.html`, HELLO);
  await Deno.writeFile(`${root}/lines`, LINES);
  await Deno.writeFile(`${root}/large`, ReadableStream.from(largePieces()));
  for (const name of LOCKED_FOLDERS) {
    await Deno.mkdir(`${root}/${name}`);
    await Deno.writeFile(`${root}/${name}/hello`, HELLO);
  }
}

/** Writes the login into a file of each kind that some program reads. */
async function writeLogins(folder: string): Promise<void> {
  const hash = (name: string, text: string) =>
    createHash(name).update(text).digest();
  const digestFile = (name: string, ...more: string[]) => {
    const own = hash(name, `${USER}:${REALM}:${PASSWORD}`).toString("hex");
    return [USER, REALM, own, ...more].join(":");
  };
  const userhash = hash("sha256", `${USER}:${REALM}`).toString("hex");
  const files = {
    "plain": `${USER}:${PASSWORD}`,
    "md5": `${USER}:${hash("md5", PASSWORD).toString("hex")}`,
    "sha-1": `${USER}:{SHA}${hash("sha1", PASSWORD).toString("base64")}`,
    "digest-md5": digestFile("md5"),
    "digest-sha-256": digestFile("sha256", userhash),
    "digest-sha-512-256": digestFile("sha512-256"),
  };
  await Deno.mkdir(folder);
  for (const [name, text] of Object.entries(files)) {
    await Deno.writeTextFile(`${folder}/${name}`, `${text}\n`);
  }
}

function certPath(name: string): string {
  return fileURLToPath(new URL(`../certs/${name}`, import.meta.url));
}
