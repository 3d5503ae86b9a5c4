// Reads and reports the output of `deno coverage --lcov`:
//
//   SF:path                      a file begins
//   DA:line,hits                 a line
//   BRDA:line,block,branch,hits  a branch that starts in a line
//   end_of_record                the file ends

/** How often the parts of one file ran. */
export interface FileCoverage {
  /** The path from the root of the repository. */
  readonly path: string;
  readonly lines: readonly Part[];
  readonly branches: readonly Part[];
}

/** A line, or a branch that starts in a line. */
interface Part {
  readonly line: number;
  readonly hits: number;
}

/** The percentages below which coverage is too low. */
interface Thresholds {
  readonly lines: number;
  readonly branches: number;
}

const ALL = "all";

/**
 * Parses a report.
 *
 * @param root The folder that paths are relative to, with a final slash.
 */
export function parseLcov(text: string, root: string): FileCoverage[] {
  const files: FileCoverage[] = [];
  let lines: Part[] = [];
  let branches: Part[] = [];
  for (const record of text.split("\n")) {
    const [, key, value = ""] = /^([A-Z]+):(.*)$/.exec(record) ?? [];
    const numbers = value.split(",");
    if (key === "SF") {
      lines = [];
      branches = [];
      const path = value.startsWith(root) ? value.slice(root.length) : value;
      files.push({ path, lines, branches });
    } else if (key === "DA") {
      lines.push({ line: Number(numbers[0]), hits: Number(numbers[1]) });
    } else if (key === "BRDA") {
      // A dash is a branch of code that never ran.
      const hits = numbers[3] === "-" ? 0 : Number(numbers[3]);
      branches.push({ line: Number(numbers[0]), hits });
    }
  }
  return files;
}

/** Formats the coverage as a table of folders. */
export function formatFolders(files: readonly FileCoverage[]): string {
  const rows = [...foldersOf(files), [ALL, files] as const].map((
    [folder, own],
  ) => [
    folder,
    ...(["lines", "branches"] as const).flatMap((kind) => {
      const { hit, all, percent } = shareOf(own, kind);
      return [`${hit}/${all}`, `${percent.toFixed(1)} %`];
    }),
  ]);
  const head = ["", "lines", "", "branches", ""];
  return [head, ...rows].map((cells) =>
    cells.map((cell, i) => i === 0 ? cell.padEnd(14) : cell.padStart(11))
      .join("").trimEnd()
  ).join("\n");
}

/** Lists the places of the lines and branches that no test reached. */
export function listGaps(files: readonly FileCoverage[]): string[] {
  const missed = ({ hits }: Part) => hits === 0;
  return files.flatMap(({ path, lines, branches }) => [
    ...lines.filter(missed)
      .map(({ line }) => `${path}:${line} no test reaches this line`),
    ...branches.filter(missed)
      .map(({ line }) => `${path}:${line} no test takes a branch from here`),
  ]);
}

/** Lists the folders that are below a threshold. */
export function listShortfalls(
  files: readonly FileCoverage[],
  thresholds: Thresholds,
): string[] {
  return foldersOf(files).flatMap(([folder, own]) =>
    (["lines", "branches"] as const).flatMap((kind) => {
      const { percent } = shareOf(own, kind);
      return percent >= thresholds[kind] ? [] : [
        `Tests reach ${percent.toFixed(2)} % of the ${kind} of ${folder}, ` +
        `below ${thresholds[kind]} %`,
      ];
    })
  );
}

/** Groups files by their top folder; those of the root are in `.`. */
function foldersOf(
  files: readonly FileCoverage[],
): (readonly [folder: string, files: readonly FileCoverage[]])[] {
  const folders = new Map<string, FileCoverage[]>();
  for (const file of files) {
    const slash = file.path.indexOf("/");
    const folder = slash < 0 ? "." : `${file.path.slice(0, slash)}/`;
    folders.set(folder, [...folders.get(folder) ?? [], file]);
  }
  return [...folders].sort(([a], [b]) => a < b ? -1 : 1);
}

function shareOf(files: readonly FileCoverage[], kind: "lines" | "branches") {
  const parts = files.flatMap((file) => file[kind]);
  const all = parts.length;
  const hit = parts.filter(({ hits }) => hits > 0).length;
  return { hit, all, percent: all === 0 ? 100 : 100 * hit / all };
}
