import { assertEquals } from "@std/assert";
import { isIdempotent, isSafe } from "../../rfc9110/method.ts";

const SAFE = ["GET", "HEAD", "OPTIONS", "TRACE"]
  .concat("PROPFIND", "QUERY", "REPORT", "SEARCH");
const IDEMPOTENT_ALONE = ["PUT", "DELETE"]
  .concat("ACL", "COPY", "MKCOL", "MOVE", "PROPPATCH", "UNLOCK")
  .concat("MKCALENDAR", "VERSION-CONTROL");
const NEITHER = ["POST", "CONNECT", "PATCH", "LOCK"];
const UNKNOWN = ["", "get", "Get", "put", "GET ", "PURGE", "PRI", "*"]
  .concat("constructor", "__proto__");

for (const method of SAFE) {
  Deno.test({
    name: `${method} is safe and idempotent`,
    permissions: "none",
    fn() {
      assertEquals([isSafe(method), isIdempotent(method)], [true, true]);
    },
  });
}

for (const method of IDEMPOTENT_ALONE) {
  Deno.test({
    name: `${method} is idempotent and not safe`,
    permissions: "none",
    fn() {
      assertEquals([isSafe(method), isIdempotent(method)], [false, true]);
    },
  });
}

for (const method of NEITHER) {
  Deno.test({
    name: `${method} is neither safe nor idempotent`,
    permissions: "none",
    fn() {
      assertEquals([isSafe(method), isIdempotent(method)], [false, false]);
    },
  });
}

for (const method of UNKNOWN) {
  Deno.test({
    name: `An unknown method, "${method}", is neither safe nor idempotent`,
    permissions: "none",
    fn() {
      assertEquals([isSafe(method), isIdempotent(method)], [false, false]);
    },
  });
}
