// Matrices: the same rows with every column, such as the features of each server.
// Each prints a table in Markdown, the versions, and a reason for each cell that is
// not `ok`.
//
//   deno task NAME                all columns
//   deno task NAME nginx node     only these
//
// A column that is not installed (see `install.sh`) is skipped; with `CI=true` in
// the environment it is a failure.

import { type Cell, describe } from "./cells.ts";
import { findProgram, readVersion } from "./programs.ts";

/** Takes the cell of a row. */
export type Report = (row: string, cell: Cell) => void;

/** A server, proxy, or runtime. */
export interface Column {
  readonly name: string;
  /** The possible names of its program; see {@linkcode findProgram}. */
  readonly programs: readonly string[];
  /**
   * The arguments that print its version, or `null` if it does not say.
   *
   * @default {["--version"]}
   */
  readonly versionArgs?: readonly string[] | null;
  /** Runs the rows with the program, reporting each cell when it is known. */
  run(program: string, report: Report): Promise<void>;
}

/** One table: the same rows for every column. */
export interface Matrix {
  readonly title: string;
  readonly rows: readonly string[];
  readonly columns: readonly Column[];
}

/** The finished cells of one column. */
export interface Result {
  readonly name: string;
  /** Empty if it is not installed. */
  readonly version: string;
  readonly cells: ReadonlyMap<string, Cell>;
}

/** Runs the columns that the arguments name; returns whether nothing failed. */
export async function runMatrices(
  args: readonly string[],
  matrices: readonly Matrix[],
): Promise<boolean> {
  const started = performance.now();
  const names = args.filter((arg) => !arg.startsWith("--"));
  const known = matrices.flatMap(({ columns }) => columns.map(idOf));
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    console.error(`There is no ${unknown.join(", ")} in ${known.join(", ")}`);
    return false;
  }
  const kinds: Cell["kind"][] = [];
  const tables: string[] = [];
  for (const { title, rows, columns } of matrices) {
    const results: Result[] = [];
    for (const column of columns) {
      if (names.length > 0 && !names.includes(idOf(column))) continue;
      const result = await runColumn(column, rows);
      results.push(result);
      for (const { kind } of result.cells.values()) kinds.push(kind);
    }
    if (results.length === 0) continue;
    tables.push(title, formatTable(rows, results), formatNotes(rows, results));
  }
  const counts = (["ok", "n/a", "skipped", "FAIL"] as const).map((kind) =>
    `${kinds.filter((each) => each === kind).length} ${kind}`
  );
  const seconds = ((performance.now() - started) / 1000).toFixed(0);
  console.log(`\n${tables.join("\n\n")}\n`);
  console.log(`${counts.join(", ")}, in ${seconds} s`);
  return !kinds.includes("FAIL");
}

/** Returns the name of a column as an argument, such as `node24`. */
function idOf({ name }: Column): string {
  return name.toLowerCase().replaceAll(/\W/g, "");
}

async function runColumn(
  { name, programs, versionArgs = ["--version"], run }: Column,
  rows: readonly string[],
): Promise<Result> {
  const cells = new Map<string, Cell>();
  const fill = (cell: Cell) =>
    rows.forEach((row) => cells.has(row) || cells.set(row, cell));
  let version = "";
  try {
    const program = await findProgram(...programs);
    if (program === null) {
      const kind = Deno.env.get("CI") === "true" ? "FAIL" : "skipped";
      fill({ kind, reason: "it is not installed" });
      console.log(`${name} is not installed`);
      return { name, version, cells };
    }
    version = versionArgs === null
      ? "it does not say"
      : await readVersion(program, versionArgs);
    console.log(`${name}: ${version}`);
    await run(program, (row, cell) => {
      cells.set(row, cell);
      if (cell.kind === "FAIL") console.log(`  ${row}: ${cell.reason}`);
    });
    fill({ kind: "FAIL", reason: "it did not run" });
  } catch (error) {
    fill({ kind: "FAIL", reason: describe(error) });
  }
  return { name, version, cells };
}

/** Formats the results as a table in Markdown. */
export function formatTable(
  rows: readonly string[],
  results: readonly Result[],
): string {
  const lines = [
    ["", ...results.map(({ name }) => name)],
    ...rows.map((
      row,
    ) => [row, ...results.map((it) => it.cells.get(row)!.kind)]),
  ];
  const widths = lines[0]!.map((_, i) =>
    Math.max(3, ...lines.map((line) => line[i]!.length))
  );
  lines.splice(1, 0, widths.map((width) => "-".repeat(width)));
  return lines.map((line) =>
    `| ${line.map((cell, i) => cell.padEnd(widths[i]!)).join(" | ")} |`
  ).join("\n");
}

/** Lists the versions, and the reasons of the cells that are not `ok`. */
export function formatNotes(
  rows: readonly string[],
  results: readonly Result[],
): string {
  const notes = results.filter(({ version }) => version !== "")
    .map(({ name, version }) => `${name}: ${version}`);
  for (const kind of ["n/a", "skipped", "FAIL"] as const) {
    const reasons = results.flatMap((result) => reasonsOf(rows, result, kind));
    if (reasons.length > 0) notes.push("", ...reasons);
  }
  return notes.join("\n");
}

/** Returns each reason once, with its rows. */
function reasonsOf(
  rows: readonly string[],
  { name, cells }: Result,
  kind: Cell["kind"],
): string[] {
  const byReason = new Map<string, string[]>();
  for (const row of rows) {
    const cell = cells.get(row)!;
    if (cell.kind === "ok" || cell.kind !== kind) continue;
    byReason.set(cell.reason, [...byReason.get(cell.reason) ?? [], row]);
  }
  return Array.from(byReason, ([reason, same]) => {
    const which = same.length === rows.length ? "all" : same.join("; ");
    return `${kind}  ${name}, ${which}: ${reason}`;
  });
}
