// The results, as a table of runtimes.

import type { Report, Tally } from "./_report.ts";

/** How a runtime did. */
export type Outcome =
  & { readonly name: string; readonly version: string }
  & (
    | { readonly kind: "report"; readonly report: Report }
    | { readonly kind: "skipped" }
    | { readonly kind: "FAIL"; readonly reason: string }
  );

const HEAD = ["runtime", "version", "vectors", "stream", "client"];

/** Lays the results out for a terminal. */
export function formatText(outcomes: readonly Outcome[]): string {
  const rows = [HEAD, ...outcomes.flatMap(rowsOf)];
  const widths = HEAD.map((_, column) =>
    Math.max(...rows.map((row) => row[column]!.length))
  );
  return rows.map((row) =>
    row.map((cell, i) => cell.padEnd(widths[i]!)).join("  ").trimEnd()
  ).join("\n");
}

/** Lays the results out as a table in Markdown. */
export function formatMarkdown(outcomes: readonly Outcome[]): string {
  const rows = [HEAD, HEAD.map(() => "---"), ...outcomes.flatMap(rowsOf)];
  return rows.map((row) => `| ${row.join(" | ")} |`).join("\n");
}

/** A line for each kind of stream. */
function rowsOf(outcome: Outcome): string[][] {
  const { name, version, kind } = outcome;
  if (kind !== "report") return [[name, version, kind, "", kind]];
  const { vectors, streams } = outcome.report;
  return Object.entries(streams).map(([stream, client], index) =>
    index === 0
      ? [name, version, formatTally(vectors), stream, formatTally(client)]
      : ["", "", "", stream, formatTally(client)]
  );
}

function formatTally({ passed, total }: Tally): string {
  return `${passed}/${total}`;
}
