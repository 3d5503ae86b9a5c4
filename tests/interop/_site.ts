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

/** The authentication realm of `/private/`. */
export const REALM = "interop tests";
/** Who may read `/private/`. The password is UTF-8 on the wire (RFC 7617). */
export const USER = "reader";
export const PASSWORD = "p:äss wörd";

const LOCKED_FOLDERS = [
  "private",
  "digest",
  "digest-once",
  "digest-sha-256",
  "digest-sha-512-256",
];
const LARGE_BYTES = 100_000_000;
const LARGE_PIECE_BYTES = 1_000_000;

const encoder = new TextEncoder();

/** A temporary folder with what the servers serve and how they are set up. */
export interface Site {
  /** Where configurations, logs and sockets go. */
  readonly folder: string;
  /** What is served. */
  readonly root: string;
  /** The content of `/hello`, `/moved/`, and each locked `hello`. */
  readonly hello: Uint8Array<ArrayBuffer>;
  /** The content of `/lines`. */
  readonly lines: Uint8Array<ArrayBuffer>;
  /** The length of `/large`, and its SHA-256 in hexadecimal. */
  readonly large: { readonly length: number; readonly digest: string };
  /** Files in PEM: the authority to trust, a certificate of it, and its key. */
  readonly tls: {
    readonly ca: string;
    readonly cert: string;
    readonly key: string;
  };
}

/** Writes the site into a new temporary folder, for the caller to remove. */
export async function makeSite(): Promise<Site> {
  const folder = await Deno.makeTempDir({ prefix: "io-http-interop-" });
  // Servers that are started by root read it as another user.
  await Deno.chmod(folder, 0o755);
  const root = `${folder}/www`;
  const hello = encoder.encode("Hello from a server that we did not write\n");
  const lines = encoder.encode(makeLines(8000));
  await Deno.mkdir(`${root}/moved`, { recursive: true });
  for (const name of LOCKED_FOLDERS) {
    await Deno.mkdir(`${root}/${name}`);
    await Deno.writeFile(`${root}/${name}/hello`, hello);
  }
  await Deno.writeFile(`${root}/hello`, hello);
  await Deno.writeFile(`${root}/moved/index.html`, hello);
  await Deno.writeFile(`${root}/lines`, lines);
  const digest = await writeLarge(`${root}/large`);
  return {
    folder,
    root,
    hello,
    lines,
    large: { length: LARGE_BYTES, digest },
    tls: {
      ca: certPath("ca.pem"),
      cert: certPath("server.pem"),
      key: certPath("server.key"),
    },
  };
}

function certPath(name: string): string {
  return fileURLToPath(new URL(`../certs/${name}`, import.meta.url));
}

function makeLines(count: number): string {
  return Array.from({ length: count }, (_, i) => `This is line ${i}\n`).join(
    "",
  );
}

/** Writes pseudo-random bytes, always the same ones, and gives their digest. */
async function writeLarge(path: string): Promise<string> {
  const hash = createHash("sha256");
  const words = new Uint32Array(LARGE_PIECE_BYTES / 4);
  const piece = new Uint8Array(words.buffer);
  using file = await Deno.open(path, { write: true, create: true });
  let state = 1;
  for (let written = 0; written < LARGE_BYTES; written += piece.length) {
    for (let i = 0; i < words.length; i++) {
      // Marsaglia's xorshift: no two pieces are the same.
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      words[i] = state;
    }
    hash.update(piece);
    await writeAll(file, piece);
  }
  return hash.digest("hex");
}

async function writeAll(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  let written = 0;
  while (written < bytes.length) {
    written += await file.write(bytes.subarray(written));
  }
}

/** Writes the file of passwords that nginx and Apache httpd share. */
export async function writeHtpasswd(path: string): Promise<void> {
  const digest = createHash("sha1").update(PASSWORD).digest("base64");
  await Deno.writeTextFile(path, `${USER}:{SHA}${digest}\n`);
}

/** Writes the file of Digest passwords that several programs share. */
export async function writeHtdigest(
  path: string,
  { hash = "md5", userhash = false } = {},
): Promise<void> {
  const hex = (text: string) => createHash(hash).update(text).digest("hex");
  const fields = [USER, REALM, hex(`${USER}:${REALM}:${PASSWORD}`)];
  if (userhash) fields.push(hex(`${USER}:${REALM}`));
  await Deno.writeTextFile(path, `${fields.join(":")}\n`);
}
