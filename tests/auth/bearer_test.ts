import { assertEquals, assertThrows } from "@std/assert";
import { inspect } from "node:util";
import { HttpAuthBearer, Secret } from "../../auth/mod.ts";
import { test } from "../_pure.ts";

// tests/vectors/auth.json has one case for each rule. Here is the rest.

const TOKEN = "mF_9.B5f-4.1JqM";

test("HttpAuthBearer takes a megabyte, and rejects one that is spoilt", () => {
  const token = "=".padStart(1 << 20, "a");
  const auth = new HttpAuthBearer(token);
  assertEquals(auth.toAuthorization().length, token.length + 7);
  assertThrows(() => new HttpAuthBearer(`${token}a`), TypeError);
});

test("HttpAuthBearer takes a Secret, and rejects what is not a string", () => {
  const auth = new HttpAuthBearer(new Secret(TOKEN));
  assertEquals(auth.toAuthorization(), `Bearer ${TOKEN}`);
  const invalid = "Invalid Bearer credentials: ";
  for (const value of [undefined, null, 5, {}] as never[]) {
    assertThrows(() => new HttpAuthBearer(value), TypeError, invalid);
    const parse = () => HttpAuthBearer.fromAuthorization(value);
    assertThrows(parse, TypeError, invalid);
  }
  const mistake = () => new HttpAuthBearer(`${auth.token}`);
  assertThrows(mistake, TypeError, "call expose()");
});

test("HttpAuthBearer shows no token", () => {
  const auth = new HttpAuthBearer(TOKEN);
  assertEquals(auth.token instanceof Secret, true);
  assertEquals(Deno.inspect(auth), "HttpAuthBearer { token: [redacted] }");
  assertEquals(inspect(auth), "HttpAuthBearer { token: [redacted] }");
  assertEquals(JSON.stringify(auth), '{"token":"[redacted]"}');
  assertEquals(`${auth}`.includes(TOKEN), false);
});
