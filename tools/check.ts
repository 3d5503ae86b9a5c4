// Checks what no other tool does. Prints every problem with its place, then the
// report on sizes, and exits with 1 where there is a problem.
//
//   deno task check:project

import { checkDependencies } from "./check/dependencies.ts";
import { checkEntries } from "./check/entries.ts";
import { checkLayers } from "./check/layers.ts";
import { checkPurity } from "./check/purity.ts";
import { reportSizes } from "./check/sizes.ts";
import type { Config, Problem, SourceFile } from "./check/source.ts";
import { checkThrows } from "./check/throws.ts";
import { checkWords } from "./check/words.ts";

const CHECKS: readonly ((
  files: readonly SourceFile[],
  config: Config,
) => Problem[])[] = [
  checkEntries,
  checkLayers,
  checkDependencies,
  checkPurity,
  checkThrows,
  checkWords,
];

/** Runs every check, and gives the problems in the order of their places. */
export function checkAll(
  files: readonly SourceFile[],
  config: Config,
): Problem[] {
  return CHECKS.flatMap((check) => check(files, config)).sort((a, b) =>
    a.path === b.path ? a.line - b.line : a.path < b.path ? -1 : 1
  );
}

/** Reads the text files below a folder, those that git ignores left out. */
export function readFiles(root: URL): SourceFile[] {
  const ignored = ignoredNames(
    Deno.readTextFileSync(new URL(".gitignore", root)),
  );
  const files: SourceFile[] = [];

  function readFolder(folder: string): void {
    for (const entry of Deno.readDirSync(new URL(folder, root))) {
      if (ignored.has(entry.name)) continue;
      const path = folder + entry.name;
      if (entry.isDirectory) readFolder(`${path}/`);
      else if (entry.isFile) {
        files.push({ path, text: Deno.readTextFileSync(new URL(path, root)) });
      }
    }
  }

  readFolder("");
  return files.sort((a, b) => a.path < b.path ? -1 : 1);
}

/** The plain names in a `.gitignore`; patterns with `*` are not understood. */
function ignoredNames(gitignore: string): Set<string> {
  const lines = gitignore.split("\n").map((line) => line.trim());
  const names = lines.filter((line) => line !== "" && !line.startsWith("#"));
  return new Set([".git", ...names.map((name) => name.replace(/\/$/, ""))]);
}

if (import.meta.main) {
  const root = new URL("../", import.meta.url);
  const config = JSON.parse(Deno.readTextFileSync(new URL("deno.json", root)));
  const files = readFiles(root);
  const problems = checkAll(files, config);
  for (const { path, line, message } of problems) {
    console.error(`${path}:${line} ${message}`);
  }
  for (const line of reportSizes(files, config)) console.log(`size: ${line}`);
  if (problems.length > 0) {
    console.error(`\n${problems.length} problems in the project`);
    Deno.exit(1);
  }
}
