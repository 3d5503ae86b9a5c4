// docs/policies.md, "Cookies": dates by the grammar of RFC 6265bis.

import { assertEquals } from "@std/assert";
import { parseCookieDate } from "../../cookies/cookie_date.ts";
import { test } from "../_pure.ts";

const NOON = Date.UTC(2026, 10, 26, 12, 0, 0);

for (
  const [text, expected] of [
    ["Thu, 26 Nov 2026 12:00:00 GMT", NOON],
    ["Thursday, 26-Nov-26 12:00:00 GMT", NOON],
    ["Thu Nov 26 12:00:00 2026", NOON],
    ["2026 november 26 12:0:00", NOON],
    ["26th,NOVember;2026a 12:00:00x", NOON],
    // The first token that fits a part counts.
    ["12:00:00 26 Nov 2026 13:00:00 27 Dec 2027", NOON],
    ["26 Nov 12:00:00 70", Date.UTC(1970, 10, 26, 12)],
    ["26 Nov 12:00:00 69", Date.UTC(2069, 10, 26, 12)],
    ["26 Nov 12:00:00 1601", Date.UTC(1601, 10, 26, 12)],
    ["29 Feb 2028 23:59:59", Date.UTC(2028, 1, 29, 23, 59, 59)],
    // A part is missing or out of range.
    ["", null],
    ["26 Nov 2026", null],
    ["Nov 2026 12:00:00", null],
    ["26 2026 12:00:00", null],
    ["26 Nov 12:00:00", null],
    ["26 Nov 1600 12:00:00", null],
    ["0 Nov 2026 12:00:00", null],
    ["31 Nov 2026 12:00:00", null],
    ["29 Feb 2026 12:00:00", null],
    ["26 Nov 2026 24:00:00", null],
    ["26 Nov 2026 12:60:00", null],
    ["26 Nov 2026 12:00:60", null],
    ["26 Nov 2026 12:00", null],
    ["026 Nov 2026 12:00:00", null],
    ["26 Nov 20260 12:00:00", null],
    ["26 Nov 2026 012:00:00", null],
    ["x".repeat(1e6), null],
  ] as const
) {
  test(`parseCookieDate returns ${expected} for ${text.slice(0, 50)}`, () => {
    assertEquals(parseCookieDate(text), expected);
  });
}
