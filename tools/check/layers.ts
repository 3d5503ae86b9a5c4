// Imports point downwards only, file by file, and there are no circles.

import { importsOf, resolve } from "./imports.ts";
import type { Config, Problem, SourceFile } from "./source.ts";
import { folderOf, isPrivate, isTypeScript, problemAt } from "./source.ts";

// From top to bottom. A file may import its own folder and the rows below.
const LAYERS: readonly (readonly string[])[] = [
  ["examples", "tests", "bench", "tools"],
  ["agent"],
  ["client"],
  ["mod.ts"],
  ["well_known", "sse", "auth"],
  ["rfc1945"],
  ["rfc9112"],
  ["rfc9110"],
  [""], // the files of the root: the contract
  ["core"],
];
const TOP = 0;
const BOTTOM = LAYERS.length - 2;

// `HttpError.response` and what every coroutine is made of: types alone, which
// close no circle of files.
const TYPES_UP: readonly (readonly [from: string, to: string])[] = [
  ["error.ts", "rfc9110/response.ts"],
  ["core/machine.ts", "coroutine.ts"],
  ["core/machine.ts", "error.ts"],
];

/** Checks that every import points down, and that none goes round. */
export function checkLayers(
  files: readonly SourceFile[],
  config: Config,
): Problem[] {
  const problems: Problem[] = [];
  const graph = new Map<string, string[]>();
  // The links stand for packages of others, so they are no part of the layers.
  const sources = files.filter((file) =>
    isTypeScript(file) && !file.path.startsWith("tools/links/")
  );
  for (const file of sources) {
    const targets: string[] = [];
    graph.set(file.path, targets);
    for (const { specifier, offset } of importsOf(file)) {
      const fault = specifier === null
        ? faultOfComputed(file.path)
        : faultOf(file.path, resolve(file, specifier, config), targets);
      if (fault !== null) problems.push(problemAt(file, offset, fault));
    }
  }
  return [...problems, ...findCircles(sources, graph)];
}

function faultOfComputed(from: string): string | null {
  // Tests load modules by computed names; elsewhere that would hide an import.
  return layerOf(from) === TOP
    ? null
    : "An import of a computed name cannot be checked";
}

/** Says what is wrong with one import, and notes down its target. */
function faultOf(
  from: string,
  to: string | null,
  targets: string[],
): string | null {
  if (to === null) return null;
  targets.push(to);
  const fromLayer = layerOf(from);
  const toLayer = layerOf(to);
  if (fromLayer === undefined) return `${from} belongs to no layer`;
  if (toLayer === undefined) return `${to} belongs to no layer`;
  const fromTop = topOf(from);
  if (fromTop === topOf(to)) return null;
  if (fromLayer === TOP) {
    return fromTop === "examples" && isPrivate(to)
      ? `Examples show what users can do, and ${to} is private`
      : null;
  }
  if (TYPES_UP.some(([f, t]) => f === from && t === to)) return null;
  if (toLayer <= fromLayer) {
    return `${from} may not import ${to}: imports point downwards only`;
  }
  if (fromTop === "sse" && toLayer < BOTTOM) {
    return `sse/ knows nothing of HTTP, and may not import ${to}`;
  }
  if (fromTop === "auth" && toLayer < BOTTOM && !isFieldSyntax(to)) {
    return `auth/ knows only header values, and may not import ${to}`;
  }
  return null;
}

/** What `auth/` needs to know of header values: the grammar, and redaction. */
function isFieldSyntax(path: string): boolean {
  return folderOf(path) === "rfc9110" && isPrivate(path);
}

function layerOf(path: string): number | undefined {
  const top = topOf(path);
  const layer = LAYERS.findIndex((row) => row.includes(top));
  return layer === -1 ? undefined : layer;
}

function topOf(path: string): string {
  if (path === "mod.ts") return path;
  const slash = path.indexOf("/");
  return slash === -1 ? "" : path.slice(0, slash);
}

/** Follows the imports from every file, depth first. */
function findCircles(
  sources: readonly SourceFile[],
  graph: ReadonlyMap<string, readonly string[]>,
): Problem[] {
  const problems: Problem[] = [];
  const done = new Set<string>();
  const trail: string[] = [];

  function visit(path: string): void {
    if (done.has(path)) return;
    const start = trail.indexOf(path);
    if (start !== -1) {
      const circle = [...trail.slice(start), path];
      const message = `Imports go in a circle: ${circle.join(" -> ")}`;
      problems.push({ path, line: 1, message });
      return;
    }
    trail.push(path);
    for (const target of graph.get(path) ?? []) visit(target);
    trail.pop();
    done.add(path);
  }

  for (const { path } of sources) visit(path);
  return problems;
}
