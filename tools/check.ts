// Runs the checks that no other tool does. Prints every problem with its place,
// and exits with 1 if there is one.
//
//   deno task check:project

import { checkDependencies } from "./check/dependencies.ts";
import { checkEntries } from "./check/entries.ts";
import { checkLayers } from "./check/layers.ts";
import { checkPurity } from "./check/purity.ts";
import type { Config, Problem, SourceFile } from "./check/source.ts";

const CHECKS = [checkEntries, checkLayers, checkDependencies, checkPurity];

/** Runs every check, and returns the problems in the order of their places. */
export function checkAll(
  files: readonly SourceFile[],
  config: Config,
): Problem[] {
  return CHECKS.flatMap((check) => check(files, config)).sort((a, b) =>
    a.path === b.path ? a.line - b.line : a.path < b.path ? -1 : 1
  );
}

/** Reads the text files below a folder that git does not ignore. */
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

/** Returns the plain names in a `.gitignore`; it must not use patterns. */
function ignoredNames(gitignore: string): Set<string> {
  const lines = gitignore.split("\n").map((line) => line.trim());
  const names = lines.filter((line) => line !== "" && !line.startsWith("#"));
  return new Set([".git", ...names.map((name) => name.replace(/\/$/, ""))]);
}

if (import.meta.main) {
  const root = new URL("../", import.meta.url);
  const config = JSON.parse(Deno.readTextFileSync(new URL("deno.json", root)));
  const problems = checkAll(readFiles(root), config);
  for (const { path, line, message } of problems) {
    console.error(`${path}:${line} ${message}`);
  }
  if (problems.length > 0) {
    console.error(`\n${problems.length} problems in the project`);
    Deno.exit(1);
  }
}
