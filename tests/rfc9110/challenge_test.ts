import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { inspect } from "node:util";
import { HttpChallenge } from "../../rfc9110/challenge.ts";
import { test } from "../_pure.ts";

/** A challenge as the tables write it: a string in third place is a token68. */
type Expected = [scheme: string, rest?: string | Record<string, string>];

/** `[what the name says, the field value, the challenges]` */
type Case = [outcome: string, value: string, expected: Expected[]];

function parse(value: string): Expected[] {
  return HttpChallenge.parseAll(value).map(({ scheme, token68, params }) => {
    if (token68 !== null) {
      // Either the one or the other.
      assertEquals(params.size, 0);
      return [scheme, token68];
    }
    return params.size === 0 ? [scheme] : [scheme, Object.fromEntries(params)];
  });
}

function testAll(cases: readonly Case[]): void {
  for (const [outcome, value, expected] of cases) {
    test(`HttpChallenge.parseAll ${outcome}`, () => {
      assertEquals(parse(value), expected);
    });
  }
}

// RFC 9110 §11.3 and §11.6.1.
testAll([
  ["returns nothing for an empty value", "", []],
  ["returns nothing for blanks and commas alone", " ,\t, ,", []],
  ["returns a scheme alone", "Negotiate", [["negotiate"]]],
  ["returns a scheme with its token68", "Negotiate YII==", [
    ["negotiate", "YII=="],
  ]],
  ["returns a token68 of every char that it may hold", "NTLM aZ09-._~+/", [
    ["ntlm", "aZ09-._~+/"],
  ]],
  ["lowercases the scheme and the names, not the values", 'BASIC ReAlM="Aa"', [
    ["basic", { realm: "Aa" }],
  ]],
  ["returns parameters with token values", "Digest stale=FALSE, qop=auth", [
    ["digest", { stale: "FALSE", qop: "auth" }],
  ]],
  ["keeps commas within quotes", 'Digest qop="auth,auth-int", nonce=x', [
    ["digest", { qop: "auth,auth-int", nonce: "x" }],
  ]],
  [
    "removes the escapes of a quoted string",
    String.raw`Basic realm="say \"hi\", \\ and \a"`,
    [["basic", { realm: 'say "hi", \\ and a' }]],
  ],
  ["keeps a quoted value that is empty", 'Basic realm=""', [
    ["basic", { realm: "" }],
  ]],
  [
    "keeps the bytes of a quoted value, one char each",
    'Basic realm="\xc3\xa9"',
    [
      ["basic", { realm: "\xc3\xa9" }],
    ],
  ],
  ["keeps HTAB within quotes", 'Basic realm="a\tb"', [
    ["basic", { realm: "a\tb" }],
  ]],
  ["tells the next challenge from a parameter", 'Basic realm="a", Bearer', [
    ["basic", { realm: "a" }],
    ["bearer"],
  ]],
  [
    "reads the example of the RFC, escapes, commas and all",
    String.raw`Newauth realm="apps", type=1, title="Login to \"apps\"", ` +
    'Basic realm="simple"',
    [
      ["newauth", { realm: "apps", type: "1", title: 'Login to "apps"' }],
      ["basic", { realm: "simple" }],
    ],
  ],
  ["returns several schemes without anything", "Negotiate, NTLM,Basic", [
    ["negotiate"],
    ["ntlm"],
    ["basic"],
  ]],
  [
    "keeps the same scheme twice",
    'Basic realm="a", Basic realm="b"',
    [["basic", { realm: "a" }], ["basic", { realm: "b" }]],
  ],
  ["skips empty list elements", ', ,Basic ,, realm="x",,\t, Bearer,', [
    ["basic", { realm: "x" }],
    ["bearer"],
  ]],
  ["accepts blanks around the equals sign", 'Basic realm \t=\t "x" , a =b', [
    ["basic", { realm: "x", a: "b" }],
  ]],
  ["accepts many spaces after the scheme", "Digest   nonce=x", [
    ["digest", { nonce: "x" }],
  ]],
  ["accepts HTAB after the scheme", "Digest\tnonce=x", [
    ["digest", { nonce: "x" }],
  ]],
]);

// Where the grammar is ambiguous: `a=` and `a` are a token68 as well.
testAll([
  ["reads a name and an equals sign alone as a token68", "Foo a=", [
    ["foo", "a="],
  ]],
  ["reads the same before a comma as a token68", "Foo a== , Bar", [
    ["foo", "a=="],
    ["bar"],
  ]],
  ["reads a name, an equals sign and a value as a parameter", "Foo a=b", [
    ["foo", { a: "b" }],
  ]],
  ["reads a single word after the scheme as a token68", "Foo bar", [
    ["foo", "bar"],
  ]],
  ["reads a name before an equals sign as no scheme", "Foo a=b, c = d", [
    ["foo", { a: "b", c: "d" }],
  ]],
  ["skips parameters behind a token68", "Foo abc, a=b, Bar c=d", [
    ["foo", "abc"],
    ["bar", { c: "d" }],
  ]],
  ["keeps the first of two parameters of one name", "Foo a=1, A=2, b=3", [
    ["foo", { a: "1", b: "3" }],
  ]],
]);

// What cannot be parsed is skipped up to the next comma.
testAll([
  ["skips parameters before any scheme", 'realm="x", a=b, Basic c=d', [
    ["basic", { c: "d" }],
  ]],
  ["skips an element that starts with no token", 'Foo, @x y=z, "a, b", Bar', [
    ["foo"],
    ["bar"],
  ]],
  ["skips a scheme that is no token", "Ba@sic a=b, Foo", [["foo"]]],
  ["skips a comma within quotes in what it skips", '@ "x, Bar" @, Foo', [
    ["foo"],
  ]],
  ["skips a comma after an escaped quote in it", String.raw`@"\", Bar", Foo`, [
    ["foo"],
  ]],
  ["keeps the scheme whose first parameter is broken", "Foo @=1, a=b", [
    ["foo", { a: "b" }],
  ]],
  ["keeps the scheme whose first parameter lacks a value", "Foo a= @, b=c", [
    ["foo", { b: "c" }],
  ]],
  ["skips a parameter without a value", "Foo a=b, c=, d=e", [
    ["foo", { a: "b", d: "e" }],
  ]],
  ["skips an equals sign without a name", "Foo a=b, =c, d=e", [
    ["foo", { a: "b", d: "e" }],
  ]],
  [
    "skips a value that is no token, rather than cut it",
    "Foo a=b, c=d/e=, f=g",
    [
      ["foo", { a: "b", f: "g" }],
    ],
  ],
  ["skips what follows a value", 'Foo a="b" junk, c=d e=f, Bar', [
    ["foo", { a: "b", c: "d" }],
    ["bar"],
  ]],
  ["skips what follows a scheme and is neither", "this is junk, Foo", [
    ["this"],
    ["foo"],
  ]],
  ["skips a quoted value with a control character", 'Foo a="\x00,\n", b="c"', [
    ["foo", { b: "c" }],
  ]],
  ["skips a quoted value with a char above 0xFF", 'Foo a="\u20ac", b=c', [
    ["foo", { b: "c" }],
  ]],
  ["skips a name with a char above 0xFF", "Foo a\u0131=b, c=d", [
    ["foo", { c: "d" }],
  ]],
  [
    "keeps what came before a quote that is never closed",
    'Foo a=b, Bar c="d, Z',
    [
      ["foo", { a: "b" }],
      ["bar"],
    ],
  ],
  ["reads an escape at the very end as an open quote", 'Foo a="b\\', [["foo"]]],
]);

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

test("HttpChallenge.parseAll returns what any list was written from", () => {
  const token = fc.string({
    unit: fc.constantFrom(..."az09!-._~"),
    minLength: 1,
    maxLength: 6,
  });
  const text = fc.string({
    unit: fc.constantFrom(...'a, ="\\\t\xff'),
    maxLength: 8,
  });
  const params = fc.dictionary(token, text, {
    maxKeys: 4,
    noNullPrototype: true,
  });
  const token68 = fc.constantFrom("abc", "a+/=", "x==");
  const list = fc.array(fc.tuple(token, fc.oneof(params, token68)), {
    maxLength: 4,
  });
  const comma = fc.constantFrom(",", " , ", ",,\t", ", ");
  fc.assert(
    fc.property(list, comma, (list, comma) => {
      const value = list.map(([scheme, rest]) => {
        if (typeof rest === "string") return `${scheme} ${rest}`;
        const written = Object.entries(rest).map(([name, text]) =>
          `${name}="${text.replace(/["\\]/g, "\\$&")}"`
        );
        return `${scheme} ${written.join(comma)}`;
      }).join(comma);
      const expected = list.map(([scheme, rest]) =>
        typeof rest === "string" || Object.keys(rest).length > 0
          ? [scheme, rest]
          : [scheme]
      );
      assertEquals(parse(value), expected as Expected[]);
    }),
    { numRuns: 300, seed: 1 },
  );
});

test("HttpChallenge.param returns a value for a name in any case", () => {
  const [challenge] = HttpChallenge.parseAll('Basic Realm="x"');
  assertEquals(challenge?.param("REALM"), "x");
  assertEquals(challenge?.param("realm"), "x");
  assertEquals(challenge?.param("charset"), undefined);
});

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
