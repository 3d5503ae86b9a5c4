import { assertEquals, assertThrows } from "@std/assert";
import { inspect } from "node:util";
import { HttpAuthBearer, Secret } from "../../auth/mod.ts";

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
  Deno.test({
    name: `HttpAuthBearer returns "${token}" as it went in, both ways`,
    permissions: "none",
    fn() {
      const auth = new HttpAuthBearer(token);
      assertEquals(auth.token.expose(), token);
      assertEquals(auth.toAuthorization(), `Bearer ${token}`);
      const parsed = HttpAuthBearer.fromAuthorization(`Bearer ${token}`);
      assertEquals(parsed.token.expose(), token);
    },
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
  Deno.test({
    name: `HttpAuthBearer rejects ${JSON.stringify(token)} as a token`,
    permissions: "none",
    fn() {
      assertRejects(() => new HttpAuthBearer(token), token);
      assertRejects(
        () => HttpAuthBearer.fromAuthorization(`Bearer \t${token}`),
        token,
      );
    },
  });
}

for (
  const scheme of ["Bearer ", "bearer ", "BEARER ", "bEaReR ", "Bearer   "]
) {
  Deno.test({
    name: `HttpAuthBearer.fromAuthorization accepts "${scheme}"`,
    permissions: "none",
    fn() {
      const auth = HttpAuthBearer.fromAuthorization(`${scheme}${TOKEN}`);
      assertEquals(auth.token.expose(), TOKEN);
      assertEquals(auth.toAuthorization(), `Bearer ${TOKEN}`);
    },
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
  Deno.test({
    name: `HttpAuthBearer.fromAuthorization rejects ${JSON.stringify(value)}`,
    permissions: "none",
    fn() {
      assertRejects(() => HttpAuthBearer.fromAuthorization(value), TOKEN);
    },
  });
}

Deno.test({
  name: "HttpAuthBearer takes a megabyte, and rejects one that is spoilt",
  permissions: "none",
  fn() {
    const token = "=".padStart(1 << 20, "a");
    const auth = new HttpAuthBearer(token);
    assertEquals(auth.toAuthorization().length, token.length + 7);
    assertRejects(() => new HttpAuthBearer(`${token}a`), "aaa");
  },
});

Deno.test({
  name: "HttpAuthBearer shows no token",
  permissions: "none",
  fn() {
    const auth = new HttpAuthBearer(TOKEN);
    assertEquals(auth.token instanceof Secret, true);
    assertEquals(Deno.inspect(auth), "HttpAuthBearer { token: [redacted] }");
    assertEquals(inspect(auth), "HttpAuthBearer { token: [redacted] }");
    assertEquals(JSON.stringify(auth), '{"token":"[redacted]"}');
    assertEquals(`${auth}`.includes(TOKEN), false);
  },
});
