import { assertEquals } from "@std/assert";
import { findUnloaded } from "../../tools/coverage.ts";
import { files } from "./_fixture.ts";

Deno.test({
  name: "findUnloaded returns the files with code that have no coverage",
  permissions: "none",
  fn() {
    const sources = files({
      "covered.ts": "export const a = 1;\n",
      "forgotten.ts": "/** Docs. */\nexport const a = 1;\n",
      "types.ts": "// Types.\nimport type { B } from './b.ts';\n" +
        "export interface A { b: B }\nexport type { B };\n",
      "exports.ts": "export { a } from './covered.ts';\n",
      "empty.ts": "",
    });
    const covered = [{ path: "covered.ts", lines: [], branches: [] }];
    assertEquals(findUnloaded(sources, covered), [
      "forgotten.ts",
      "exports.ts",
    ]);
  },
});
