// docs/policies.md, "Cookies": dates by the grammar of RFC 6265bis.

import { assertEquals } from "@std/assert";
import { parseCookieDate } from "../../cookies/cookie_date.ts";
import { test } from "../_pure.ts";
import { expand, type Wire } from "../_vectors.ts";
import vectors from "../vectors/cookie_dates.json" with { type: "json" };

for (const { date, expect: { time } } of vectors) {
  const text = expand(date as Wire);
  test(`Cookies: parseCookieDate returns ${time} for "${text.slice(0, 50)}"`, () => {
    assertEquals(
      parseCookieDate(text),
      time === null ? null : Date.parse(time),
    );
  });
}
