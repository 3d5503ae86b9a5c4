import { assertEquals } from "@std/assert";
import { findUnloaded, isPureTest } from "../../tools/coverage.ts";
import {
  formatFolders,
  listGaps,
  listShortfalls,
  parseLcov,
} from "../../tools/_lcov.ts";

const LCOV = `SF:/root/rfc9110/a.ts
DA:1,3
DA:2,0
BRDA:1,0,0,2
BRDA:1,0,1,-
end_of_record
SF:/root/error.ts
DA:1,1
end_of_record
`;
const FILES = parseLcov(LCOV, "/root/");

function test(name: string, fn: () => void): void {
  Deno.test({ name, permissions: "none", fn });
}

test("parseLcov returns the lines and branches of each file", () => {
  assertEquals(FILES, [
    {
      path: "rfc9110/a.ts",
      lines: [{ line: 1, hits: 3 }, { line: 2, hits: 0 }],
      branches: [{ line: 1, hits: 2 }, { line: 1, hits: 0 }],
    },
    { path: "error.ts", lines: [{ line: 1, hits: 1 }], branches: [] },
  ]);
});

test("formatFolders returns a row for each folder, and one for all", () => {
  assertEquals(
    formatFolders(FILES).split("\n").map((line) => line.split(/ {2,}/)),
    [
      ["", "lines", "branches"],
      [".", "1/1", "100.0 %", "0/0", "100.0 %"],
      ["rfc9110/", "1/2", "50.0 %", "1/2", "50.0 %"],
      ["all", "2/3", "66.7 %", "1/2", "50.0 %"],
    ],
  );
});

test("listGaps returns the place of each line and branch not reached", () => {
  assertEquals(listGaps(FILES), [
    "rfc9110/a.ts:2 no test reaches this line",
    "rfc9110/a.ts:1 no test takes a branch from here",
  ]);
});

test("listShortfalls returns each folder that is below a threshold", () => {
  assertEquals(listShortfalls(FILES, { lines: 50, branches: 50 }), []);
  assertEquals(listShortfalls(FILES, { lines: 51, branches: 50 }), [
    "Tests reach 50.00 % of the lines of rfc9110/, below 51 %",
  ]);
});

test("findUnloaded returns the files with code that no test loads", () => {
  const texts = {
    "error.ts": "export const a = 1;\n",
    "forgotten.ts": "/** Docs. */\nexport const a = 1;\n",
    "types.ts": "import type { B } from './b.ts';\n" +
      "export interface A { b: B }\nexport type { B };\n",
    "exports.ts": "export { a } from './covered.ts';\n",
    "empty.ts": "",
  };
  const sources = Object.entries(texts).map(([path, text]) => ({ path, text }));
  assertEquals(findUnloaded(sources, FILES), ["forgotten.ts", "exports.ts"]);
});

const PURE = ["agent/pool_state.ts", "rfc9112/send.ts"];

test("isPureTest returns whether a test is one of a pure file", () => {
  for (
    const [path, expected] of [
      ["tests/rfc9112/send_test.ts", true],
      ["tests/vectors_test.ts", true],
      ["tests/agent/pool_state_test.ts", true],
      ["tests/agent/pool_state_property_test.ts", true],
      ["tests/agent/pool_test.ts", false],
      ["tests/agent/fetch_test.ts", false],
      ["tests/client/client_test.ts", false],
      ["tests/tools/check_test.ts", false],
      ["tests/rfc9112/_cases.ts", false],
    ] as const
  ) assertEquals(isPureTest(path, PURE), expected, path);
});
