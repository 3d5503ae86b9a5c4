import { assertEquals } from "@std/assert";
import type { FileCoverage } from "../../tools/_lcov.ts";
import {
  formatFolders,
  listGaps,
  listShortfalls,
} from "../../tools/_coverage_report.ts";

function test(name: string, fn: () => void): void {
  Deno.test({ name, permissions: "none", fn });
}

const FILES: FileCoverage[] = [
  {
    path: "rfc9110/a.ts",
    lines: [{ line: 1, hits: 1 }, { line: 2, hits: 0 }, { line: 3, hits: 9 }],
    branches: [{ line: 1, hits: 4 }, { line: 1, hits: 0 }],
  },
  { path: "rfc9110/b.ts", lines: [{ line: 1, hits: 1 }], branches: [] },
  { path: "error.ts", lines: [{ line: 5, hits: 1 }], branches: [] },
];

test("formatFolders returns a row for each folder, and one for all", () => {
  assertEquals(formatFolders(FILES).split("\n"), [
    "                    lines              branches",
    ".                     1/1    100.0 %        0/0    100.0 %",
    "rfc9110/              3/4     75.0 %        1/2     50.0 %",
    "all                   4/5     80.0 %        1/2     50.0 %",
  ]);
});

test("listGaps returns the place of each line and branch without a hit", () => {
  assertEquals(listGaps(FILES), [
    "rfc9110/a.ts:2 no test reaches this line",
    "rfc9110/a.ts:1 no test takes a branch from here",
  ]);
});

test("listShortfalls returns what is below its threshold, and nothing else", () => {
  assertEquals(listShortfalls(FILES, { lines: 80, branches: 50 }), []);
  assertEquals(listShortfalls(FILES, { lines: 81, branches: 50 }), [
    "Tests reach 80.00 % of lines, which is below 81 %",
  ]);
  assertEquals(listShortfalls(FILES, { lines: 80, branches: 50.1 }), [
    "Tests reach 50.00 % of branches, which is below 50.1 %",
  ]);
});
