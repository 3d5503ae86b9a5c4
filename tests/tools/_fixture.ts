// A repository of a few lines, for the tests of the checks.

import type { Config, Problem, SourceFile } from "../../tools/check/source.ts";

/** The configuration of the repositories in the tests. */
export const CONFIG: Config = {
  name: "@scope/name",
  exports: { ".": "./mod.ts", "./low": "./rfc9110/mod.ts" },
  links: ["./tools/links/std_assert"],
  publish: { exclude: ["tests/", "bench/", "examples/", "tools/"] },
};

/** Makes files from a record of paths and texts. */
export function files(texts: Record<string, string>): SourceFile[] {
  return Object.entries(texts).map(([path, text]) => ({ path, text }));
}

/** Problems as the command prints them. */
export function lines(problems: readonly Problem[]): string[] {
  return problems.map(({ path, line, message }) =>
    `${path}:${line} ${message}`
  );
}
