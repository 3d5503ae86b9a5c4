import { assertEquals } from "@std/assert";
import { parseHttpDate } from "../../rfc9110/http_date.ts";
import dates from "../vectors/dates.json" with { type: "json" };
import { test } from "../_pure.ts";

const NOW = "2026-01-31T12:00:00Z";

for (const { name, date, expect, ...vector } of dates) {
  test(name, () => {
    const now = "now" in vector ? vector.now : NOW;
    const time = expect.time === null ? null : Date.parse(expect.time);
    assertEquals(parseHttpDate(date, Date.parse(now)), time);
  });
}
