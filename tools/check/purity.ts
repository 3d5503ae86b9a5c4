// Everything below `client/` runs unchanged in every JavaScript runtime, and
// gives the same steps for the same input: it touches nothing that only some
// runtimes have, and neither I/O, clocks nor chance.

import ts from "typescript";
import type { Config, Problem, SourceFile } from "./source.ts";
import { isPublished, parse, problemAt, walk } from "./source.ts";

const IMPURE_GLOBALS: ReadonlySet<string> = new Set([
  "Buffer",
  "Bun",
  "Date",
  "Deno",
  "crypto",
  "fetch",
  "performance",
  "process",
  "queueMicrotask",
  "require",
  "setInterval",
  "setTimeout",
]);

// The text is searched as well as the code: for names in strings, and for
// comments that speak of one runtime where there should be none.
const IMPURE_TEXT = /\bDeno\??\.|["'`]Deno["'`]|\bnode:|\bMath\.random\b/g;

/** Checks that nothing published outside `client/` depends on a runtime. */
export function checkPurity(
  files: readonly SourceFile[],
  config: Config,
): Problem[] {
  return files
    .filter((file) => isPublished(file, config))
    .filter((file) => !file.path.startsWith("client/"))
    .flatMap((file) => [...impureGlobals(file), ...impureText(file)]);
}

function impureGlobals(file: SourceFile): Problem[] {
  const problems: Problem[] = [];
  const tree = parse(file);
  walk(tree, (node) => {
    if (!ts.isIdentifier(node) || !IMPURE_GLOBALS.has(node.text)) return;
    if (isNameOfMember(node)) return;
    const message = `A pure module may not use \`${node.text}\``;
    problems.push(problemAt(file, node.getStart(tree), message));
  });
  return problems;
}

/** Tells `object.fetch` and `{ fetch: 1 }` from a use of `fetch`. */
function isNameOfMember(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent)) {
    // `globalThis.Deno` reaches the global all the same.
    return parent.name === node &&
      parent.expression.getText() !== "globalThis";
  }
  return (ts.isPropertyAssignment(parent) || ts.isClassElement(parent) ||
    ts.isTypeElement(parent)) && parent.name === node;
}

function impureText(file: SourceFile): Problem[] {
  const problems: Problem[] = [];
  for (const match of blankExamples(file.text).matchAll(IMPURE_TEXT)) {
    const message = `A pure module may not mention \`${match[0]}\``;
    problems.push(problemAt(file, match.index, message));
  }
  return problems;
}

/** Blanks the code blocks of doc comments: an example may show a driver. */
function blankExamples(text: string): string {
  return text.replace(
    /^ *\* *```[^]*?^ *\* *```/gm,
    (block) => block.replace(/[^\n]/g, " "),
  );
}
