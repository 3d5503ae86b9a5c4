// The results of a measurement, and their output.

import { ratioOf, type Result, type Spread, spreadOf } from "./_measure.ts";

/** The goal of a figure. */
export type Target = { readonly atLeast: number } | { readonly atMost: number };

/** One line of the table: this package, one peer, and how they compare. */
export interface Row {
  /** The measured work, and its setup. */
  readonly what: string;
  /** The figure of this package. */
  readonly ours: string;
  /** The peer or limit, empty if the figure stands alone. */
  readonly peer: string;
  /** Its figure. */
  readonly theirs: string;
  /** The quantity that has the target: usually our speed divided by the peer's. */
  readonly value: Spread;
  /** The unit of `value`: `x` for a ratio. */
  readonly unit: string;
  /** `null` if the row has no goal. */
  readonly target: Target | null;
  /** The same figure for the minimum of any client, if it is known. */
  readonly ceiling?: Ceiling | null;
}

/** The figure of a bare loop or connection in place of this package. */
export interface Ceiling {
  /** Its name, starting with "bare". */
  readonly name: string;
  readonly value: Spread;
}

/** All rows about one thing. */
export interface Group {
  /** The subject of all its rows, and their setup. */
  readonly title: string;
  readonly rows: readonly Row[];
}

/**
 * Builds the rows of one of our contenders against several peers.
 *
 * @param bare The bare loops among those that were measured, of which each row
 * quotes the fastest as its ceiling.
 */
export function ratioRows(
  what: string,
  ours: Result,
  peers: readonly (readonly [Result, Target | null])[],
  format: (speed: number) => string,
  bare: readonly Result[] = [],
): Row[] {
  return peers.map(([theirs, target]) => ({
    what,
    ours: format(spreadOf(ours.speeds).median),
    peer: theirs.name,
    theirs: format(spreadOf(theirs.speeds).median),
    value: ratioOf(ours, theirs),
    unit: "x",
    target,
    ceiling: bare.includes(theirs) ? null : ceilingOf(theirs, bare),
  }));
}

/** Returns the fastest of some bare loops, compared with a peer. */
function ceilingOf(theirs: Result, bare: readonly Result[]): Ceiling | null {
  const ceilings = bare
    .map((loop) => ({ name: loop.name, value: ratioOf(loop, theirs) }))
    .sort((a, b) => b.value.median - a.value.median);
  return ceilings[0] ?? null;
}

/** Returns whether a row reaches its target. */
export function isMet({ value, target }: Row): boolean {
  if (target === null) return true;
  return "atLeast" in target
    ? value.median >= target.atLeast
    : value.median <= target.atMost;
}

/** Lays a group out as text. */
export function formatGroup({ title, rows }: Group): string {
  const head = [
    "what",
    "io-http",
    "peer",
    "its figure",
    "result",
    "spread",
    "target",
    "ceiling",
  ];
  const cells = rows.map((row) => [
    row.what,
    row.ours,
    row.peer,
    row.theirs,
    `${formatNumber(row.value.median)} ${row.unit}`.trimEnd(),
    `${formatNumber(row.value.low)} - ${formatNumber(row.value.high)}`,
    formatTarget(row),
    row.ceiling ? formatNumber(row.ceiling.value.median) : "-",
  ]);
  const widths = head.map((name, column) =>
    Math.max(name.length, ...cells.map((line) => line[column]!.length))
  );
  const lines = [head, widths.map((width) => "-".repeat(width)), ...cells].map(
    (line) => line.map((cell, i) => cell.padEnd(widths[i]!)).join("  "),
  );
  return [title, "", ...lines.map((line) => `  ${line}`.trimEnd()), ""]
    .join("\n");
}

function formatTarget(row: Row): string {
  const { target } = row;
  if (target === null) return "-";
  const bound = "atLeast" in target
    ? `at least ${target.atLeast}`
    : `at most ${target.atMost}`;
  return `${bound}: ${isMet(row) ? "met" : "MISSED"}`;
}

function formatNumber(value: number): string {
  return Math.abs(value) < 100 ? value.toFixed(2) : value.toFixed(0);
}

/** Formats how often something was done a second. */
export function perSecond(speed: number): string {
  if (speed >= 1e6) return `${(speed / 1e6).toFixed(2)} M/s`;
  if (speed >= 1e3) return `${(speed / 1e3).toFixed(1)} k/s`;
  return `${speed.toFixed(1)} /s`;
}

/** Creates a formatter of speeds, for work that moves the given number of bytes. */
export function bytesPerSecond(bytes: number): (speed: number) => string {
  return (speed) => {
    const rate = speed * bytes;
    return rate >= 1e9
      ? `${(rate / 1e9).toFixed(2)} GB/s`
      : `${(rate / 1e6).toFixed(1)} MB/s`;
  };
}

/** Formats the time that one run takes. */
export function milliseconds(speed: number): string {
  return `${(1000 / speed).toFixed(2)} ms`;
}
