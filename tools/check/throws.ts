// A public function that throws says so: it has `@throws`. Whether it throws is
// read from its body and from the bodies of the functions that it calls by name,
// across files. Calls through values (`this.#machine.resume()`) are not
// followed, nor are functions within functions, which may run later or never.

import ts from "typescript";
import { bodiesOf, type Body, type Callee } from "./bodies.ts";
import type { Config, Problem, SourceFile } from "./source.ts";
import { isPrivate, isPublished, parse, problemAt } from "./source.ts";

/** Checks that what is public and throws has `@throws` in its docs. */
export function checkThrows(
  files: readonly SourceFile[],
  config: Config,
): Problem[] {
  const published = files.filter((file) => isPublished(file, config));
  const program = new Map(
    published.map((file) => [file.path, bodiesOf(file, config)]),
  );
  const known = new Map<Body, boolean>();

  /** Follows the calls; a circle of calls adds no throw of its own. */
  function throws(body: Body): boolean {
    const answer = known.get(body);
    if (answer !== undefined) return answer;
    known.set(body, body.throws);
    const result = body.throws || body.calls.some(someThrow);
    known.set(body, result);
    return result;
  }
  function someThrow({ path, name }: Callee): boolean {
    return (program.get(path)?.get(name) ?? []).some(throws);
  }

  const problems: Problem[] = [];
  for (const file of published) {
    if (isPrivate(file.path)) continue;
    for (const [name, bodies] of program.get(file.path) ?? []) {
      if (!bodies.some((body) => isPublic(body.node))) continue;
      if (bodies.some((body) => hasThrowsTag(body.node))) continue;
      const culprit = bodies.find(throws);
      if (culprit === undefined) continue;
      const start = culprit.node.getStart(parse(file));
      const message = `${name} throws, and its docs have no @throws`;
      problems.push(problemAt(file, start, message));
    }
  }
  return problems;
}

function hasThrowsTag(node: ts.Node): boolean {
  return ts.getJSDocTags(node).some(({ tagName }) => tagName.text === "throws");
}

/** Tells whether users can call it: exported, or a member of what is. */
function isPublic(node: ts.Declaration): boolean {
  if (ts.isClassElement(node)) {
    return !isHidden(node) && isExported(node.parent as ts.Declaration);
  }
  return isExported(node);
}

function isHidden(member: ts.ClassElement): boolean {
  const hidden = ts.ModifierFlags.Private | ts.ModifierFlags.Protected;
  return (ts.getCombinedModifierFlags(member) & hidden) !== 0 ||
    (member.name !== undefined && ts.isPrivateIdentifier(member.name));
}

function isExported(node: ts.Declaration): boolean {
  return (ts.getCombinedModifierFlags(node) & ts.ModifierFlags.Export) !== 0;
}
