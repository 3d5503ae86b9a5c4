// Runs the examples as their users do: in a process of its own, with no more
// permissions than the comment at the head of the file names.

const ROOT = new URL("../../", import.meta.url);

// No example takes seconds; one that hangs is ended, and so fails its test.
const MAX_MILLISECONDS = 60_000;

/** How a program ended, and what it printed. */
export interface Run {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `examples/NAME.ts` as the comment at its head says. */
export async function runExample(
  name: string,
  args: string[] = [],
  env: Record<string, string> = {},
): Promise<Run> {
  const path = `examples/${name}.ts`;
  const text = await Deno.readTextFile(new URL(path, ROOT));
  const usage = text.split("\n").find((line) => line.includes(path));
  const [, flags] = usage?.match(/^\/\/ {3}deno run (.*?)examples\//) ?? [];
  if (flags === undefined) {
    throw new Error(`${path} does not say how it is run`);
  }
  const permissions = flags.split(" ").filter((flag) => flag !== "");
  return await runDeno(["run", "--no-prompt", ...permissions, path, ...args], {
    // The authority of the test servers, for examples that trust the system's.
    DENO_CERT: `${import.meta.dirname}/../certs/ca.pem`,
    ...env,
  });
}

/** Runs Deno in the folder of the project. */
export async function runDeno(
  args: string[],
  env: Record<string, string> = {},
): Promise<Run> {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), MAX_MILLISECONDS);
  const command = new Deno.Command(Deno.execPath(), {
    args,
    env: { NO_COLOR: "1", ...env },
    cwd: ROOT,
    stdin: "null",
    signal: controller.signal,
  });
  const { code, stdout, stderr } = await command.output();
  clearTimeout(timer);
  const decoder = new TextDecoder();
  return {
    code,
    stdout: decoder.decode(stdout),
    stderr: decoder.decode(stderr),
  };
}

/** Makes a folder, and removes it with all that is in it. */
export async function makeFolder(): Promise<
  AsyncDisposable & { readonly path: string }
> {
  const path = await Deno.makeTempDir();
  return {
    path,
    [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
  };
}
