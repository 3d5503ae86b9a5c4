import { assertEquals } from "@std/assert";
import { checkEntries } from "../../../tools/check/entries.ts";
import { CONFIG, files, lines } from "../_fixture.ts";

const PAGE = `/**
 * What it holds.
 *
 * @example
 * \`\`\`ts
 * 1 + 1;
 * \`\`\`
 *
 * @module
 */
`;

function check(texts: Record<string, string>): string[] {
  const repository = { "mod.ts": PAGE, "rfc9110/mod.ts": PAGE, ...texts };
  return lines(checkEntries(files(repository), CONFIG));
}

function test(name: string, fn: () => void): void {
  Deno.test({ name, permissions: "none", fn });
}

test("checkEntries accepts entries that open with a page", () => {
  assertEquals(
    check({ "rfc9110/headers.ts": "", "tools/links/a/mod.ts": "" }),
    [],
  );
});

test("checkEntries rejects an export without a file", () => {
  const problems = checkEntries(files({ "mod.ts": PAGE }), CONFIG);
  assertEquals(lines(problems), [
    'deno.json:1 The export "./low" has no file: rfc9110/mod.ts is missing',
  ]);
});

test("checkEntries rejects a mod.ts that is not exported", () => {
  assertEquals(check({ "sse/mod.ts": PAGE }), [
    "sse/mod.ts:1 This mod.ts is not exported",
  ]);
});

test("checkEntries rejects a mod.ts without a page", () => {
  const message = "A mod.ts opens with a doc comment that has @module";
  for (
    const text of [
      "",
      "export {};\n" + PAGE,
      PAGE.replace("/**", "/*"),
      PAGE.replace("@module", "module"),
    ]
  ) {
    assertEquals(check({ "mod.ts": text }), [`mod.ts:1 ${message}`]);
  }
});

test("checkEntries rejects a page without an example", () => {
  assertEquals(check({ "mod.ts": PAGE.replace("```ts", "```sh") }), [
    "mod.ts:1 The doc comment of a mod.ts has an example in a ts block",
  ]);
});
