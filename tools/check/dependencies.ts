// Checks the dependencies of this package: only the standard library.

import { importsOf, resolve } from "./imports.ts";
import type { Config, Problem, SourceFile } from "./source.ts";
import { isPublished, problemAt } from "./source.ts";

/** Checks that published files import only each other and `@std`. */
export function checkDependencies(
  files: readonly SourceFile[],
  config: Config,
): Problem[] {
  const published = files.filter((file) => isPublished(file, config));
  const paths = new Set(published.map(({ path }) => path));
  const problems: Problem[] = [];
  for (const file of published) {
    for (const { specifier, typeOnly, offset } of importsOf(file)) {
      if (specifier === null || specifier.startsWith("@std/")) continue;
      // Types of a runtime; the purity check says which files may name one.
      if (typeOnly && specifier.startsWith("node:")) continue;
      const target = resolve(file, specifier, config);
      if (target !== null && specifier.startsWith(".") && paths.has(target)) {
        continue;
      }
      const message = target === null
        ? `A published module may depend on @std only, not on ${specifier}`
        : `${specifier} is not a published file of this package`;
      problems.push(problemAt(file, offset, message));
    }
  }
  return problems;
}
