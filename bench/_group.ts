// How a file of measurements is run: by itself, it prints a table; for
// `main.ts`, which runs each one in a process of its own so that none is
// measured on code that another one has warmed up, it prints JSON.

import { formatGroup, type Group, type Row } from "./_table.ts";

const JSON_FLAG = "--json";

/** Measures, and prints the results. */
export async function printGroup(
  title: string,
  measureRows: () => Promise<Row[]>,
): Promise<void> {
  const group: Group = { title, rows: await measureRows() };
  const isJson = Deno.args.includes(JSON_FLAG);
  console.log(isJson ? JSON.stringify(group) : formatGroup(group));
}

/**
 * Runs one file of measurements in its own process.
 *
 * @throws {Error} If it cannot measure.
 */
export async function runGroup(file: URL): Promise<Group> {
  return JSON.parse(await runScript(file, [JSON_FLAG])) as Group;
}

/**
 * Runs a script in its own process, and returns its output.
 *
 * @throws {Error} If it fails.
 */
export async function runScript(
  file: URL,
  args: readonly string[],
): Promise<string> {
  const { success, code, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-check", "-A", "--v8-flags=--expose-gc", file.href]
      .concat(args),
    stdin: "null",
    stderr: "inherit",
  }).output();
  if (!success) throw new Error(`${file.pathname} exited with ${code}`);
  return new TextDecoder().decode(stdout);
}
