// Checks that imports point downward, file by file, and form no cycles.

import { importsOf, resolve } from "./imports.ts";
import type { Config, Problem, SourceFile } from "./source.ts";
import { isPrivate, isTypeScript, problemAt } from "./source.ts";

// From top to bottom, by the start of a path; the longest match decides. A file
// may import files of its own entry, and of the rows below.
const LAYERS: readonly (readonly string[])[] = [
  ["examples/", "tests/", "bench/", "tools/", "docs/"],
  ["agent/mod.ts"],
  ["agent/fetch.ts"],
  ["agent/agent"],
  ["agent/fetch/"],
  ["agent/pool.ts", "agent/decod"],
  ["agent/"], // the policies and the pool's state
  ["client/"],
  ["client/exchange/", "client/connect/"],
  ["client/connection/"],
  ["client/transport/"],
  ["mod.ts"],
  ["cookies/", "proxy/", "well_known/", "sse/", "auth/"],
  ["rfc1945/"],
  ["rfc9112/"],
  ["rfc9110/"],
  ["coroutine.ts"],
  ["error.ts"],
  ["core/"],
];
const ENTRIES = LAYERS.flatMap((entries, row) =>
  entries.map((path) => ({ path, row }))
).sort((a, b) => b.path.length - a.path.length);

// The contract and its machine need each other.
const UPWARD: ReadonlySet<string> = new Set([
  "core/fault.ts -> error.ts",
  "core/machine.ts -> coroutine.ts",
  "core/machine.ts -> error.ts",
  "error.ts -> rfc9110/response.ts", // only the type of `HttpError.response`
]);

/** Checks that every import points downward and that none forms a cycle. */
export function checkLayers(
  files: readonly SourceFile[],
  config: Config,
): Problem[] {
  const problems: Problem[] = [];
  const graph = new Map<string, string[]>();
  for (const file of files) {
    // The links stand for external packages, so no layer contains them.
    if (!isTypeScript(file) || file.path.startsWith("tools/links/")) continue;
    const targets: string[] = [];
    graph.set(file.path, targets);
    for (const { specifier, typeOnly, offset } of importsOf(file)) {
      const target = specifier && resolve(file, specifier, config);
      const fault = target === null
        ? faultOfComputed(file.path, specifier)
        : faultOf(file.path, target);
      if (fault !== null) problems.push(problemAt(file, offset, fault));
      if (target === null) continue;
      if (!typeOnly || !UPWARD.has(`${file.path} -> ${target}`)) {
        targets.push(target);
      }
    }
  }
  return [...problems, ...findCycles(graph)];
}

function faultOfComputed(from: string, specifier: string | null) {
  // Only tests and tools may load modules by a computed name.
  return specifier !== null || entryOf(from)?.row === 0
    ? null
    : "A computed import cannot be checked";
}

function faultOf(from: string, to: string): string | null {
  const source = entryOf(from);
  const target = entryOf(to);
  if (source === undefined) return `${from} belongs to no layer`;
  if (target === undefined) return `${to} belongs to no layer`;
  if (source === target || UPWARD.has(`${from} -> ${to}`)) return null;
  if (source.row === 0) {
    return source.path === "examples/" && isPrivate(to)
      ? `Examples show what users can do, and ${to} is private`
      : null;
  }
  return target.row > source.row
    ? null
    : `${from} may not import ${to}: imports point downward only`;
}

function entryOf(path: string) {
  return ENTRIES.find((entry) => path.startsWith(entry.path));
}

function findCycles(graph: ReadonlyMap<string, readonly string[]>): Problem[] {
  const problems: Problem[] = [];
  const done = new Set<string>();
  const trail: string[] = [];

  function visit(path: string): void {
    if (done.has(path)) return;
    const start = trail.indexOf(path);
    if (start !== -1) {
      const cycle = [...trail.slice(start), path].join(" -> ");
      problems.push({
        path,
        line: 1,
        message: `Imports form a cycle: ${cycle}`,
      });
      return;
    }
    trail.push(path);
    for (const target of graph.get(path) ?? []) visit(target);
    trail.pop();
    done.add(path);
  }

  for (const path of graph.keys()) visit(path);
  return problems;
}
