// docs/policies.md, "Pool": the server's `Keep-Alive`.

import { assertEquals } from "@std/assert";
import { HttpHeaders } from "@pimalaya/io-http";
import { readKeepAlive } from "../../agent/response_fields.ts";

Deno.test("Pool: readKeepAlive reads the seconds of the timeout, if there are any", () => {
  const cases: [value: string, seconds: number | null][] = [
    ["timeout=5", 5],
    ["timeout=5, max=100", 5],
    ["max=100, Timeout = 15", 15],
    ['timeout="30"', 30],
    ["timeout=0", 0],
    ["timeout=99999999999999999999", 999999999],
    ["timeout=-1", null],
    ["timeout=soon", null],
    ["mytimeout=5", null],
    ["max=100", null],
    ["", null],
  ];
  for (const [value, seconds] of cases) {
    const headers = new HttpHeaders({ "Keep-Alive": value });
    assertEquals(readKeepAlive(headers), seconds, value);
  }
  assertEquals(readKeepAlive(new HttpHeaders()), null);
});
