import { assertEquals } from "@std/assert";
import { STATUS_CODES } from "node:http";
import { reasonPhrase, StatusCode } from "../../rfc9110/status.ts";

Deno.test({
  name: "StatusCode holds each code once, in order, from 100 to 511",
  permissions: "none",
  fn() {
    const codes: number[] = Object.values(StatusCode);
    assertEquals(codes, [...new Set(codes)].sort((a, b) => a - b));
    assertEquals(codes.length, 62);
    assertEquals(codes[0], 100);
    assertEquals(codes.at(-1), 511);
  },
});

Deno.test({
  name: "StatusCode leaves out the codes that the registry calls unused",
  permissions: "none",
  fn() {
    const codes: number[] = Object.values(StatusCode);
    assertEquals(codes.filter((code) => code === 306 || code === 418), []);
  },
});

Deno.test({
  name: "StatusCode names are in PascalCase, acronyms as words",
  permissions: "none",
  fn() {
    for (const name of Object.keys(StatusCode)) {
      assertEquals(/^([A-Z][a-z]+)+$/.test(name), true, name);
    }
    assertEquals(StatusCode.Ok, 200);
    assertEquals(StatusCode.ImUsed, 226);
    assertEquals(StatusCode.UriTooLong, 414);
    assertEquals(StatusCode.HttpVersionNotSupported, 505);
  },
});

Deno.test({
  name: "StatusCode is a type that admits any registered code",
  permissions: "none",
  fn() {
    const codes: StatusCode[] = [404, StatusCode.Continue];
    assertEquals(codes, [404, 100]);
  },
});

// Where RFC 9110 and the registry say something else than Node, which keeps
// the phrases of older documents and has not all of the codes.
const NOT_AS_IN_NODE: Readonly<Record<number, string>> = {
  104: "Upload Resumption Supported",
  413: "Content Too Large",
  422: "Unprocessable Content",
};

Deno.test({
  name: "reasonPhrase returns the registry's phrase for each code",
  permissions: "none",
  fn() {
    for (const code of Object.values(StatusCode)) {
      const expected = NOT_AS_IN_NODE[code] ?? STATUS_CODES[code];
      assertEquals(reasonPhrase(code), expected, String(code));
    }
  },
});

for (
  const [code, phrase] of [
    [200, "OK"],
    [203, "Non-Authoritative Information"],
    [207, "Multi-Status"],
    [226, "IM Used"],
    [414, "URI Too Long"],
    [431, "Request Header Fields Too Large"],
    [505, "HTTP Version Not Supported"],
  ] as const
) {
  Deno.test({
    name: `reasonPhrase returns "${phrase}" for ${code}`,
    permissions: "none",
    fn() {
      assertEquals(reasonPhrase(code), phrase);
    },
  });
}

Deno.test({
  name: "reasonPhrase returns undefined for a code that is not registered",
  permissions: "none",
  fn() {
    for (const code of [0, 99, 199, 306, 418, 509, 599, 999, 200.5, NaN, -1]) {
      assertEquals(reasonPhrase(code), undefined, String(code));
    }
  },
});
