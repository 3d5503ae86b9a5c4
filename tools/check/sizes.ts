// A budget for reading: it is reported and fails nothing, for a rule that makes
// the code worse should be left where it does.

import ts from "typescript";
import type { Config, SourceFile } from "./source.ts";
import { isPublished, parse, walk } from "./source.ts";

const MAX_FILE_LINES = 400;
const MAX_FUNCTION_LINES = 60;
const MAX_MEDIAN_LINES = 120;

/** Reports on the length of the published files and of their functions. */
export function reportSizes(
  files: readonly SourceFile[],
  config: Config,
): string[] {
  const published = files.filter((file) => isPublished(file, config));
  if (published.length === 0) return [];
  const report: string[] = [];
  const lengths: number[] = [];
  for (const file of published) {
    const lines = file.text.trimEnd().split("\n").length;
    lengths.push(lines);
    if (lines > MAX_FILE_LINES) {
      report.push(`${file.path} has ${lines} lines (budget ${MAX_FILE_LINES})`);
    }
    report.push(...longFunctions(file));
  }
  lengths.sort((a, b) => a - b);
  const median = lengths[lengths.length >> 1];
  report.push(
    `${lengths.length} published files, median ${median} lines ` +
      `(budget ${MAX_MEDIAN_LINES}), longest ${lengths.at(-1)}`,
  );
  return report;
}

function longFunctions(file: SourceFile): string[] {
  const report: string[] = [];
  const tree = parse(file);
  walk(tree, (node) => {
    if (!ts.isFunctionLike(node)) return;
    const start = tree.getLineAndCharacterOfPosition(node.getStart(tree)).line;
    const end = tree.getLineAndCharacterOfPosition(node.end).line;
    const lines = end - start + 1;
    if (lines <= MAX_FUNCTION_LINES) return;
    const name = node.name?.getText(tree) ?? ts.SyntaxKind[node.kind];
    report.push(
      `${file.path}:${start + 1} ${name} has ${lines} lines ` +
        `(budget ${MAX_FUNCTION_LINES})`,
    );
  });
  return report;
}
