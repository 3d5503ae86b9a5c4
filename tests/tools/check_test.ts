import { assertEquals } from "@std/assert";
import { checkAll, readFiles } from "../../tools/check.ts";
import { CONFIG, files, lines } from "./_fixture.ts";

Deno.test({
  name: "checkAll gives the problems of every check, ordered by place",
  permissions: "none",
  fn() {
    const host = ["npm", "example", "org"].join(".");
    const problems = checkAll(
      files({
        "rfc9110/b.ts": `import "../client/c.ts";`,
        "rfc9110/a.ts": `// ${host}
import "undici";
export function f() { throw Deno; }
`,
        "client/c.ts": "",
      }),
      { ...CONFIG, exports: { ".": "./mod.ts" } },
    );
    assertEquals(lines(problems), [
      'deno.json:1 The export "." has no file: mod.ts is missing',
      `rfc9110/a.ts:1 No file may name the host of a registry, as ${host} ` +
      "is one",
      "rfc9110/a.ts:2 A published module may depend on @std alone, not on " +
      "undici",
      "rfc9110/a.ts:3 A pure module may not use `Deno`",
      "rfc9110/a.ts:3 f throws, and its docs have no @throws",
      "rfc9110/b.ts:1 rfc9110/b.ts may not import client/c.ts: imports point " +
      "downwards only",
    ]);
  },
});

Deno.test("readFiles leaves out what git ignores", () => {
  const root = Deno.makeTempDirSync();
  try {
    Deno.mkdirSync(`${root}/coverage`);
    Deno.mkdirSync(`${root}/rfc9110`);
    Deno.writeTextFileSync(`${root}/.gitignore`, "# Left behind.\ncoverage/\n");
    Deno.writeTextFileSync(`${root}/coverage/a.ts`, "");
    Deno.writeTextFileSync(`${root}/rfc9110/a.ts`, "text");
    const found = readFiles(new URL(`file://${root}/`));
    assertEquals(found.map(({ path }) => path), [".gitignore", "rfc9110/a.ts"]);
    assertEquals(found[1]?.text, "text");
  } finally {
    Deno.removeSync(root, { recursive: true });
  }
});
