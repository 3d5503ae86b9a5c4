// The file of passwords that nginx and Apache httpd share.

import { createHash } from "node:crypto";

/** Writes a file that holds one user. */
export async function writeHtpasswd(
  path: string,
  user: string,
  password: string,
): Promise<void> {
  const digest = createHash("sha1").update(password).digest("base64");
  await Deno.writeTextFile(path, `${user}:{SHA}${digest}\n`);
}
