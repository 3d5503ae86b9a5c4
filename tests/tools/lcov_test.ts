import { assertEquals } from "@std/assert";
import { parseLcov } from "../../tools/_lcov.ts";

function test(name: string, fn: () => void): void {
  Deno.test({ name, permissions: "none", fn });
}

test("parseLcov returns the lines and branches of each file", () => {
  const report = [
    "SF:/root/rfc9110/a.ts",
    "FN:3,f",
    "FNDA:2,f",
    "BRDA:4,1,0,2",
    "BRDA:4,1,1,0",
    "BRDA:6,2,0,-",
    "BRF:3",
    "BRH:1",
    "DA:3,2",
    "DA:6,0",
    "LH:1",
    "LF:2",
    "end_of_record",
    "SF:/elsewhere/b.ts",
    "DA:1,1",
    "end_of_record",
    "",
  ].join("\n");
  assertEquals(parseLcov(report, "/root/"), [
    {
      path: "rfc9110/a.ts",
      lines: [{ line: 3, hits: 2 }, { line: 6, hits: 0 }],
      branches: [
        { line: 4, hits: 2 },
        { line: 4, hits: 0 },
        { line: 6, hits: 0 },
      ],
    },
    { path: "/elsewhere/b.ts", lines: [{ line: 1, hits: 1 }], branches: [] },
  ]);
});

test("parseLcov returns nothing for an empty report", () => {
  assertEquals(parseLcov("", "/root/"), []);
});
