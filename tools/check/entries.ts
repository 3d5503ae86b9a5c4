// What users import: each entry exists, and its page opens with an example.

import ts from "typescript";
import type { Config, Problem, SourceFile } from "./source.ts";
import { isPublished } from "./source.ts";

/** Checks the entry points of `deno.json`, and the `mod.ts` of each folder. */
export function checkEntries(
  files: readonly SourceFile[],
  config: Config,
): Problem[] {
  const problems: Problem[] = [];
  const byPath = new Map(files.map((file) => [file.path, file]));
  const entries = new Map(
    Object.entries(config.exports).map(([name, path]) =>
      [path.replace(/^\.\//, ""), name] as const
    ),
  );
  for (const [path, name] of entries) {
    if (byPath.has(path)) continue;
    const message = `The export "${name}" has no file: ${path} is missing`;
    problems.push({ path: "deno.json", line: 1, message });
  }
  for (const file of files) {
    if (!isPublished(file, config)) continue;
    const { path } = file;
    if (path !== "mod.ts" && !path.endsWith("/mod.ts")) continue;
    if (!entries.has(path)) {
      problems.push({ path, line: 1, message: "This mod.ts is not exported" });
    }
    const fault = faultOfModuleDoc(file.text);
    if (fault !== null) problems.push({ path, line: 1, message: fault });
  }
  return problems;
}

function faultOfModuleDoc(text: string): string | null {
  const range = ts.getLeadingCommentRanges(text, 0)?.[0];
  const doc = range === undefined ? "" : text.slice(range.pos, range.end);
  if (!doc.startsWith("/**") || !/^ *\* *@module\b/m.test(doc)) {
    return "A mod.ts opens with a doc comment that has @module";
  }
  if (!/^ *\* *```(ts|typescript)\b/m.test(doc)) {
    return "The doc comment of a mod.ts has an example in a ts block";
  }
  return null;
}
