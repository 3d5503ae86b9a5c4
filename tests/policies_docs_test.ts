// docs/policies.md names the tests of each of its rules.

import { assert, assertEquals } from "@std/assert";

const root = new URL("../", import.meta.url);
const read = (path: string) => Deno.readTextFileSync(new URL(path, root));

/** Lists the files of a path, which may be that of a folder. */
function filesOf(path: string): string[] {
  if (!path.endsWith("/")) return [path];
  const names = [...Deno.readDirSync(new URL(path, root))].map((it) => it.name);
  return names.filter((name) => name.endsWith("_test.ts"))
    .map((name) => path + name);
}

/** The text of a test file, and of the vectors that it imports. */
function textOf(path: string): string {
  const text = read(path);
  const vectors = text.matchAll(/vectors\/\w+\.json/g);
  return text + [...vectors].map(([path]) => read(`tests/${path}`)).join("");
}

const [, ...sections] = read("docs/policies.md").split("\n## ");

for (const section of sections) {
  const [name] = section.split("\n", 1) as [string];
  const rules = name === "fetch"
    ? ["RequestInit", "Requests", "Responses"]
    : [name];

  Deno.test(`docs/policies.md names the tests of its section "${name}"`, () => {
    const list = /\nTests[:,]([^]*)$/.exec(section)?.[1] ?? "";
    const paths = [...list.matchAll(/`(tests\/[\w/.]+)`/g)].map(([, p]) => p!);
    assert(paths.length > 0);
    for (const path of paths.flatMap(filesOf)) {
      const text = textOf(path);
      const names = rules.filter((rule) =>
        new RegExp(`["\`]${rule}: |"rule": "${rule}"`).test(text)
      );
      assertEquals(names.length > 0, true, path);
    }
  });
}
