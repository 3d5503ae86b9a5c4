import { assertEquals, assertThrows } from "@std/assert";
import { fc } from "../_fast_check.ts";
import { Buffer } from "node:buffer";
import { inspect } from "node:util";
import { HttpAuthBasic, Secret } from "../../auth/mod.ts";
import { test } from "../_pure.ts";

// tests/vectors/auth.json has one case for each rule. Here is the rest.

const HIDDEN = "open sesame";

function assertRejects(make: () => unknown, ...absent: string[]): void {
  const error = assertThrows(make, TypeError, "Invalid Basic credentials: ");
  const repeated = absent.filter((text) => error.message.includes(text));
  assertEquals([error.cause, repeated], [undefined, []]);
}

test("HttpAuthBasic rejects each control character, in either", () => {
  for (const code of [...Array(0x20).keys(), 0x7f]) {
    const text = `ada${String.fromCharCode(code)}min`;
    assertRejects(() => new HttpAuthBasic(text, HIDDEN), "ada", HIDDEN);
    assertRejects(() => new HttpAuthBasic("user", text), "ada", "user");
  }
});

test("HttpAuthBasic takes a Secret, and rejects what is not a string", () => {
  const auth = new HttpAuthBasic("ada", new Secret("hush"));
  assertEquals(auth.toAuthorization(), `Basic ${btoa("ada:hush")}`);
  for (const value of [undefined, null, 5, {}] as never[]) {
    assertRejects(() => new HttpAuthBasic("ada", value), "ada");
    assertRejects(() => new HttpAuthBasic(value, "hush"), "hush");
    assertRejects(() => HttpAuthBasic.fromAuthorization(value));
  }
  for (const text of [`${auth.password}`, "x" + auth.password]) {
    assertThrows(() => new HttpAuthBasic("ada", text), TypeError, "expose()");
  }
});

test("HttpAuthBasic.fromUrl rejects an invalid URL without repeating it", () => {
  const parse = () => HttpAuthBasic.fromUrl("http://ada:hush@exa mple/");
  const { message } = assertThrows(parse, TypeError, "Invalid URL");
  assertEquals(message.includes("hush"), false);
});

test("HttpAuthBasic.fromAuthorization takes a megabyte", () => {
  const password = "x".repeat(1 << 20);
  const value = new HttpAuthBasic("user", password).toAuthorization();
  const parsed = HttpAuthBasic.fromAuthorization(value);
  assertEquals(parsed.password.expose() === password, true);
  assertRejects(() => HttpAuthBasic.fromAuthorization(" ".repeat(1 << 20)));
});

test("HttpAuthBasic.fromAuthorization returns what any pair went in as", () => {
  const text = fc.string({ unit: "grapheme", maxLength: 20 });
  fc.assert(
    fc.property(text, text, (first, password) => {
      const username = first.replaceAll(":", "");
      const value = new HttpAuthBasic(username, password).toAuthorization();
      // Encoded by a program that we did not write.
      const base64 = Buffer.from(`${username}:${password}`).toString("base64");
      assertEquals(value, `Basic ${base64}`);
      const parsed = HttpAuthBasic.fromAuthorization(value);
      assertEquals(parsed.username, username);
      assertEquals(parsed.password.expose(), password);
    }),
    { numRuns: 200, seed: 1 },
  );
});

test("HttpAuthBasic shows the user name and not the password", () => {
  const auth = new HttpAuthBasic("Aladdin", HIDDEN);
  const shown = 'HttpAuthBasic { username: "Aladdin", password: [redacted] }';
  assertEquals(auth.password instanceof Secret, true);
  assertEquals(Deno.inspect(auth), shown);
  assertEquals(inspect(auth), shown.replaceAll('"', "'"));
  assertEquals(inspect(auth, { showHidden: true }).includes(HIDDEN), false);
  const json = '{"username":"Aladdin","password":"[redacted]"}';
  assertEquals(JSON.stringify(auth), json);
  assertEquals(`${auth}`.includes(HIDDEN), false);
});
