// Runtimes that are programs: they run a script and print the report.

import type { Report } from "./_report.ts";

const RUN_MILLISECONDS = 120_000;
const MAX_LINES = 60;
// A runtime that fails may show the line of the bundle, which is all on one.
const MAX_LINE_CHARS = 400;

/**
 * Runs a program, and reads the report in what it prints. It has to end by
 * itself: one that does not has left a socket open.
 */
export async function readReport(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Report> {
  const { success, signal, stdout, stderr } = await new Deno.Command(program, {
    args: [...args],
    env: { NO_COLOR: "1", ...env },
    stdin: "null",
    signal: AbortSignal.timeout(RUN_MILLISECONDS),
  }).output();
  const decoder = new TextDecoder();
  const output = decoder.decode(stdout) + decoder.decode(stderr);
  if (!success) {
    const how = signal === null ? "failed" : `was ended by ${signal}`;
    throw new Error(`It ${how}: ${shorten(output)}`);
  }
  const line = output.split("\n").find((line) => line.startsWith('{"vectors"'));
  if (line !== undefined) return JSON.parse(line);
  throw new Error(`It gave no report: ${shorten(output)}`);
}

function shorten(output: string): string {
  return output.split("\n").slice(0, MAX_LINES)
    .map((line) => line.slice(0, MAX_LINE_CHARS)).join("\n");
}
