// What a file imports: `import`, `export ... from`, `import("...")` as a call
// and as a type. To the layers they are all the same.

import ts from "typescript";
import type { Config, SourceFile } from "./source.ts";
import { folderOf, parse, walk } from "./source.ts";

/** One import, as it is written. */
export interface Import {
  /** The text between the quotes, or null where it is computed. */
  readonly specifier: string | null;
  /** Where it is in the file. */
  readonly offset: number;
}

/** Lists the imports of a file, types and re-exports included. */
export function importsOf(file: SourceFile): Import[] {
  const imports: Import[] = [];
  const tree = parse(file);
  walk(tree, (node) => {
    const specifier = specifierOf(node);
    if (specifier === undefined) return;
    imports.push({
      specifier: ts.isStringLiteralLike(specifier) ? specifier.text : null,
      offset: node.getStart(tree),
    });
  });
  return imports;
}

function specifierOf(node: ts.Node): ts.Node | undefined {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) {
    return node.moduleSpecifier;
  }
  if (ts.isImportTypeNode(node)) {
    return ts.isLiteralTypeNode(node.argument)
      ? node.argument.literal
      : node.argument;
  }
  if (ts.isExternalModuleReference(node)) return node.expression;
  if (
    ts.isCallExpression(node) &&
    node.expression.kind === ts.SyntaxKind.ImportKeyword
  ) {
    return node.arguments[0];
  }
  return undefined;
}

/**
 * Finds the file of the repository that a specifier stands for.
 *
 * @returns Its path, or null for what is somewhere else.
 */
export function resolve(
  from: SourceFile,
  specifier: string,
  config: Config,
): string | null {
  if (specifier.startsWith("./") || specifier.startsWith("../")) {
    return join(folderOf(from.path), specifier);
  }
  if (specifier === config.name || specifier.startsWith(`${config.name}/`)) {
    const entry = config.exports[`.${specifier.slice(config.name.length)}`];
    return entry === undefined ? null : join("", entry);
  }
  return null;
}

function join(folder: string, relative: string): string {
  const parts = folder === "" ? [] : folder.split("/");
  for (const part of relative.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== ".") parts.push(part);
  }
  return parts.join("/");
}
