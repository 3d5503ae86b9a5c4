// Runs the tests of the pure folders, and fails where they reach too little of
// them. Prints a table of folders, and every line and branch that no test
// reaches; each of those has a comment that says why.
//
//   deno task coverage
//
// `deno coverage` has thresholds of its own, but counts the tests' helpers and
// says nothing of a file that no test loads.

import ts from "typescript";
import { readFiles } from "./check.ts";
import type { Config, SourceFile } from "./check/source.ts";
import { isPublished } from "./check/source.ts";
import { type FileCoverage, parseLcov } from "./_lcov.ts";
import { formatFolders, listGaps, listShortfalls } from "./_coverage_report.ts";

const THRESHOLDS = { lines: 99, branches: 97 };
// The client's tests would reach the pure folders as well, and so hide what the
// folders' own tests do not.
const TEST_FOLDERS = "auth|properties|rfc1945|rfc9110|rfc9112|sse|well_known";
const PURE_TEST = new RegExp(
  `^tests/(?:(?:${TEST_FOLDERS})/.*|[^/]*)_test\\.ts$`,
);
// The one test beside them that needs a network.
const README_TEST = "tests/readme_test.ts";

/** Tells whether a file is published, and does no I/O. */
function isPure(file: SourceFile, config: Config): boolean {
  return isPublished(file, config) && !file.path.startsWith("client/");
}

/** Gives the files with code in them that no test loaded. */
export function findUnloaded(
  files: readonly SourceFile[],
  covered: readonly FileCoverage[],
): string[] {
  const loaded = new Set(covered.map(({ path }) => path));
  return files.filter(({ path, text }) => !loaded.has(path) && hasCode(text))
    .map(({ path }) => path);
}

/** Tells whether anything is left of a file without its types. */
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
  const tests = files.map(({ path }) => path)
    .filter((path) => PURE_TEST.test(path) && path !== README_TEST);
  const pure = files.filter((file) => isPure(file, config));
  const paths = new Set(pure.map(({ path }) => path));
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
