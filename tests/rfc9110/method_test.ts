import { assertEquals } from "@std/assert";
import { isIdempotent, isSafe } from "../../rfc9110/method.ts";
import { test } from "../_pure.ts";

const SAFE = ["GET", "HEAD", "OPTIONS", "TRACE"]
  .concat("PROPFIND", "QUERY", "REPORT", "SEARCH");
const IDEMPOTENT_ALONE = ["PUT", "DELETE"]
  .concat("ACL", "COPY", "MKCOL", "MOVE", "PROPPATCH", "UNLOCK")
  .concat("MKCALENDAR", "VERSION-CONTROL");
const NEITHER = ["POST", "CONNECT", "PATCH", "LOCK"];
const UNKNOWN = ["", "get", "Get", "put", "GET ", "PURGE", "PRI", "*"]
  .concat("constructor", "__proto__");

for (const method of SAFE) {
  test(`${method} is safe and idempotent`, () => {
    assertEquals([isSafe(method), isIdempotent(method)], [true, true]);
  });
}

for (const method of IDEMPOTENT_ALONE) {
  test(`${method} is idempotent and not safe`, () => {
    assertEquals([isSafe(method), isIdempotent(method)], [false, true]);
  });
}

for (const method of NEITHER) {
  test(`${method} is neither safe nor idempotent`, () => {
    assertEquals([isSafe(method), isIdempotent(method)], [false, false]);
  });
}

for (const method of UNKNOWN) {
  test(`An unknown method, "${method}", is neither safe nor idempotent`, () => {
    assertEquals([isSafe(method), isIdempotent(method)], [false, false]);
  });
}
