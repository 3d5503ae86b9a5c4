// The inputs that the checks reject. They accept this project, which passes them.

import { assertEquals } from "@std/assert";
import { checkAll, readFiles } from "../../tools/check.ts";
import type { Config } from "../../tools/check/source.ts";
import { test } from "../_pure.ts";

const CONFIG: Config = {
  name: "@scope/name",
  exports: { ".": "./mod.ts" },
  links: ["./tools/links/std_assert"],
  publish: { exclude: ["tests/", "bench/", "examples/", "tools/"] },
};
const PAGE = `/**
 * One sentence.
 *
 * @example
 * \`\`\`ts
 * await Deno.connect({ port: 80 });
 * \`\`\`
 *
 * @module
 */
`;
const UPWARD = "imports point downward only";

/** Checks a repository of a page and the given files, for exactly these problems. */
function assertProblems(texts: Record<string, string>, ...expected: string[]) {
  const files = Object.entries({ "mod.ts": PAGE, ...texts })
    .map(([path, text]) => ({ path, text }));
  const problems = checkAll(files, CONFIG)
    .map(({ path, line, message }) => `${path}:${line} ${message}`);
  assertEquals(problems, expected, JSON.stringify(texts));
}

/** Checks imports, each a file and the file that it imports. */
function testImports(
  name: string,
  rows: readonly string[],
  fault: (from: string, to: string) => string[],
): void {
  test(name, () => {
    for (const row of rows) {
      const [from, to] = row.split(" > ") as [string, string];
      const up = "../".repeat(from.split("/").length - 1) || "./";
      const target = to === "mod.ts" ? PAGE : "";
      const text = `import type {} from "${up}${to}";`;
      const problems = fault(from, to).map((text) => `${from}:1 ${text}`);
      assertProblems({ [to]: target, [from]: text }, ...problems);
    }
  });
}

testImports("checkLayers rejects imports that point upward or sideways", [
  "agent/retry.ts > agent/pool.ts",
  "agent/agent.ts > agent/fetch.ts",
  "client/client.ts > agent/agent.ts",
  "client/transport/deno.ts > client/connect/open.ts",
  "client/connection/input.ts > client/exchange/exchange.ts",
  "client/exchange/exchange.ts > client/connect/open.ts",
  "client/exchange/exchange.ts > client/client.ts",
  "cookies/jar.ts > auth/basic.ts",
  "rfc9110/headers.ts > rfc9112/send.ts",
  "rfc9112/send.ts > rfc1945/send.ts",
  "rfc9112/send.ts > mod.ts",
  "error.ts > coroutine.ts",
  "error.ts > rfc9110/headers.ts",
  "core/quote.ts > error.ts",
], (from, to) => [`${from} may not import ${to}: ${UPWARD}`]);

testImports("checkLayers rejects a private module in an example", [
  "examples/get.ts > rfc9112/_status_line.ts",
  "examples/a.ts > core/quote.ts",
], (_, to) => [`Examples show what users can do, and ${to} is private`]);

test("checkLayers rejects every form of an upward import", () => {
  for (
    const text of [
      `import { x } from "../client/a.ts";`,
      `import type { X } from "../client/a.ts";`,
      `import x = require("../client/a.ts");`,
      `export * from "../client/a.ts";`,
      `export type { X } from "../client/a.ts";`,
      `export type X = import("../client/a.ts").X;`,
      `export type X = typeof import("../client/a.ts");`,
      "export const x = import(`../client/a.ts`);",
    ]
  ) {
    assertProblems(
      { "client/a.ts": "", "rfc9112/a.ts": text },
      `rfc9112/a.ts:1 rfc9112/a.ts may not import client/a.ts: ${UPWARD}`,
    );
  }
});

test("checkLayers rejects a computed import outside tests", () => {
  const text = "export const load = (x: string) => import(x);";
  assertProblems(
    { "client/client.ts": text, "tests/a.ts": text },
    "client/client.ts:1 A computed import cannot be checked",
  );
});

test("checkLayers rejects a folder that is in no layer", () => {
  assertProblems(
    { "http2/a.ts": `import "./b.ts";`, "http2/b.ts": "" },
    "http2/a.ts:1 http2/a.ts belongs to no layer",
  );
});

test("checkLayers rejects a cycle, also of types", () => {
  assertProblems(
    {
      "rfc9110/a.ts": `import "./b.ts";\nimport "./d.ts";`,
      "rfc9110/b.ts": `import type { C } from "./c.ts";\nimport "./d.ts";`,
      "rfc9110/c.ts": `export * from "./a.ts";`,
      "rfc9110/d.ts": "",
    },
    "rfc9110/a.ts:1 Imports form a cycle: " +
      "rfc9110/a.ts -> rfc9110/b.ts -> rfc9110/c.ts -> rfc9110/a.ts",
  );
});

test("checkLayers rejects the cycle of HttpError if it is not one of types", () => {
  assertProblems(
    {
      "error.ts": `import { R } from "./rfc9110/response.ts";`,
      "rfc9110/response.ts": `import "../error.ts";`,
    },
    "error.ts:1 Imports form a cycle: " +
      "error.ts -> rfc9110/response.ts -> error.ts",
  );
});

test("checkPurity rejects what a pure module may not use", () => {
  for (
    const [text, message] of [
      ["export const { version } = Deno;", "use `Deno`"],
      ["export const x = globalThis.Deno;", "use `Deno`"],
      [`export const x = Reflect.get(globalThis, "Deno");`, "name `Deno`"],
      [`export const x = load("node:http");`, "name `node:http`"],
      ["export const x = process;", "use `process`"],
      ["setTimeout(() => {}, 1);", "use `setTimeout`"],
      ["fetch('http://localhost/');", "use `fetch`"],
      ["export const x = new WeakRef({});", "use `WeakRef`"],
      ["export const x = Date.now();", "use `Date.now`"],
      ["export const x = new Date();", "use `new Date()`"],
      ["export const x = Math.random();", "use `Math.random`"],
      ["export const x = Promise.resolve();", "use promises"],
      ["export async function x() {}", "use promises"],
    ] as const
  ) {
    for (const path of ["rfc9112/send.ts", "agent/retry.ts", "error.ts"]) {
      const problem = `${path}:1 A pure module may not ${message}`;
      assertProblems({ [path]: text }, problem);
    }
  }
});

test("checkPurity rejects what a pure module imports from a driver", () => {
  assertProblems(
    { "client/a.ts": "", "agent/b.ts": `import "../client/a.ts";` },
    "agent/b.ts:1 A pure module may import only types of client/a.ts",
  );
});

test("checkPurity keeps names of a runtime out of drivers", () => {
  for (const path of ["client/client.ts", "agent/agent.ts", "agent/fetch.ts"]) {
    const text = "// On Deno.Conn.\nexport const x = Deno.pid + Math.random();";
    const problem = `${path}:2 A driver module may not use \`Deno\``;
    assertProblems({ [path]: text }, problem);
  }
  assertProblems(
    { "client/a.ts": `export const x = get("node:net");` },
    "client/a.ts:1 A driver module may not name `node:net`",
  );
});

test("checkDependencies rejects everything else", () => {
  const names = ["undici", "npm:undici", "jsr:@a/b", "node:net", "std"];
  for (const name of [...names, "@scope/name/none"]) {
    const path = "client/connect/node.ts";
    assertProblems(
      { [path]: `import "${name}";` },
      `${path}:1 A published module may depend on @std only, not on ${name}`,
    );
  }
});

test("checkDependencies rejects files that are not published", () => {
  const path = "client/connect/a.ts";
  assertProblems(
    { [path]: `import "../../tests/a.ts";`, "tests/a.ts": "" },
    `${path}:1 ${path} may not import tests/a.ts: ${UPWARD}`,
    `${path}:1 ../../tests/a.ts is not a published file of this package`,
  );
});

test("checkEntries rejects an export without a file, or one too few", () => {
  const problems = checkAll([{ path: "sse/mod.ts", text: PAGE }], CONFIG);
  assertEquals(problems.map(({ path, message }) => `${path} ${message}`), [
    'deno.json The export "." has no file: mod.ts is missing',
    "sse/mod.ts This mod.ts is not exported",
  ]);
});

test("checkEntries rejects an entry point without a page or an example", () => {
  for (const old of [PAGE, "/**", "@mod"]) {
    assertProblems(
      { "mod.ts": PAGE.replace(old, "/*") },
      "mod.ts:1 An entry point opens with a doc comment that has @module",
    );
  }
  assertProblems(
    { "mod.ts": PAGE.replace("```ts", "```sh") },
    "mod.ts:1 The doc comment of an entry point has an example in a ts block",
  );
});

Deno.test("readFiles leaves out files that git ignores", () => {
  const root = Deno.makeTempDirSync();
  try {
    const ignore = "# Left behind.\ncoverage/\n";
    const files = { "coverage/a.ts": "", "rfc9110/a.ts": "text" };
    for (const [path, text] of Object.entries(files)) {
      Deno.mkdirSync(`${root}/${path.replace("/a.ts", "")}`);
      Deno.writeTextFileSync(`${root}/${path}`, text);
    }
    Deno.writeTextFileSync(`${root}/.gitignore`, ignore);
    assertEquals(readFiles(new URL(`file://${root}/`)), [
      { path: ".gitignore", text: ignore },
      { path: "rfc9110/a.ts", text: "text" },
    ]);
  } finally {
    Deno.removeSync(root, { recursive: true });
  }
});
