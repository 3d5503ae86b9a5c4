// Runs the examples as their users do: each in its own process, with no more
// permissions than the comment at the head of the file names.

import { assertEquals, assertMatch } from "@std/assert";

const ROOT = new URL("../../", import.meta.url);

// No example takes seconds; one that hangs is ended, and so fails its test.
const MAX_MILLISECONDS = 60_000;

/** How a program ended, and its output. */
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
  const flags = text.match(/^\/\/ {3}deno run (.*?)examples\//m)?.[1];
  if (flags === undefined) {
    throw new Error(`${path} does not say how it is run`);
  }
  const permissions = flags.split(" ").filter((flag) => flag !== "");
  // The authority of the test servers, for examples that trust the system's.
  const DENO_CERT = `${import.meta.dirname}/../certs/ca.pem`;
  const command = ["run", "--no-prompt", ...permissions, path, ...args];
  return await runDeno(command, { DENO_CERT, ...env });
}

/** Runs Deno, or another program, in the folder of the project. */
export async function runDeno(
  args: string[],
  env: Record<string, string> = {},
  program = Deno.execPath(),
): Promise<Run> {
  const { code, stdout, stderr } = await new Deno.Command(program, {
    args,
    env: { NO_COLOR: "1", ...env },
    cwd: ROOT,
    stdin: "null",
    signal: AbortSignal.timeout(MAX_MILLISECONDS),
  }).output();
  const [out, err] = [stdout, stderr].map((it) => new TextDecoder().decode(it));
  return { code, stdout: out!, stderr: err! };
}

/** Checks that a program ended well, and that it printed each of these. */
export function assertPrints(
  { code, stdout, stderr }: Run,
  ...prints: RegExp[]
): void {
  assertEquals([stderr, code], ["", 0]);
  for (const expected of prints) assertMatch(stdout, expected);
}

/** Reads a file with the outputs of programs. */
export function readOutputs(name: string): string {
  return Deno.readTextFileSync(new URL(name, import.meta.url));
}

/** Returns a pattern for an output, written as `outputs.txt` explains. */
export function patternOf(output: string): RegExp {
  const text = output.trimEnd().replaceAll("␍", "\r");
  const parts = text.split("…").map(RegExp.escape);
  const pattern = parts.join(".*?").replaceAll("https", "https?");
  return new RegExp(`^${pattern}\\s*$`);
}
