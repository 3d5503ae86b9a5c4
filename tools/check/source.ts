// The input of every check: files as text, so that a check is a pure function
// that a test can call with a few lines.

import ts from "typescript";

/** One file of the repository. */
export interface SourceFile {
  /** The path from the root of the repository, with `/` between its parts. */
  readonly path: string;
  readonly text: string;
}

/** The parts of `deno.json` that the checks read. */
export interface Config {
  readonly name: string;
  readonly exports: Readonly<Record<string, string>>;
  readonly links: readonly string[];
  readonly publish: { readonly exclude: readonly string[] };
}

/** A fault and its place. */
export interface Problem {
  readonly path: string;
  /** Counted from 1. */
  readonly line: number;
  readonly message: string;
}

const trees = new WeakMap<SourceFile, ts.SourceFile>();

/** Parses a file, once. */
export function parse(file: SourceFile): ts.SourceFile {
  let tree = trees.get(file);
  if (tree === undefined) {
    const { path, text } = file;
    tree = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
    trees.set(file, tree);
  }
  return tree;
}

/** Calls `visit` for a node and everything in it except comments. */
export function walk(node: ts.Node, visit: (node: ts.Node) => void): void {
  visit(node);
  node.forEachChild((child) => walk(child, visit));
}

/** Builds a problem from an offset in a file. */
export function problemAt(
  file: SourceFile,
  offset: number,
  message: string,
): Problem {
  const line = file.text.slice(0, offset).split("\n").length;
  return { path: file.path, line, message };
}

/** Returns whether a file is TypeScript. */
export function isTypeScript(file: SourceFile): boolean {
  return file.path.endsWith(".ts");
}

/** Returns whether a file is published TypeScript. */
export function isPublished(file: SourceFile, config: Config): boolean {
  return isTypeScript(file) && !isExcluded(file.path, config);
}

/** Returns whether a file is not published. */
export function isExcluded(path: string, config: Config): boolean {
  return config.publish.exclude.some((excluded) =>
    excluded.endsWith("/") ? path.startsWith(excluded) : path === excluded
  );
}

/** Returns the folder of a path, or `""` for a file in the root. */
export function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

/** Returns whether a path is that of a private module, `_name.ts`. */
export function isPrivate(path: string): boolean {
  return path.slice(path.lastIndexOf("/") + 1).startsWith("_") ||
    path.startsWith("core/");
}
