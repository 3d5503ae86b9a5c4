import { assertEquals } from "@std/assert";
import { reportSizes } from "../../../tools/check/sizes.ts";
import { CONFIG, files } from "../_fixture.ts";

function test(name: string, fn: () => void): void {
  Deno.test({ name, permissions: "none", fn });
}

test("reportSizes gives the median and names what is over budget", () => {
  const statements = "  f();\n".repeat(60);
  const report = reportSizes(
    files({
      "a.ts": "// One.\n",
      "b.ts": `// One.\nfunction f() {\n${statements}}\n`,
      "c.ts": "// One.\n".repeat(401),
      "tests/d.ts": "// One.\n".repeat(401),
    }),
    CONFIG,
  );
  assertEquals(report, [
    "b.ts:2 f has 62 lines (budget 60)",
    "c.ts has 401 lines (budget 400)",
    "3 published files, median 63 lines (budget 120), longest 401",
  ]);
});

test("reportSizes names a function without a name by its kind", () => {
  const statements = "  f();\n".repeat(60);
  const report = reportSizes(
    files({ "a.ts": `f(() => {\n${statements}});\n` }),
    CONFIG,
  );
  assertEquals(report[0], "a.ts:1 ArrowFunction has 62 lines (budget 60)");
});

test("reportSizes returns nothing where nothing is published", () => {
  assertEquals(reportSizes(files({ "README.md": "" }), CONFIG), []);
});
