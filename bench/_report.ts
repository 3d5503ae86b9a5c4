// The figures as a page of the docs.

import type { Spread } from "./_measure.ts";
import { type Group, isMet, type Row } from "./_table.ts";

/** A group, and the runtime that it was measured on. */
export interface Measured extends Group {
  readonly runtime: string;
}

// The results of profiles for missed goals, by the name of the row.
const REASONS = new URL("./reasons.json", import.meta.url);

/** Formats all groups in Markdown. */
export function formatReport(measured: readonly Measured[]): string {
  const rows = measured.flatMap(({ rows }) => rows);
  const goals = rows.filter(({ target }) => target !== null);
  const date = new Date().toISOString().slice(0, 10);
  const machine =
    `${Deno.build.target}, ${navigator.hardwareConcurrency} cores`;
  return [
    "# Results",
    "",
    "Written by `deno task bench`, which runs all contenders in turn, in one",
    "process for each group. A result with the unit `x` is our speed divided by",
    "the peer's: above 1, this package is faster. It is the median over all",
    "rounds; the spread is the quartiles. The ceiling is the same figure of a bare",
    "loop or connection: the least that any client has to do.",
    "",
    `${date}, ${machine}, Deno ${Deno.version.deno}, V8 ${Deno.version.v8}, a ` +
    `load of ${Deno.loadavg()[0]!.toFixed(2)} at the end. ` +
    `${goals.filter(isMet).length} of ${goals.length} goals are met.`,
    "",
    ...measured.flatMap(formatSection),
    ...formatMissed(measured, JSON.parse(Deno.readTextFileSync(REASONS))),
  ].join("\n");
}

function formatSection({ title, runtime, rows }: Measured): string[] {
  const at = title.indexOf(":");
  return [
    `## ${title.slice(0, at)}, ${runtime}`,
    "",
    `${capitalize(title.slice(at + 1).trim())}.`,
    "",
    "| row | result | spread | peer | ours | theirs | goal | ceiling |",
    "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ...rows.map(formatRow),
    "",
  ];
}

function formatRow(row: Row): string {
  const { what, value, peer, ours, theirs, ceiling } = row;
  const median = formatMedian(row, value);
  return "| " + [
    what,
    isMet(row) ? median : `**${median}**`,
    `${formatFigure(value.low)} to ${formatFigure(value.high)}`,
    peer || "-",
    ours,
    theirs || "-",
    formatGoal(row),
    ceiling ? formatMedian(row, ceiling.value) : "-",
  ].join(" | ") + " |";
}

/**
 * Lists the missed goals, each with the figure of a bare loop.
 *
 * @param reasons The results of profiles, by the name of the row.
 */
export function formatMissed(
  measured: readonly Measured[],
  reasons: Readonly<Record<string, string>>,
): string[] {
  const lines = measured.flatMap(({ runtime, rows }) => {
    const missed = Map.groupBy(
      rows.filter((row) => !isMet(row)),
      ({ what }) => what,
    );
    return [...missed].flatMap(([what, rows]) => [
      `- **${what}**, ${runtime}: ${reasons[what] ?? "Not explained yet."}`,
      ...rows.map((row) => `  - ${formatMiss(row)}`),
    ]);
  });
  return lines.length === 0 ? [] : ["## Missed goals", "", ...lines, ""];
}

function formatMiss(row: Row): string {
  const { peer, value, ceiling } = row;
  const against = peer && `against ${peer}: `;
  const least = ceiling
    ? `; a ${ceiling.name} reaches ${formatMedian(row, ceiling.value)}`
    : "";
  return `${against}${formatMedian(row, value)}, with a goal of ` +
    `${formatGoal(row)}${least}`;
}

function formatMedian({ unit }: Row, { median }: Spread): string {
  return `${formatFigure(median)} ${unit}`.trim();
}

function formatGoal({ target }: Row): string {
  if (target === null) return "-";
  return "atLeast" in target
    ? `at least ${formatFigure(target.atLeast)}`
    : `at most ${formatFigure(target.atMost)}`;
}

function formatFigure(value: number): string {
  return Math.abs(value) < 100 ? value.toFixed(2) : value.toFixed(0);
}

function capitalize(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
