// Bundles, made and minified as a user would make them.

const ROOT = new URL("../", import.meta.url);

/** Bundles a module, which is given as text. */
export async function bundleEntry(text: string): Promise<Uint8Array> {
  // Inside the project, so that package names resolve.
  const entry = await Deno.makeTempFile({
    dir: new URL("bench/", ROOT).pathname,
    prefix: "_entry_",
    suffix: ".ts",
  });
  try {
    await Deno.writeTextFile(entry, text);
    const { success, stdout, stderr } = await new Deno.Command(
      Deno.execPath(),
      {
        args: ["bundle", "--quiet", "--minify", entry],
        cwd: ROOT,
        stdin: "null",
      },
    ).output();
    if (!success) throw new Error(new TextDecoder().decode(stderr));
    return stdout;
  } finally {
    await Deno.remove(entry);
  }
}
