// Checks which files may touch the outside world. There are three kinds:
//
//   pure     everything below `client/`, and the policies and the pool's state in
//            `agent/`: no I/O, timers, clocks, promises, randomness, or runtime
//   driver   the rest of `client/` and `agent/`: no name of one runtime
//   runtime  connectors, transports, and the agent's decoders: anything

import ts from "typescript";
import type { Config, Problem, SourceFile } from "./source.ts";
import { isPublished, parse, problemAt, walk } from "./source.ts";

// `client/_` is what is left of the first version of the client.
const RUNTIME =
  /^(?:client\/connect\/|client\/transport\/|client\/_|agent\/decod)/;
const DRIVER = /^(?:client\/|agent\/(?:mod|fetch|agent|pool\.))/;
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
// Of a pure file, also the comments: it has no reason to mention a runtime.
const RUNTIME_TEXT = /\bDeno\??\.|["'`]Deno["'`]|\b(?:node|cloudflare):/g;
const IMPURE_TEXT = /\bMath\.random\b|\bDate\.(?!UTC\b)|\bnew Date\(\)/g;

/** Checks that each published file stays within its kind. */
export function checkPurity(
  files: readonly SourceFile[],
  config: Config,
): Problem[] {
  return files.filter((file) => isPublished(file, config)).flatMap((file) => {
    if (RUNTIME.test(file.path)) return [];
    if (!isPure(file.path)) {
      return [
        ...globals(file, "driver", RUNTIME_NAMES),
        ...strings(file),
      ];
    }
    return [
      ...globals(file, "pure", IMPURE_NAMES),
      ...texts(file, RUNTIME_TEXT),
      ...texts(file, IMPURE_TEXT),
      ...(MAY_AWAIT.has(file.path) ? [] : promises(file)),
    ];
  });
}

/** Returns whether a published file must be pure. */
export function isPure(path: string): boolean {
  return !RUNTIME.test(path) && !DRIVER.test(path);
}

function globals(
  file: SourceFile,
  kind: string,
  names: readonly string[],
): Problem[] {
  const problems: Problem[] = [];
  const tree = parse(file);
  walk(tree, (node) => {
    if (!ts.isIdentifier(node) || !names.includes(node.text)) return;
    if (isMemberName(node)) return;
    const message = `A ${kind} module may not use \`${node.text}\``;
    problems.push(problemAt(file, node.getStart(tree), message));
  });
  return problems;
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

function strings(file: SourceFile): Problem[] {
  const problems: Problem[] = [];
  const tree = parse(file);
  walk(tree, (node) => {
    if (!ts.isStringLiteralLike(node) || !RUNTIME_STRING.test(node.text)) {
      return;
    }
    const message = `A driver module may not name \`${node.text}\``;
    problems.push(problemAt(file, node.getStart(tree), message));
  });
  return problems;
}

/** Finds promises; their types in a signature are harmless. */
function promises(file: SourceFile): Problem[] {
  const problems: Problem[] = [];
  const tree = parse(file);
  walk(tree, (node) => {
    const isPromise = node.kind === ts.SyntaxKind.AsyncKeyword ||
      ts.isAwaitExpression(node) ||
      ts.isIdentifier(node) && node.text === "Promise" &&
        !ts.isTypeReferenceNode(node.parent) && !isMemberName(node);
    if (!isPromise) return;
    const message = "A pure module may not use promises";
    problems.push(problemAt(file, node.getStart(tree), message));
  });
  return problems;
}

function texts(file: SourceFile, pattern: RegExp): Problem[] {
  return Array.from(blankExamples(file.text).matchAll(pattern), (match) => {
    const message = `A pure module may not mention \`${match[0]}\``;
    return problemAt(file, match.index, message);
  });
}

/** Blanks the code blocks of docs: an example may show a driver. */
function blankExamples(text: string): string {
  return text.replace(
    /^ *\* *```[^]*?^ *\* *```/gm,
    (block) => block.replace(/[^\n]/g, " "),
  );
}
