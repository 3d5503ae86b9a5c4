// Checks the entry points: each exists, and its page opens with an
// example.

import ts from "typescript";
import type { Config, Problem, SourceFile } from "./source.ts";
import { isPublished } from "./source.ts";

/** Checks the entry points of `deno.json` and the `mod.ts` of each folder. */
export function checkEntries(
  files: readonly SourceFile[],
  config: Config,
): Problem[] {
  const published = files.filter((file) => isPublished(file, config));
  const paths = new Set(published.map(({ path }) => path));
  const entries = new Map(
    Object.entries(config.exports).map(([name, path]) =>
      [path.replace(/^\.\//, ""), name] as const
    ),
  );
  const problems: Problem[] = [];
  for (const [path, name] of entries) {
    if (paths.has(path)) continue;
    const message = `The export "${name}" has no file: ${path} is missing`;
    problems.push({ path: "deno.json", line: 1, message });
  }
  for (const { path, text } of published) {
    if (!entries.has(path)) {
      if (!/(?:^|\/)mod\.ts$/.test(path)) continue;
      problems.push({ path, line: 1, message: "This mod.ts is not exported" });
    }
    const fault = faultOfModuleDoc(text);
    if (fault !== null) problems.push({ path, line: 1, message: fault });
  }
  return problems;
}

function faultOfModuleDoc(text: string): string | null {
  const range = ts.getLeadingCommentRanges(text, 0)?.[0];
  const doc = range === undefined ? "" : text.slice(range.pos, range.end);
  if (!doc.startsWith("/**") || !/^ *\* *@module\b/m.test(doc)) {
    return "An entry point opens with a doc comment that has @module";
  }
  if (!/^ *\* *```(ts|typescript)\b/m.test(doc)) {
    return "The doc comment of an entry point has an example in a ts block";
  }
  return null;
}
