// What every server of these tests serves, in a temporary folder:
//
//   www/hello          a sized body, with validators and ranges
//   www/lines          the body that each server sends chunked, if it can
//   www/large          100 MB
//   www/moved/         a folder, so `/moved` is redirected to it
//   www/private/hello  behind Basic authentication
//   www/digest*/hello  behind Digest authentication

import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";
import { pattern } from "../matrix/pattern.ts";

/** The authentication realm of the locked folders. */
export const REALM = "interop tests";
/** Who may read them. The password is UTF-8 on the wire (RFC 7617). */
export const USER = "reader";
export const PASSWORD = "p:äss wörd";

const LOCKED_FOLDERS = [
  ...["private", "digest", "digest-once", "digest-sha-256"],
  "digest-sha-512-256",
];
const LARGE_BYTES = 100_000_000;

/** Values for the placeholders in a configuration. */
export type Values = Readonly<Record<string, string | number>>;

/** A temporary folder with what the servers serve and how they are set up. */
export interface Site {
  readonly folder: string;
  /** The content of `/hello`, `/moved/`, and each locked `hello`. */
  readonly hello: Uint8Array<ArrayBuffer>;
  /** The content of `/lines`. */
  readonly lines: Uint8Array<ArrayBuffer>;
  /** The digest of `/large`. */
  readonly largeDigest: string;
  /** The authority to trust, in PEM. */
  readonly caCert: string;
  /** What configurations name: files, and who may log in. */
  readonly values: Values;
}

/** Writes the site into a new temporary folder, for the caller to remove. */
export async function makeSite(): Promise<Site> {
  const folder = await Deno.makeTempDir({ prefix: "io-http-interop-" });
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
    // Comments out the line that names another user to run as.
    ifRoot: Deno.uid() === 0 ? "" : "# ",
  };
  const both = [values.cert, values.key].map((path) =>
    Deno.readTextFileSync(path)
  );
  await Deno.writeTextFile(values.pem, both.join(""));
  await writeLogins(values.logins);
  const caCert = await Deno.readTextFile(certPath("ca.pem"));
  return { folder, values, caCert, ...await writeRoot(values.root) };
}

async function writeRoot(root: string) {
  const encoder = new TextEncoder();
  const hello = encoder.encode("Hello from a server that we did not write\n");
  const line = (_: unknown, i: number) => `This is line ${i}\n`;
  const lines = encoder.encode(Array.from({ length: 8000 }, line).join(""));
  await Deno.mkdir(`${root}/moved`, { recursive: true });
  await Deno.writeFile(`${root}/hello`, hello);
  await Deno.writeFile(`${root}/moved/index.html`, hello);
  await Deno.writeFile(`${root}/lines`, lines);
  for (const name of LOCKED_FOLDERS) {
    await Deno.mkdir(`${root}/${name}`);
    await Deno.writeFile(`${root}/${name}/hello`, hello);
  }
  await Deno.writeFile(
    `${root}/large`,
    ReadableStream.from(pattern(LARGE_BYTES)),
  );
  return { hello, lines, largeDigest: await digest(pattern(LARGE_BYTES)) };
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

/** Returns the SHA-256 of a body. */
export async function digest(
  body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<string> {
  const hash = createHash("sha256");
  for await (const piece of body) hash.update(piece);
  return hash.digest("hex");
}

function certPath(name: string): string {
  return fileURLToPath(new URL(`../certs/${name}`, import.meta.url));
}
