import { assertEquals } from "@std/assert";
import { checkPurity } from "../../../tools/check/purity.ts";
import { CONFIG, files, lines } from "../_fixture.ts";

function check(path: string, text: string): string[] {
  return lines(checkPurity(files({ [path]: text }), CONFIG));
}

function test(name: string, fn: () => void): void {
  Deno.test({ name, permissions: "none", fn });
}

test("checkPurity rejects the globals of one runtime, and I/O", () => {
  for (
    const [text, name] of [
      ["export const { version } = Deno;", "Deno"],
      ["export const x = globalThis.Deno;", "Deno"],
      ["export const x = Bun;", "Bun"],
      ["export const x = Date.now();", "Date"],
      ["export const x = process;", "process"],
      ["setTimeout(() => {}, 1);", "setTimeout"],
      ["await fetch('http://localhost/');", "fetch"],
    ] as const
  ) {
    assertEquals(check("rfc9112/send.ts", text), [
      `rfc9112/send.ts:1 A pure module may not use \`${name}\``,
    ], text);
  }
});

test("checkPurity rejects runtimes in strings and comments, and randomness", () => {
  for (
    const [text, name] of [
      [`import "node:net";`, "node:"],
      [`export const x = Reflect.get(globalThis, "Deno");`, `"Deno"`],
      ["// as Deno.connect does", "Deno."],
      ["export const x = Math.random();", "Math.random"],
      ["/** See `node:http`. */", "node:"],
    ] as const
  ) {
    assertEquals(check("error.ts", text), [
      `error.ts:1 A pure module may not mention \`${name}\``,
    ], text);
  }
});

test("checkPurity accepts names of members, and Deno in prose", () => {
  assertEquals(
    check(
      "rfc9110/request.ts",
      `// What Deno and Node print.
export class A {
  fetch(): void {}
}
export interface B {
  process: string;
}
export const c = { crypto: new A().fetch() };
`,
    ),
    [],
  );
});

test("checkPurity accepts a runtime in the code block of a doc", () => {
  const text = `/**
 * Sends.
 *
 * @example A driver
 * \`\`\`ts
 * await Deno.connect({ port: 80 });
 * \`\`\`
 */
export const x = Deno.version;
`;
  assertEquals(check("rfc9112/send.ts", text), [
    "rfc9112/send.ts:9 A pure module may not use `Deno`",
    "rfc9112/send.ts:9 A pure module may not mention `Deno.`",
  ]);
});

test("checkPurity leaves the client and what is not published alone", () => {
  const text = "export const x = Deno.version;";
  assertEquals(check("client/client.ts", text), []);
  assertEquals(check("tests/client/client_test.ts", text), []);
  assertEquals(check("README.md", text), []);
});
