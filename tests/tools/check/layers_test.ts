import { assertEquals } from "@std/assert";
import { checkLayers } from "../../../tools/check/layers.ts";
import { CONFIG, files, lines } from "../_fixture.ts";

/** Checks one file with one import, and gives the messages. */
function check(path: string, text: string): string[] {
  return checkLayers(files({ [path]: text }), CONFIG)
    .map(({ message }) => message);
}

function from(path: string, specifier: string): string[] {
  return check(path, `import { x } from "${specifier}";`);
}

function test(name: string, fn: () => void): void {
  Deno.test({ name, permissions: "none", fn });
}

test("checkLayers accepts imports that point down", () => {
  for (
    const [path, specifier] of [
      ["client/client.ts", "../rfc9112/send.ts"],
      ["client/client.ts", "../rfc9112/_reader.ts"],
      ["client/client.ts", "../mod.ts"],
      ["mod.ts", "./rfc9110/mod.ts"],
      ["mod.ts", "./error.ts"],
      ["well_known/well_known.ts", "../rfc9112/send.ts"],
      ["rfc1945/send.ts", "../rfc9112/_reader.ts"],
      ["rfc9112/send.ts", "./_reader.ts"],
      ["rfc9110/headers.ts", "../core/quote.ts"],
      ["error.ts", "./core/quote.ts"],
      ["sse/parser.ts", "../core/machine.ts"],
      ["auth/basic.ts", "../rfc9110/_syntax.ts"],
      ["tests/rfc9112/send_test.ts", "../../rfc9112/_reader.ts"],
      ["tests/rfc9112/send_test.ts", "../_pipe.ts"],
      ["bench/send_bench.ts", "../client/mod.ts"],
      ["examples/get.ts", "@scope/name"],
      ["rfc9110/headers.ts", "@std/bytes"],
    ] as const
  ) {
    assertEquals(from(path, specifier), [], `${path} imports ${specifier}`);
  }
});

test("checkLayers rejects imports that point up or sideways", () => {
  for (
    const [path, specifier, target] of [
      ["rfc9110/headers.ts", "../rfc9112/send.ts", "rfc9112/send.ts"],
      ["rfc9112/send.ts", "../rfc1945/send.ts", "rfc1945/send.ts"],
      ["rfc1945/send.ts", "../well_known/mod.ts", "well_known/mod.ts"],
      ["auth/basic.ts", "../well_known/mod.ts", "well_known/mod.ts"],
      ["well_known/mod.ts", "../client/mod.ts", "client/mod.ts"],
      ["mod.ts", "./client/mod.ts", "client/mod.ts"],
      ["error.ts", "./rfc9110/_syntax.ts", "rfc9110/_syntax.ts"],
      ["_quote.ts", "./mod.ts", "mod.ts"],
      ["rfc9112/send.ts", "../mod.ts", "mod.ts"],
      ["rfc9112/send.ts", "@scope/name", "mod.ts"],
      ["client/client.ts", "../tests/_pipe.ts", "tests/_pipe.ts"],
    ] as const
  ) {
    assertEquals(from(path, specifier), [
      `${path} may not import ${target}: imports point downwards only`,
    ]);
  }
});

test("checkLayers rejects every form of an import that points up", () => {
  for (
    const text of [
      `import { x } from "../client/mod.ts";`,
      `import type { X } from "../client/mod.ts";`,
      `import { type X } from "../client/mod.ts";`,
      `import * as x from "../client/mod.ts";`,
      `import "../client/mod.ts";`,
      `import x = require("../client/mod.ts");`,
      `export * from "../client/mod.ts";`,
      `export { x } from "../client/mod.ts";`,
      `export type { X } from "../client/mod.ts";`,
      `export type X = import("../client/mod.ts").X;`,
      `export type X = typeof import("../client/mod.ts");`,
      `export async function f() { await import("../client/mod.ts"); }`,
      "export const x = import(`../client/mod.ts`);",
    ]
  ) {
    assertEquals(check("rfc9112/send.ts", text), [
      "rfc9112/send.ts may not import client/mod.ts: " +
      "imports point downwards only",
    ], text);
  }
});

test("checkLayers rejects an import of a computed name outside tests", () => {
  const text = "export const load = (x: string) => import(x);";
  assertEquals(check("client/client.ts", text), [
    "An import of a computed name cannot be checked",
  ]);
  assertEquals(check("tests/client/client_test.ts", text), []);
});

test("checkLayers rejects HTTP in sse/", () => {
  assertEquals(from("sse/parser.ts", "../rfc9110/_syntax.ts"), [
    "sse/ knows nothing of HTTP, and may not import rfc9110/_syntax.ts",
  ]);
});

test("checkLayers rejects more than header values in auth/", () => {
  for (const path of ["rfc9110/request.ts", "rfc9112/send.ts"]) {
    assertEquals(from("auth/basic.ts", `../${path}`), [
      `auth/ knows only header values, and may not import ${path}`,
    ]);
  }
});

test("checkLayers rejects a private module in an example", () => {
  assertEquals(from("examples/get.ts", "../rfc9112/_reader.ts"), [
    "Examples show what users can do, and rfc9112/_reader.ts is private",
  ]);
  assertEquals(from("examples/get.ts", "./_reply.ts"), []);
});

test("checkLayers rejects a folder that is in no layer", () => {
  assertEquals(from("http2/frame.ts", "../error.ts"), [
    "http2/frame.ts belongs to no layer",
  ]);
  assertEquals(from("client/client.ts", "../http2/frame.ts"), [
    "http2/frame.ts belongs to no layer",
  ]);
});

test("checkLayers leaves the links alone", () => {
  assertEquals(from("tools/links/std_assert/mod.ts", "../client/mod.ts"), []);
});

test("checkLayers rejects a circle, of types as well", () => {
  const problems = checkLayers(
    files({
      "rfc9110/a.ts": `import { b } from "./b.ts";`,
      "rfc9110/b.ts": `import type { C } from "./c.ts";`,
      "rfc9110/c.ts": `export * from "./a.ts";`,
      "rfc9110/d.ts": `import { a } from "./a.ts";`,
    }),
    CONFIG,
  );
  assertEquals(lines(problems), [
    "rfc9110/a.ts:1 Imports go in a circle: " +
    "rfc9110/a.ts -> rfc9110/b.ts -> rfc9110/c.ts -> rfc9110/a.ts",
  ]);
});

test("checkLayers accepts two ways to one file", () => {
  const problems = checkLayers(
    files({
      "rfc9110/a.ts": `import "./b.ts";\nimport "./c.ts";`,
      "rfc9110/b.ts": `import "./c.ts";`,
      "rfc9110/c.ts": "",
    }),
    CONFIG,
  );
  assertEquals(problems, []);
});

test("checkLayers gives the line of the import", () => {
  const problems = checkLayers(
    files({ "error.ts": `// One.\n\nimport "./mod.ts";` }),
    CONFIG,
  );
  assertEquals(problems.map(({ line }) => line), [3]);
});
