import { assertEquals, assertThrows } from "@std/assert";
import { inspect } from "node:util";
import { HttpAuthBearer, Secret } from "../../auth/mod.ts";
import { test } from "../_pure.ts";

const TOKEN = "mF_9.B5f-4.1JqM";

function assertRejects(make: () => unknown, absent: string): void {
  const error = assertThrows(make, TypeError);
  assertEquals(error.message.startsWith("Invalid Bearer credentials: "), true);
  assertEquals(error.cause, undefined);
  if (absent.length > 2) assertEquals(error.message.includes(absent), false);
}

for (
  const token of [
    TOKEN,
    "a",
    "a=",
    "YWJj====",
    "-._~+/",
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
  ]
) {
  test(`HttpAuthBearer returns "${token}" as it went in, both ways`, () => {
    const auth = new HttpAuthBearer(token);
    assertEquals(auth.token.expose(), token);
    assertEquals(auth.toAuthorization(), `Bearer ${token}`);
    const parsed = HttpAuthBearer.fromAuthorization(`Bearer ${token}`);
    assertEquals(parsed.token.expose(), token);
  });
}

for (
  const token of [
    "",
    "=",
    "==a",
    "a=b",
    "with space",
    " leading",
    "trailing ",
    "line\r\nbreak: 1",
    "tab\tbed",
    "nul\x00",
    'quo"ted',
    "list,ed",
    "co:lon",
    "caf\u00e9",
    "\u212aelvin",
    "\ud83d\udd11key",
  ]
) {
  test(`HttpAuthBearer rejects ${JSON.stringify(token)} as a token`, () => {
    assertRejects(() => new HttpAuthBearer(token), token);
    assertRejects(
      () => HttpAuthBearer.fromAuthorization(`Bearer \t${token}`),
      token,
    );
  });
}

for (
  const scheme of ["Bearer ", "bearer ", "BEARER ", "bEaReR ", "Bearer   "]
) {
  test(`HttpAuthBearer.fromAuthorization accepts "${scheme}"`, () => {
    const auth = HttpAuthBearer.fromAuthorization(`${scheme}${TOKEN}`);
    assertEquals(auth.token.expose(), TOKEN);
    assertEquals(auth.toAuthorization(), `Bearer ${TOKEN}`);
  });
}

for (
  const value of [
    "",
    "Bearer",
    "Bearer ",
    TOKEN,
    `Basic ${TOKEN}`,
    `Bearers ${TOKEN}`,
    `Bearer${TOKEN}`,
    `Bearer\t${TOKEN}`,
    ` Bearer ${TOKEN}`,
    `Bearer ${TOKEN} `,
    `Bearer ${TOKEN}, Basic x`,
    `Bearer token="${TOKEN}"`,
  ]
) {
  test(`HttpAuthBearer.fromAuthorization rejects ${JSON.stringify(value)}`, () => {
    assertRejects(() => HttpAuthBearer.fromAuthorization(value), TOKEN);
  });
}

test("HttpAuthBearer takes a megabyte, and rejects one that is spoilt", () => {
  const token = "=".padStart(1 << 20, "a");
  const auth = new HttpAuthBearer(token);
  assertEquals(auth.toAuthorization().length, token.length + 7);
  assertRejects(() => new HttpAuthBearer(`${token}a`), "aaa");
});

test("HttpAuthBearer takes a Secret, and rejects what is not a string", () => {
  const auth = new HttpAuthBearer(new Secret(TOKEN));
  assertEquals(auth.toAuthorization(), `Bearer ${TOKEN}`);
  for (const value of [undefined, null, 5, {}] as never[]) {
    assertRejects(() => new HttpAuthBearer(value), TOKEN);
    assertRejects(() => HttpAuthBearer.fromAuthorization(value), TOKEN);
  }
  assertThrows(
    () => new HttpAuthBearer(`${auth.token}`),
    TypeError,
    "call expose()",
  );
});

test("HttpAuthBearer shows no token", () => {
  const auth = new HttpAuthBearer(TOKEN);
  assertEquals(auth.token instanceof Secret, true);
  assertEquals(Deno.inspect(auth), "HttpAuthBearer { token: [redacted] }");
  assertEquals(inspect(auth), "HttpAuthBearer { token: [redacted] }");
  assertEquals(JSON.stringify(auth), '{"token":"[redacted]"}');
  assertEquals(`${auth}`.includes(TOKEN), false);
});
