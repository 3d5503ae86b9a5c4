import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { format, inspect } from "node:util";
import { Secret } from "../../rfc9110/secret.ts";
import { test } from "../_pure.ts";
import { shownAs } from "../_shown.ts";

const HIDDEN = "hush";
const secret = new Secret(HIDDEN);

test("Secret returns the string to who asks for it", () => {
  assertEquals(secret.expose(), HIDDEN);
  assertEquals(new Secret("").expose(), "");
});

test("Secret shows [redacted] as text, and wherever it is shown", () => {
  for (
    const shown of [
      `${secret}`,
      secret + "",
      String(secret),
      [secret].join(),
      Object.keys({ [secret as unknown as string]: 1 })[0],
      new Error(secret as unknown as string).message,
      Deno.inspect(secret),
      Deno.inspect(secret, { showHidden: true }),
      inspect(secret),
      format("%s", secret),
      format("%o", secret),
      JSON.parse(JSON.stringify(secret)),
    ]
  ) assertEquals(shown, "[redacted]");
  for (const shown of shownAs(secret)) assertMatch(shown, /\[redacted\]/);
  const options = { showHidden: true, customInspect: false, depth: 9 };
  assertEquals(inspect(secret, options).includes(HIDDEN), false);
});

test("Secret rejects what is not a string", () => {
  for (const value of [undefined, null, 5, secret] as never[]) {
    assertThrows(() => new Secret(value), TypeError, "not a string");
  }
});

test("Secret has no property that holds the string", () => {
  assertEquals(Reflect.ownKeys(secret), []);
  assertEquals(Object.values(structuredClone(secret)), []);
});
