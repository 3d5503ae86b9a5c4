import { assertEquals, assertStringIncludes } from "@std/assert";
import { test } from "../_pure.ts";
import { parseTimedArgs } from "./args.ts";
import { type Cell, OK, runCell } from "./cells.ts";
import { formatNotes, formatTable, type Result } from "./matrix.ts";

const ROWS = ["HEAD", "204", "TLS"];
const NONE: Cell = { kind: "skipped", reason: "it is not installed" };
const BODY: Cell = { kind: "FAIL", reason: "a body" };
const RESULTS = [
  result("one", [OK, BODY, BODY]),
  result("second", [OK, { kind: "n/a", reason: "it has none" }, OK]),
  result("third", [NONE, NONE, NONE], ""),
];

function result(name: string, cells: readonly Cell[], version = "1.0"): Result {
  return {
    name,
    version,
    cells: new Map(ROWS.map((row, i) => [row, cells[i]!])),
  };
}

test("formatTable returns columns that start below each other", () => {
  assertEquals(formatTable(ROWS, RESULTS).split("\n"), [
    "|      | one  | second | third   |",
    "| ---- | ---- | ------ | ------- |",
    "| HEAD | ok   | ok     | skipped |",
    "| 204  | FAIL | n/a    | skipped |",
    "| TLS  | FAIL | ok     | skipped |",
  ]);
});

test("formatNotes returns each reason once, with its rows", () => {
  assertEquals(formatNotes(ROWS, RESULTS).split("\n"), [
    "one: 1.0",
    "second: 1.0",
    "",
    "n/a  second, 204: it has none",
    "",
    "skipped  third, all: it is not installed",
    "",
    "FAIL  one, 204; TLS: a body",
  ]);
});

test("runCell returns the outcome of a case, also of one without an end", async () => {
  const endless = () => new Promise<never>(() => {});
  assertEquals(await runCell(1000, () => Promise.resolve()), OK);
  const failed = await runCell(1000, () => Promise.reject(new Error("No")));
  assertStringIncludes(JSON.stringify(failed), "Error: No");
  const late = await runCell(1, endless);
  assertStringIncludes(JSON.stringify(late), "No end after 1 ms");
});

test("runCell disposes of what a case used, the last first, also after a failure", async () => {
  for (const outcome of [Promise.resolve(), Promise.reject(new Error("No"))]) {
    const disposed: number[] = [];
    await runCell(1000, (use) => {
      for (const id of [1, 2]) {
        const dispose = () => Promise.resolve(void disposed.push(id));
        use({ [Symbol.asyncDispose]: dispose });
      }
      return outcome;
    });
    await Promise.resolve();
    assertEquals(disposed, [2, 1]);
  }
});

test("parseTimedArgs returns the seconds and the seed, or null", () => {
  const parse = (text: string) =>
    parseTimedArgs(text === "" ? [] : text.split(" "), ["--node"], 5);
  assertEquals(parse(""), { seconds: null, seed: 5, flags: [] });
  assertEquals(parse("9"), { seconds: 9, seed: 5, flags: [] });
  assertEquals(parse("--seed 7 9"), { seconds: 9, seed: 7, flags: [] });
  const flags = ["--node"];
  assertEquals(parse("9 --node --seed 0"), { seconds: 9, seed: 0, flags });
  for (const text of ["0", "-1", "x", "9 9", "--seed x", "--deno"]) {
    assertEquals(parse(text), null, text);
  }
});
