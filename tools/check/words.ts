// A lock file or a script that was made behind a mirror of a registry must not
// carry that mirror's name to people who cannot reach it. Which registry serves
// a package is for each machine to say, so no file names any.

import type { Problem, SourceFile } from "./source.ts";
import { problemAt } from "./source.ts";

const REGISTRY_HOST =
  /\b(?:registry|mirrors?|deb|npm|pypi|proxy)\.(?:[a-z0-9-]+\.)+[a-z]{2,}\b/gi;

/** Checks that no file names the host of a package registry. */
export function checkWords(files: readonly SourceFile[]): Problem[] {
  return files.flatMap((file) =>
    Array.from(
      file.text.matchAll(REGISTRY_HOST),
      (match) =>
        problemAt(
          file,
          match.index,
          `No file may name the host of a registry, as ${match[0]} is one`,
        ),
    )
  );
}
