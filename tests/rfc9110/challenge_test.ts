import { assertEquals } from "@std/assert";
import { inspect } from "node:util";
import { HttpChallenge } from "../../rfc9110/challenge.ts";
import { test } from "../_pure.ts";

// tests/vectors/auth.json has one case for each rule. Here is the rest.

// If any of it is quadratic, each of these takes a minute and more.
const MANY = 1 << 18;

for (
  const [what, unit, count] of [
    ["quotes", '"', 0],
    ["commas", ",", 0],
    ["blanks", " ", 0],
    ["equals signs", "=", 0],
    ["backslashes", "\\", 0],
    ["escaped quotes", '\\"', 0],
    ["open quoted values", 'a="', 0],
    ["schemes", "a,", MANY],
    ["words", "a ", 1],
    ["parameters without a scheme", "a=b,", 0],
    ["token68s", "a b=,", MANY],
    ["control characters", "\x00", 0],
  ] as const
) {
  test(`HttpChallenge.parseAll reads ${MANY} ${what} in a row`, () => {
    const value = unit.repeat(MANY);
    assertEquals(HttpChallenge.parseAll(value).length, count);
  });
}

test("HttpChallenge keeps a parameter named __proto__ as any other", () => {
  const [challenge] = HttpChallenge.parseAll("Foo __proto__=x");
  assertEquals(challenge?.param("__proto__"), "x");
  assertEquals(
    JSON.stringify(challenge),
    '{"scheme":"foo","token68":null,"params":{"__proto__":"x"}}',
  );
});

test("HttpChallenge shows its values when serialized or inspected", () => {
  const challenges = HttpChallenge.parseAll('Foo abc, Bar realm="def"');
  assertEquals(
    JSON.stringify(challenges),
    '[{"scheme":"foo","token68":"abc","params":{}},' +
      '{"scheme":"bar","token68":null,"params":{"realm":"def"}}]',
  );
  for (const shown of [Deno.inspect(challenges), inspect(challenges)]) {
    assertEquals(/HttpChallenge \{[^]*abc[^]*def/.test(shown), true, shown);
  }
});
