// What every check works on: files as text, so that a check is a function of
// its input alone and can be tried on a few lines in memory.

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

/** What is wrong, and where. */
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
    tree = ts.createSourceFile(
      file.path,
      file.text,
      ts.ScriptTarget.Latest,
      true,
    );
    trees.set(file, tree);
  }
  return tree;
}

/** Calls `visit` for a node and everything in it, but not in its comments. */
export function walk(node: ts.Node, visit: (node: ts.Node) => void): void {
  visit(node);
  ts.forEachChild(node, (child) => walk(child, visit));
}

/** Makes a problem at a place in a file. */
export function problemAt(
  file: SourceFile,
  offset: number,
  message: string,
): Problem {
  let line = 1;
  for (let i = 0; i < offset; i++) if (file.text[i] === "\n") line++;
  return { path: file.path, line, message };
}

/** Tells whether a file is TypeScript. */
export function isTypeScript(file: SourceFile): boolean {
  return file.path.endsWith(".ts");
}

/** Tells whether a file is TypeScript that users get. */
export function isPublished(file: SourceFile, config: Config): boolean {
  return isTypeScript(file) && !isExcluded(file.path, config);
}

/** Tells whether a file is kept out of what users get. */
export function isExcluded(path: string, config: Config): boolean {
  return config.publish.exclude.some((excluded) =>
    excluded.endsWith("/") ? path.startsWith(excluded) : path === excluded
  );
}

/** The folder of a path, or `""` for a file in the root. */
export function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

/** Tells whether a path is that of a private module, `_name.ts`. */
export function isPrivate(path: string): boolean {
  return path.slice(path.lastIndexOf("/") + 1).startsWith("_");
}
