import { assertEquals } from "@std/assert";
import { format, inspect } from "node:util";
import { Secret } from "../../rfc9110/secret.ts";
import { test } from "../_pure.ts";

const HIDDEN = "hush";
const secret = new Secret(HIDDEN);

test("Secret returns the string to who asks for it", () => {
  assertEquals(secret.expose(), HIDDEN);
  assertEquals(new Secret("").expose(), "");
});

for (
  const [what, shown] of [
    ["a template literal", `${secret}`],
    ["a concatenation", secret + ""],
    ["String()", String(secret)],
    ["toString()", secret.toString()],
    ["Array.join", [secret].join()],
    ["a property key", Object.keys({ [secret as unknown as string]: 1 })[0]],
    ["an Error's message", new Error(secret as unknown as string).message],
    ["Deno.inspect", Deno.inspect(secret)],
    ["inspect of Node", inspect(secret)],
    ["format of Node with %s", format("%s", secret)],
    ["format of Node with %o", format("%o", secret)],
  ] as const
) {
  test(`Secret shows [redacted] to ${what}`, () => {
    assertEquals(shown, "[redacted]");
  });
}

test("Secret shows [redacted] to JSON.stringify, alone and within", () => {
  assertEquals(JSON.stringify(secret), '"[redacted]"');
  assertEquals(JSON.stringify({ a: [secret] }), '{"a":["[redacted]"]}');
});

test("Secret shows [redacted] within what is inspected", () => {
  assertEquals(Deno.inspect({ secret }), "{ secret: [redacted] }");
  assertEquals(inspect({ secret }), "{ secret: [redacted] }");
});

test("Secret hides the string from an inspection of its private parts", () => {
  const options = { showHidden: true, customInspect: false, depth: 9 };
  assertEquals(inspect(secret, options).includes(HIDDEN), false);
  assertEquals(Deno.inspect(secret, { showHidden: true }), "[redacted]");
});

test("Secret has no property that holds the string", () => {
  assertEquals(Reflect.ownKeys(secret), []);
  assertEquals(Object.values(structuredClone(secret)), []);
});
