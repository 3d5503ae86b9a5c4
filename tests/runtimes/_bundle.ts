// Bundles for other runtimes, made as a user would make them.

const ROOT = new URL("../../", import.meta.url);

/** Bundles an entry of `entries/` into a file. */
export async function bundle(entry: string, file: string): Promise<void> {
  await bundleScript(new URL(`entries/${entry}`, import.meta.url), file);
}

/** Bundles a script into a file. */
export async function bundleScript(script: URL, file: string): Promise<void> {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["bundle", "--quiet", "--minify", `--output=${file}`, script.href],
    // Where the names of packages are looked up.
    cwd: ROOT,
    stdin: "null",
    stdout: "null",
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
}
