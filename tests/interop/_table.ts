// The results, as a table of features by servers.

import { type Feature, FEATURES, TITLES } from "./features.ts";

/** How one feature went with one server. */
export type Cell =
  | { readonly kind: "ok" }
  | { readonly kind: "n/a"; readonly reason: string }
  | { readonly kind: "skipped"; readonly reason: string }
  | { readonly kind: "FAIL"; readonly reason: string };

/** How everything went with one server. */
export interface Column {
  readonly name: string;
  /** What the server says that it is, empty where it is not installed. */
  readonly version: string;
  readonly cells: Readonly<Record<Feature, Cell>>;
}

/** Lays the results out for a terminal. */
export function formatText(columns: readonly Column[]): string {
  const rows = makeRows(columns);
  const widths = rows[0]!.map((_, column) =>
    Math.max(...rows.map((row) => row[column]!.length))
  );
  return rows.map((row) =>
    row.map((cell, i) => cell.padEnd(widths[i]!)).join("  ").trimEnd()
  ).join("\n");
}

/** Lays the results out as a table in Markdown. */
export function formatMarkdown(columns: readonly Column[]): string {
  const [head, ...rows] = makeRows(columns);
  const rule = head!.map(() => "---");
  return [head!, rule, ...rows].map((row) => `| ${row.join(" | ")} |`)
    .join("\n");
}

/** Says which versions took part, and why cells are not `ok`. */
export function formatNotes(columns: readonly Column[]): string {
  const notes = columns.filter(({ version }) => version !== "")
    .map(({ name, version }) => `${name}: ${version}`);
  for (const kind of ["n/a", "skipped", "FAIL"] as const) {
    const reasons = columns.flatMap((column) => reasonsOf(column, kind));
    if (reasons.length > 0) notes.push("", ...reasons);
  }
  return notes.join("\n");
}

/** Counts the cells of each kind. */
export function countCells(
  columns: readonly Column[],
): Record<Cell["kind"], number> {
  const counts = { ok: 0, "n/a": 0, skipped: 0, FAIL: 0 };
  for (const { cells } of columns) {
    for (const { kind } of Object.values(cells)) counts[kind]++;
  }
  return counts;
}

function makeRows(columns: readonly Column[]): string[][] {
  const head = ["", ...columns.map(({ name }) => name)];
  const rows = FEATURES.map((feature) => [
    TITLES[feature],
    ...columns.map(({ cells }) => cells[feature].kind),
  ]);
  return [head, ...rows];
}

/** Gives each reason once, with the features that it is the reason for. */
function reasonsOf(
  { name, cells }: Column,
  kind: "n/a" | "skipped" | "FAIL",
): string[] {
  const titles = new Map<string, string[]>();
  for (const feature of FEATURES) {
    const cell = cells[feature];
    if (cell.kind !== kind) continue;
    const same = titles.get(cell.reason);
    if (same === undefined) titles.set(cell.reason, [TITLES[feature]]);
    else same.push(TITLES[feature]);
  }
  return Array.from(titles, ([reason, same]) => {
    const what = same.length === FEATURES.length ? "all" : same.join("; ");
    return `${kind}  ${name}, ${what}: ${reason}`;
  });
}
