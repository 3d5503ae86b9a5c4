// What `deno coverage --lcov` writes, as far as it is needed here:
//
//   SF:path                    a file begins
//   DA:line,hits               a line
//   BRDA:line,block,branch,hits  a branch, which starts in a line
//   end_of_record              the file ends

/** How often the parts of one file ran. */
export interface FileCoverage {
  /** The path from the root of the repository. */
  readonly path: string;
  readonly lines: readonly Part[];
  readonly branches: readonly Part[];
}

/** A line, or a branch that starts in a line. */
export interface Part {
  readonly line: number;
  readonly hits: number;
}

/**
 * Reads a report.
 *
 * @param root The folder that paths start from, with its last slash.
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
      // A dash is a branch of something that never ran.
      const hits = numbers[3] === "-" ? 0 : Number(numbers[3]);
      branches.push({ line: Number(numbers[0]), hits });
    }
  }
  return files;
}
