// Coverage by folders, and what no test reached.

import type { FileCoverage, Part } from "./_lcov.ts";

/** The percentages below which coverage is too low. */
export interface Thresholds {
  readonly lines: number;
  readonly branches: number;
}

/** How much of some parts ran. */
interface Share {
  readonly hit: number;
  readonly all: number;
}

const ALL = "all";

/** Lays the coverage out as a table of folders. */
export function formatFolders(files: readonly FileCoverage[]): string {
  const folders = [...new Set(files.map(({ path }) => folderName(path)))];
  const rows = [...folders.sort(), ALL].map((folder) => {
    const own = folder === ALL
      ? files
      : files.filter(({ path }) => folderName(path) === folder);
    const shares = [linesOf(own), branchesOf(own)];
    return [folder, ...shares.map((share) => `${share.hit}/${share.all}`)]
      .flatMap((cell, i) =>
        i === 0 ? [cell] : [cell, `${percent(shares[i - 1]!).toFixed(1)} %`]
      );
  });
  const head = ["", "lines", "", "branches", ""];
  return [head, ...rows].map((cells) =>
    cells.map((cell, i) => i === 0 ? cell.padEnd(14) : cell.padStart(11))
      .join("").trimEnd()
  ).join("\n");
}

/** Lists the lines and branches that no test reached, by their places. */
export function listGaps(files: readonly FileCoverage[]): string[] {
  return files.flatMap(({ path, lines, branches }) => [
    ...lines.filter(isMissed)
      .map(({ line }) => `${path}:${line} no test reaches this line`),
    ...branches.filter(isMissed)
      .map(({ line }) => `${path}:${line} no test takes a branch from here`),
  ]);
}

/** Says what is below a threshold. */
export function listShortfalls(
  files: readonly FileCoverage[],
  thresholds: Thresholds,
): string[] {
  const shares = { lines: linesOf(files), branches: branchesOf(files) };
  return (["lines", "branches"] as const)
    .filter((kind) => percent(shares[kind]) < thresholds[kind])
    .map((kind) =>
      `Tests reach ${percent(shares[kind]).toFixed(2)} % of ${kind}, ` +
      `which is below ${thresholds[kind]} %`
    );
}

/** The folder of a file; those of the root are listed as `.`. */
function folderName(path: string): string {
  const slash = path.indexOf("/");
  return slash < 0 ? "." : `${path.slice(0, slash)}/`;
}

function linesOf(files: readonly FileCoverage[]): Share {
  return shareOf(files.flatMap(({ lines }) => lines));
}

function branchesOf(files: readonly FileCoverage[]): Share {
  return shareOf(files.flatMap(({ branches }) => branches));
}

function shareOf(parts: readonly Part[]): Share {
  const all = parts.length;
  return { hit: all - parts.filter(isMissed).length, all };
}

function isMissed({ hits }: Part): boolean {
  return hits === 0;
}

function percent({ hit, all }: Share): number {
  return all === 0 ? 100 : 100 * hit / all;
}
