// Runs the tests of the pure files, and fails if they reach too little of them.
// Prints a table of folders, and every line and branch that no test reaches;
// each of those has a comment that says why.
//
//   deno task coverage
//
// `deno coverage` has thresholds of its own, but counts the tests' helpers and
// ignores a file that no test loads.

import ts from "typescript";
import { readFiles } from "./check.ts";
import { isPure } from "./check/purity.ts";
import type { Config, SourceFile } from "./check/source.ts";
import { isPublished } from "./check/source.ts";
import {
  type FileCoverage,
  formatFolders,
  listGaps,
  listShortfalls,
  parseLcov,
} from "./_lcov.ts";

const THRESHOLDS = { lines: 99, branches: 97 };
// The tests of drivers reach pure files too, and would hide gaps in their own.
const OTHER_TESTS =
  /^tests\/(?:client|examples|hostile|interop|matrix|runtimes|soak|tools)\/|docs_test/;

/** Returns whether a file holds tests of pure files, given all of those. */
export function isPureTest(path: string, pure: readonly string[]): boolean {
  if (!/^tests\/.*_test\.ts$/.test(path) || OTHER_TESTS.test(path)) {
    return false;
  }
  if (!path.startsWith("tests/agent/")) return true;
  // Of the agent, those named after a pure file: `call_property_test.ts`.
  const name = path.replace("tests/", "").replace("_test.ts", "_");
  return pure.some((file) => name.startsWith(file.replace(".ts", "_")));
}

/** Returns the files with code that no test loaded. */
export function findUnloaded(
  files: readonly SourceFile[],
  covered: readonly FileCoverage[],
): string[] {
  const loaded = new Set(covered.map(({ path }) => path));
  return files.filter(({ path, text }) => !loaded.has(path) && hasCode(text))
    .map(({ path }) => path);
}

/** Returns whether a file has code besides types. */
function hasCode(text: string): boolean {
  const { outputText } = ts.transpileModule(text, {
    compilerOptions: {
      target: ts.ScriptTarget.ESNext,
      module: ts.ModuleKind.ESNext,
      removeComments: true,
    },
  });
  return !/^\s*(?:"use strict";|export \{\};)?\s*$/.test(outputText);
}

async function run(args: readonly string[], root: URL): Promise<string> {
  const command = new Deno.Command(Deno.execPath(), {
    args: [...args],
    cwd: root,
    stdout: "piped",
    stderr: "piped",
  });
  const { success, stdout, stderr } = await command.output();
  const text = new TextDecoder().decode(stdout);
  if (success) return text;
  console.error(text, new TextDecoder().decode(stderr));
  throw new Error(`Cannot run deno ${args[0]}`);
}

async function measure(
  root: URL,
  tests: readonly string[],
): Promise<FileCoverage[]> {
  const folder = await Deno.makeTempDir();
  try {
    const collect = [`--coverage=${folder}`, "--coverage-raw-data-only"];
    const options = ["--quiet", "--parallel", "--reporter=dot", ...collect];
    await run(["test", ...options, ...tests], root);
    const lcov = await run(["coverage", "--lcov", folder], root);
    return parseLcov(lcov, root.pathname);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

if (import.meta.main) {
  const root = new URL("../", import.meta.url);
  const config: Config = JSON.parse(
    Deno.readTextFileSync(new URL("deno.json", root)),
  );
  const files = readFiles(root);
  const pure = files.filter((file) =>
    isPublished(file, config) && isPure(file.path)
  );
  const paths = new Set(pure.map(({ path }) => path));
  const tests = files.map(({ path }) => path)
    .filter((path) => isPureTest(path, [...paths]));
  const covered = (await measure(root, tests))
    .filter(({ path }) => paths.has(path));
  console.log(formatFolders(covered));
  for (const gap of listGaps(covered)) console.log(gap);
  const problems = [
    ...findUnloaded(pure, covered).map((path) => `No test loads ${path}`),
    ...listShortfalls(covered, THRESHOLDS),
  ];
  for (const problem of problems) console.error(problem);
  if (problems.length > 0) Deno.exit(1);
}
