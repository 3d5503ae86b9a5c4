import { assertEquals } from "@std/assert";
import { checkDependencies } from "../../../tools/check/dependencies.ts";
import { CONFIG, files, lines } from "../_fixture.ts";

function check(text: string): string[] {
  const repository = files({
    "client/client.ts": text,
    "error.ts": "",
    "tests/_pipe.ts": `import "undici";`,
  });
  return lines(checkDependencies(repository, CONFIG));
}

function test(name: string, fn: () => void): void {
  Deno.test({ name, permissions: "none", fn });
}

test("checkDependencies accepts @std and files of the package", () => {
  assertEquals(check(`import "@std/bytes";\nimport "../error.ts";`), []);
});

test("checkDependencies rejects every other package", () => {
  for (
    const specifier of ["undici", "npm:undici", "jsr:@a/b", "node:net", "std/x"]
  ) {
    assertEquals(check(`import "${specifier}";`), [
      "client/client.ts:1 A published module may depend on @std alone, " +
      `not on ${specifier}`,
    ]);
  }
});

test("checkDependencies rejects files that are not published", () => {
  assertEquals(check(`\nimport "../tests/_pipe.ts";`), [
    "client/client.ts:2 ../tests/_pipe.ts is not a published file of this " +
    "package",
  ]);
});

test("checkDependencies rejects the package's own name", () => {
  assertEquals(check(`import "@scope/name";`), [
    "client/client.ts:1 @scope/name is not a published file of this package",
  ]);
});
