// Checks which files may touch the outside world. There are three kinds:
//
//   pure     everything below `client/`, and the policies and the pool's state in
//            `agent/`: no I/O, timers, clocks, promises, randomness, or runtime
//   driver   the rest of `client/` and `agent/`: no name of one runtime
//   runtime  connectors, transports, and the agent's decoders: anything

import ts from "typescript";
import { importsOf, resolve } from "./imports.ts";
import type { Config, Problem, SourceFile } from "./source.ts";
import { isPublished, parse, problemAt, walk } from "./source.ts";

const RUNTIME = /^(?:client\/connect\/|client\/transport\/|agent\/decoders\.)/;
const DRIVER =
  /^(?:client\/|agent\/(?:mod|fetch|agent|pool\.|line|clock|decod|load|proxy|ask))/;
// `HttpRequest.fromRequest` reads the body of a `Request`.
const MAY_AWAIT: ReadonlySet<string> = new Set(["rfc9110/request.ts"]);

const RUNTIME_NAMES = ["Bun", "Buffer", "Deno", "navigator", "process"];
const IMPURE_NAMES = [
  ...RUNTIME_NAMES,
  ...["crypto", "fetch", "performance", "queueMicrotask", "require"],
  ...["setImmediate", "setInterval", "setTimeout"],
  ...["FinalizationRegistry", "WeakRef"],
];

const RUNTIME_STRING = /^(?:Deno|node:.*|cloudflare:.*)$/;
const IMPURE_EXPRESSION = /^(?:Math\.random|Date\.(?!UTC$)\w+|new Date\(\))$/;

/** Checks that each published file stays within its kind. */
export function checkPurity(
  files: readonly SourceFile[],
  config: Config,
): Problem[] {
  const published = files.filter((file) =>
    isPublished(file, config) && !RUNTIME.test(file.path)
  );
  return published.flatMap((file) => {
    const kind = isPure(file.path) ? "pure" : "driver";
    const mayAwait = kind === "driver" || MAY_AWAIT.has(file.path);
    const problems: Problem[] = [];
    const tree = parse(file);
    walk(tree, (node) => {
      const fault = faultOf(node, kind) ??
        (!mayAwait && isPromise(node) ? "use promises" : null);
      if (fault === null) return;
      const message = `A ${kind} module may not ${fault}`;
      problems.push(problemAt(file, node.getStart(tree), message));
    });
    // Below `client/`, such an import points upward, which the layers forbid.
    return kind === "pure" && file.path.startsWith("agent/")
      ? [...problems, ...impureImports(file, config)]
      : problems;
  });
}

/** Finds imports, other than of types, from files that are not pure. */
function impureImports(file: SourceFile, config: Config): Problem[] {
  return importsOf(file).flatMap(({ specifier, typeOnly, offset }) => {
    const target = specifier && resolve(file, specifier, config);
    if (target === null || typeOnly || isPure(target)) return [];
    const message = `A pure module may import only types of ${target}`;
    return [problemAt(file, offset, message)];
  });
}

/** Returns whether a published file must be pure. */
export function isPure(path: string): boolean {
  return !RUNTIME.test(path) && !DRIVER.test(path);
}

function faultOf(node: ts.Node, kind: "pure" | "driver"): string | null {
  if (ts.isIdentifier(node) && !isMemberName(node)) {
    const names = kind === "pure" ? IMPURE_NAMES : RUNTIME_NAMES;
    return names.includes(node.text) ? `use \`${node.text}\`` : null;
  }
  if (ts.isStringLiteralLike(node)) {
    return RUNTIME_STRING.test(node.text) ? `name \`${node.text}\`` : null;
  }
  if (ts.isPropertyAccessExpression(node) || ts.isNewExpression(node)) {
    const text = node.getText();
    const isImpure = kind === "pure" && IMPURE_EXPRESSION.test(text);
    return isImpure ? `use \`${text}\`` : null;
  }
  return null;
}

/** Tells `object.fetch` and `{ fetch: 1 }` from a use of `fetch`. */
function isMemberName(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent)) {
    return parent.name === node && parent.expression.getText() !== "globalThis";
  }
  return (ts.isPropertyAssignment(parent) || ts.isClassElement(parent) ||
    ts.isTypeElement(parent)) && parent.name === node;
}

/** Finds promises; their types in a signature are harmless. */
function isPromise(node: ts.Node): boolean {
  return node.kind === ts.SyntaxKind.AsyncKeyword ||
    ts.isAwaitExpression(node) ||
    ts.isIdentifier(node) && node.text === "Promise" &&
      !ts.isTypeReferenceNode(node.parent) && !isMemberName(node);
}
