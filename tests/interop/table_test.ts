import { assertEquals } from "@std/assert";
import {
  type Cell,
  type Column,
  countCells,
  formatMarkdown,
  formatNotes,
  formatText,
} from "./_table.ts";
import { type Feature, FEATURES, TITLES } from "./features.ts";
import { test } from "../_pure.ts";

const OK: Cell = { kind: "ok" };

function column(
  name: string,
  version: string,
  cells: Partial<Record<Feature, Cell>> = {},
): Column {
  const all = FEATURES.map((feature) => [feature, cells[feature] ?? OK]);
  return { name, version, cells: Object.fromEntries(all) };
}

const COLUMNS = [
  column("one", "one/1.0", {
    range: { kind: "n/a", reason: "it knows none" },
    head: { kind: "FAIL", reason: "a body" },
    tls: { kind: "FAIL", reason: "a body" },
  }),
  column("two", "two/2.0"),
];

test("formatMarkdown returns one row of cells for each feature", () => {
  const lines = formatMarkdown(COLUMNS).split("\n");
  assertEquals(lines.length, FEATURES.length + 2);
  assertEquals(lines[0], "|  | one | two |");
  assertEquals(lines[1], "| --- | --- | --- |");
  assertEquals(lines[2], `| ${TITLES.sized} | ok | ok |`);
  assertEquals(lines.includes(`| ${TITLES.head} | FAIL | ok |`), true);
});

test("formatText returns columns that start below each other", () => {
  const lines = formatText(COLUMNS).split("\n");
  assertEquals(lines.length, FEATURES.length + 1);
  const at = lines[0]!.indexOf("two");
  for (const line of lines.slice(1)) assertEquals(line.indexOf("ok", at), at);
});

test("formatNotes returns each reason once, with the features it is for", () => {
  assertEquals(
    formatNotes(COLUMNS),
    "one: one/1.0\ntwo: two/2.0\n\n" +
      `n/a  one, ${TITLES.range}: it knows none\n\n` +
      `FAIL  one, ${TITLES.head}; ${TITLES.tls}: a body`,
  );
});

test("formatNotes returns one line for a server that is not there", () => {
  const cell: Cell = { kind: "skipped", reason: "it is not installed" };
  const cells = Object.fromEntries(FEATURES.map((name) => [name, cell]));
  assertEquals(
    formatNotes([column("one", "", cells)]),
    "\nskipped  one, all: it is not installed",
  );
});

test("countCells returns how many cells there are of each kind", () => {
  assertEquals(countCells(COLUMNS), {
    "ok": 2 * FEATURES.length - 3,
    "n/a": 1,
    "skipped": 0,
    "FAIL": 2,
  });
});
