import { assertEquals } from "@std/assert";
import { checkAll, readFiles } from "../../tools/check.ts";
import type { Config } from "../../tools/check/source.ts";

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

/** Checks a repository of a page and the given files. */
function check(texts: Record<string, string>): string[] {
  const files = Object.entries({ "mod.ts": PAGE, ...texts });
  return checkAll(files.map(([path, text]) => ({ path, text })), CONFIG)
    .map(({ path, line, message }) => `${path}:${line} ${message}`);
}

function test(name: string, fn: () => void): void {
  Deno.test({ name, permissions: "none", fn });
}

/** Each row is a file, the file that it imports, and whether it may. */
function testImports(
  name: string,
  rows: readonly (readonly [from: string, to: string])[],
  fault: (from: string, to: string) => string | null,
): void {
  test(name, () => {
    for (const [from, to] of rows) {
      const specifier = "../".repeat(from.split("/").length - 1) || "./";
      const message = fault(from, to);
      assertEquals(
        check({
          [to]: PAGE,
          [from]: `import type {} from "${specifier}${to}";`,
        })
          .filter((line) => !line.includes("is not exported"))
          .filter((line) => !line.includes("opens with a doc comment")),
        message === null ? [] : [`${from}:1 ${message}`],
        `${from} imports ${to}`,
      );
    }
  });
}

testImports("checkLayers accepts imports that point downward", [
  ["agent/fetch.ts", "agent/agent.ts"],
  ["agent/agent.ts", "agent/pool.ts"],
  ["agent/pool.ts", "agent/pool_state.ts"],
  ["agent/retry.ts", "error.ts"],
  ["client/client.ts", "client/exchange/exchange.ts"],
  ["client/client.ts", "client/connect/open.ts"],
  ["client/exchange/exchange.ts", "client/connection/connection.ts"],
  ["client/connect/open.ts", "client/transport/transport.ts"],
  ["client/client.ts", "mod.ts"],
  ["client/client.ts", "rfc9112/_status_line.ts"],
  ["cookies/jar.ts", "rfc9110/headers.ts"],
  ["proxy/socks5.ts", "coroutine.ts"],
  ["rfc1945/send.ts", "rfc9112/send.ts"],
  ["rfc9112/send.ts", "rfc9112/_status_line.ts"],
  ["coroutine.ts", "error.ts"],
  ["error.ts", "core/quote.ts"],
  ["core/machine.ts", "error.ts"],
  ["tests/rfc9112/send_test.ts", "rfc9112/_status_line.ts"],
  ["bench/heads.ts", "client/client.ts"],
], () => null);

testImports(
  "checkLayers rejects imports that point upward or sideways",
  [
    ["agent/retry.ts", "agent/pool.ts"],
    ["agent/agent.ts", "agent/fetch.ts"],
    ["client/client.ts", "agent/agent.ts"],
    ["client/transport/deno.ts", "client/connect/open.ts"],
    ["client/connection/input.ts", "client/exchange/exchange.ts"],
    ["client/exchange/exchange.ts", "client/connect/open.ts"],
    ["client/exchange/exchange.ts", "client/client.ts"],
    ["cookies/jar.ts", "auth/basic.ts"],
    ["rfc9110/headers.ts", "rfc9112/send.ts"],
    ["rfc9112/send.ts", "rfc1945/send.ts"],
    ["rfc9112/send.ts", "mod.ts"],
    ["error.ts", "coroutine.ts"],
    ["error.ts", "rfc9110/headers.ts"],
    ["core/quote.ts", "error.ts"],
  ],
  (from, to) => `${from} may not import ${to}: imports point downward only`,
);

testImports(
  "checkLayers rejects a private module in an example",
  [["examples/get.ts", "rfc9112/_status_line.ts"], [
    "examples/a.ts",
    "core/quote.ts",
  ]],
  (_, to) => `Examples show what users can do, and ${to} is private`,
);

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
    assertEquals(check({ "client/a.ts": "", "rfc9112/a.ts": text }), [
      "rfc9112/a.ts:1 rfc9112/a.ts may not import client/a.ts: " +
      "imports point downward only",
    ], text);
  }
});

test("checkLayers rejects a computed import outside tests", () => {
  const text = "export const load = (x: string) => import(x);";
  assertEquals(check({ "client/client.ts": text, "tests/a.ts": text }), [
    "client/client.ts:1 A computed import cannot be checked",
  ]);
});

test("checkLayers rejects a folder that is in no layer", () => {
  assertEquals(check({ "http2/a.ts": `import "./b.ts";`, "http2/b.ts": "" }), [
    "http2/a.ts:1 http2/a.ts belongs to no layer",
  ]);
});

test("checkLayers rejects a cycle, also of types", () => {
  assertEquals(
    check({
      "rfc9110/a.ts": `import "./b.ts";\nimport "./d.ts";`,
      "rfc9110/b.ts": `import type { C } from "./c.ts";\nimport "./d.ts";`,
      "rfc9110/c.ts": `export * from "./a.ts";`,
      "rfc9110/d.ts": "",
    }),
    [
      "rfc9110/a.ts:1 Imports form a cycle: " +
      "rfc9110/a.ts -> rfc9110/b.ts -> rfc9110/c.ts -> rfc9110/a.ts",
    ],
  );
});

test("checkLayers accepts the one cycle of types, of HttpError", () => {
  const response = `import "../error.ts";`;
  const type = `import type { R } from "./rfc9110/response.ts";`;
  assertEquals(
    check({ "error.ts": type, "rfc9110/response.ts": response }),
    [],
  );
  assertEquals(
    check({
      "error.ts": type.replace("type ", ""),
      "rfc9110/response.ts": response,
    }).length,
    1,
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
      const expected = `${path}:1 A pure module may not ${message}`;
      assertEquals(check({ [path]: text }), [expected], text);
    }
  }
});

test("checkPurity rejects what a pure module imports from a driver", () => {
  const texts = { "client/a.ts": "", "agent/b.ts": `import "../client/a.ts";` };
  assertEquals(check(texts), [
    "agent/b.ts:1 A pure module may import only types of client/a.ts",
  ]);
  const type = `import type { A } from "../client/a.ts";`;
  assertEquals(check({ "client/a.ts": "", "agent/b.ts": type }), []);
});

test("checkPurity accepts members, types, dates by number, and prose", () => {
  const text = `// What Deno.inspect and node:util print.
export class A {
  fetch(): void {}
}
export interface B {
  process: Promise<void>;
}
export const c = { crypto: new A().fetch(), then: B.Promise };
export const d = new Date(Date.UTC(2000, 0, 1));
`;
  assertEquals(check({ "rfc9110/a.ts": text }), []);
});

test("checkPurity keeps names of a runtime out of drivers", () => {
  const text = "// On Deno.Conn.\nexport const x = Deno.pid + Math.random();";
  const paths = ["client/client.ts", "agent/agent.ts", "agent/fetch.ts"];
  for (const path of paths) {
    assertEquals(check({ [path]: text }), [
      `${path}:2 A driver module may not use \`Deno\``,
    ]);
  }
  assertEquals(check({ "client/a.ts": `export const x = get("node:net");` }), [
    "client/a.ts:1 A driver module may not name `node:net`",
  ]);
  for (const path of ["client/connect/deno.ts", "tests/a.ts", "README.md"]) {
    assertEquals(check({ [path]: text }), []);
  }
});

test("checkDependencies accepts @std, and types of a runtime", () => {
  const text = `import "@std/bytes";\nimport type { Socket } from "node:net";`;
  assertEquals(check({ "client/transport/node.ts": text }), []);
});

test("checkDependencies rejects everything else", () => {
  for (const name of ["undici", "npm:undici", "jsr:@a/b", "node:net", "std"]) {
    const path = "client/connect/node.ts";
    assertEquals(check({ [path]: `import "${name}";` }), [
      `${path}:1 A published module may depend on @std only, not on ${name}`,
    ]);
  }
  const own = `export * from "@scope/name/none";`;
  assertEquals(check({ "error.ts": own }), [
    "error.ts:1 A published module may depend on @std only, not on " +
    "@scope/name/none",
  ]);
});

test("checkDependencies rejects files that are not published", () => {
  const path = "client/connect/a.ts";
  const text = `import "../../tests/a.ts";`;
  assertEquals(check({ [path]: text, "tests/a.ts": "" }), [
    `${path}:1 ${path} may not import tests/a.ts: imports point downward only`,
    `${path}:1 ../../tests/a.ts is not a published file of this package`,
  ]);
});

test("checkEntries rejects an export without a file, or one too few", () => {
  const problems = checkAll([{ path: "sse/mod.ts", text: PAGE }], CONFIG);
  assertEquals(problems.map(({ path, message }) => `${path} ${message}`), [
    'deno.json The export "." has no file: mod.ts is missing',
    "sse/mod.ts This mod.ts is not exported",
  ]);
});

test("checkEntries rejects an entry point without a page or an example", () => {
  for (
    const [text, message] of [
      ["", "opens with a doc comment that has @module"],
      [PAGE.replace("/**", "/*"), "opens with a doc comment that has @module"],
      [
        PAGE.replace("@mod", "mod"),
        "opens with a doc comment that has @module",
      ],
    ] as const
  ) {
    const expected = [`mod.ts:1 An entry point ${message}`];
    assertEquals(check({ "mod.ts": text }), expected, text);
  }
  assertEquals(check({ "mod.ts": PAGE.replace("```ts", "```sh") }), [
    "mod.ts:1 The doc comment of an entry point has an example in a ts block",
  ]);
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
