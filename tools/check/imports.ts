// Finds the imports of a file: `import`, `export ... from`, and `import("...")`
// as a call and as a type.

import ts from "typescript";
import type { Config, SourceFile } from "./source.ts";
import { folderOf, parse, walk } from "./source.ts";

/** One import as written. */
export interface Import {
  /** The text between the quotes, or `null` if it is computed. */
  readonly specifier: string | null;
  /** Whether only types are imported, so that nothing is loaded. */
  readonly typeOnly: boolean;
  /** The offset in the file. */
  readonly offset: number;
}

/** Lists the imports of a file, including types and re-exports. */
export function importsOf(file: SourceFile): Import[] {
  const imports: Import[] = [];
  const tree = parse(file);
  walk(tree, (node) => {
    const specifier = specifierOf(node);
    if (specifier === undefined) return;
    imports.push({
      specifier: ts.isStringLiteralLike(specifier) ? specifier.text : null,
      typeOnly: isTypeOnly(node),
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

function isTypeOnly(node: ts.Node): boolean {
  if (ts.isImportTypeNode(node)) return true;
  if (ts.isExportDeclaration(node)) return node.isTypeOnly;
  return ts.isImportDeclaration(node) &&
    node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword;
}

/** Returns the path that a specifier refers to, or `null` if it is external. */
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
