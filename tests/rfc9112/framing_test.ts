import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import fc from "fast-check";
import { HttpError } from "../../error.ts";
import { HttpHeaders } from "../../rfc9110/headers.ts";
import { HttpResponse } from "../../rfc9110/response.ts";
import { decideFraming, parseLength } from "../../rfc9112/framing.ts";
import { test } from "../_pure.ts";

type Fields = [name: string, value: string][];

function decide(method: string, status: number, fields: Fields) {
  const headers = new HttpHeaders(fields);
  return decideFraming(method, new HttpResponse({ status, headers }));
}

const CODED: Fields = [["Transfer-Encoding", "chunked"]];
const SIZED: Fields = [["Content-Length", "5"]];
const BROKEN: Fields = [["Transfer-Encoding", ""], ["Content-Length", "x"]];

for (
  const [what, method, status, kind] of [
    ["a tunnel for 2xx to CONNECT", "CONNECT", 200, "tunnel"],
    ["a tunnel for 204 to CONNECT", "CONNECT", 204, "tunnel"],
    ["a tunnel for 101, whatever the method", "HEAD", 101, "tunnel"],
    ["no body for an answer to HEAD", "HEAD", 200, "none"],
    ["no body for 204", "GET", 204, "none"],
    ["no body for 304", "POST", 304, "none"],
    ["no body for 304 to CONNECT", "CONNECT", 304, "none"],
  ] as const
) {
  test(`decideFraming returns ${what}, and reads no field for it`, () => {
    for (const fields of [[], CODED, SIZED, BROKEN]) {
      const { framing, ambiguous } = decide(method, status, fields);
      assertEquals([framing, ambiguous], [{ kind }, false]);
    }
  });
}

test("decideFraming returns a new decision each time", () => {
  for (const fields of [CODED, SIZED, []]) {
    const { framing } = decide("GET", 200, fields);
    const before = { ...framing };
    Object.assign(framing, { kind: "none" });
    assertEquals(decide("GET", 200, fields).framing, before);
  }
});

test("decideFraming names the fields in its errors, escaped and cut short", () => {
  for (
    const [name, value] of [
      ["Transfer-Encoding", `gzip\t"${"x".repeat(100)}`],
      ["Content-Length", `1\t"${"0".repeat(100)}`],
    ] as const
  ) {
    const error = assertThrows(
      () => decide("GET", 200, [[name, value]]),
      HttpError,
      name,
    );
    assertMatch(error.message, /\\t\\"[x0]+\.\.\."/);
    assert(error.message.length < 150);
  }
});

test("parseLength returns the number where it is digits alone", () => {
  for (
    const [text, number] of [
      ["0", 0],
      ["\t 7 \t", 7],
      ["007", 7],
      ["9007199254740991", Number.MAX_SAFE_INTEGER],
      [`${"0".repeat(10_000)}1`, 1],
    ] as const
  ) {
    assertEquals(parseLength(text), number);
  }
});

for (
  const text of [
    ...["", " ", "+1", "-1", "-0", "1.0", "1e3", "0x1", "1_000", "1 2", "1,2"],
    ...["\u0661", "\uff11", "1\0", "\n1", "1\r", "\xa01", "Infinity", "NaN"],
    ...["9007199254740992", "9".repeat(400), "18446744073709551617"],
  ]
) {
  test(`parseLength returns -1 for ${JSON.stringify(text.slice(0, 24))}`, () => {
    assertEquals(parseLength(text), -1);
  });
}

test("parseLength returns what BigInt makes of digits, up to 2^53-1", () => {
  const digits = fc.stringMatching(/^[0-9]{1,18}$/);
  const near = fc.bigInt({ min: 2n ** 53n - 9n, max: 2n ** 53n + 9n });
  fc.assert(
    fc.property(fc.oneof(digits, near.map(String)), (text) => {
      const value = BigInt(text);
      const known = value <= BigInt(Number.MAX_SAFE_INTEGER);
      assertEquals(parseLength(text), known ? Number(value) : -1);
    }),
    { seed: 9201, numRuns: 300 },
  );
});
