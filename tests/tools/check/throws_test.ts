import { assertEquals } from "@std/assert";
import { checkThrows } from "../../../tools/check/throws.ts";
import { CONFIG, files, lines } from "../_fixture.ts";

function check(text: string, others: Record<string, string> = {}): string[] {
  const repository = files({ "rfc9110/a.ts": text, ...others });
  return lines(checkThrows(repository, CONFIG));
}

function test(name: string, fn: () => void): void {
  Deno.test({ name, permissions: "none", fn });
}

function complaint(name: string, line = 1): string[] {
  return [`rfc9110/a.ts:${line} ${name} throws, and its docs have no @throws`];
}

test("checkThrows rejects a public function that throws unsaid", () => {
  for (
    const text of [
      "export function f() { throw new TypeError(); }",
      "export async function f() { if (x) throw 1; }",
      "export const f = () => { throw 1; };",
      "export const f = function () { for (;;) throw 1; };",
      "export function f() { g(); }\nfunction g() { h(); }\n" +
      "const h = () => { throw 1; };",
      "/** Docs, and @param x X. */\nexport function f() { throw 1; }",
    ]
  ) {
    const line = text.startsWith("/**") ? 2 : 1;
    assertEquals(
      check(text),
      complaint("f", line),
      text,
    );
  }
});

test("checkThrows rejects a public member that throws unsaid", () => {
  for (
    const [member, name] of [
      ["constructor() { throw 1; }", "constructor"],
      ["m() { throw 1; }", "m"],
      ["static m() { throw 1; }", "m"],
      ["get m() { throw 1; }", "m"],
      ["m() { this.#n(); } #n() { throw 1; }", "m"],
      ["m() { A.#n(); } static #n() { throw 1; }", "m"],
      ["m() { new B(1); }", "m"],
    ] as const
  ) {
    assertEquals(
      check(`export class A { ${member} }
class B { constructor() { throw 1; } }`),
      complaint(`A.${name}`),
      member,
    );
  }
});

test("checkThrows follows calls into other files", () => {
  const caller = `import { g as h } from "../_g.ts";
export function f() { h(); }`;
  const callee = "export function g() { throw 1; }";
  assertEquals(check(caller, { "_g.ts": callee }), complaint("f", 2));
  assertEquals(check(caller, { "_g.ts": callee.replace("throw", "") }), []);
  assertEquals(check(caller), []);
});

test("checkThrows accepts what says @throws", () => {
  const doc = "/** F. @throws {TypeError} If so. */";
  for (
    const text of [
      `${doc}\nexport function f() { throw 1; }`,
      `${doc}\nexport const f = () => { throw 1; };`,
      `export class A {\n${doc}\nconstructor() { throw 1; }\n}`,
      `export class A {\n${doc}\nm(): void;\nm(x?: 1) { throw 1; }\n}`,
    ]
  ) {
    assertEquals(check(text.replace(" @throws", "\n * @throws")), [], text);
  }
});

test("checkThrows accepts what lets nothing out", () => {
  for (
    const body of [
      "try { throw 1; } catch { return; }",
      "try { g(); } catch (error) { if (x) throw error; }",
      "return () => { throw 1; };",
      "return class { m() { throw 1; } };",
      "f(); m.g(); this.g(); new A(); new A;",
    ]
  ) {
    assertEquals(
      check(`export function f() { ${body} }
function g() { throw 1; }
class A { constructor(x) { if (x) throw 1; } }`),
      [],
      body,
    );
  }
});

test("checkThrows rejects a throw from catch, finally or a bare try", () => {
  for (
    const body of [
      "try {} catch (error) { throw new TypeError(); }",
      "try {} catch { throw 1; }",
      "try { throw 1; } finally {}",
      "try {} finally { throw 1; }",
    ]
  ) {
    assertEquals(check(`export function f() { ${body} }`), complaint("f"));
  }
});

test("checkThrows leaves alone what users cannot call", () => {
  assertEquals(
    check(
      `function f() { throw 1; }
class A { m() { throw 1; } }
export class B { #m() { throw 1; } private n() { throw 1; } }`,
      {
        "_a.ts": "export function f() { throw 1; }",
        "tests/a.ts": "export function f() { throw 1; }",
      },
    ),
    [],
  );
});
