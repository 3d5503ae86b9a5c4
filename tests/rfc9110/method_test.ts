import { assertEquals } from "@std/assert";
import { isIdempotent, isSafe } from "../../rfc9110/method.ts";
import { test } from "../_pure.ts";

const SAFE = "GET HEAD OPTIONS TRACE PROPFIND QUERY REPORT SEARCH";
const IDEMPOTENT_ALONE = "PUT DELETE ACL COPY MKCOL MOVE PROPPATCH UNLOCK " +
  "MKCALENDAR VERSION-CONTROL";
const NEITHER = "POST CONNECT PATCH LOCK";
const UNKNOWN = " get Get put PURGE PRI * constructor __proto__";

for (
  const [methods, safe, idempotent] of [
    [SAFE, true, true],
    [IDEMPOTENT_ALONE, false, true],
    [NEITHER, false, false],
    [UNKNOWN, false, false],
  ] as const
) {
  for (const method of methods.split(" ")) {
    test(`"${method}" has isSafe ${safe}, isIdempotent ${idempotent}`, () => {
      assertEquals([isSafe(method), isIdempotent(method)], [safe, idempotent]);
    });
  }
}

test("A method with a space behind is neither safe nor idempotent", () => {
  assertEquals([isSafe("GET "), isIdempotent("GET ")], [false, false]);
});
