import { assertEquals } from "@std/assert";
import { parseHttpDate } from "../../rfc9110/http_date.ts";
import { test } from "../_pure.ts";

const NOW = Date.UTC(2026, 0, 31, 12);

/** Parses a date as RFC 3339, which is read alike everywhere. */
function at(text: string): number {
  return Date.parse(text);
}

for (
  const [text, time] of [
    ["Sun, 06 Nov 1994 08:49:37 GMT", "1994-11-06T08:49:37Z"],
    ["Sunday, 06-Nov-94 08:49:37 GMT", "1994-11-06T08:49:37Z"],
    ["Sun Nov  6 08:49:37 1994", "1994-11-06T08:49:37Z"],
    ["Wed Nov 16 08:49:37 1994", "1994-11-16T08:49:37Z"],
    ["Thu, 29 Feb 2024 23:59:59 GMT", "2024-02-29T23:59:59Z"],
    // A leap second, and the name of another day.
    ["Sat, 31 Dec 2016 23:59:60 GMT", "2017-01-01T00:00:00Z"],
    ["Mon, 06 Nov 1994 08:49:37 GMT", "1994-11-06T08:49:37Z"],
    ["Fri, 31 Dec 9999 23:59:59 GMT", "9999-12-31T23:59:59Z"],
    ["Fri, 01 Jan 0050 00:00:00 GMT", "0050-01-01T00:00:00Z"],
    // Two digits: at most 50 years in the future, to the second.
    ["Friday, 31-Jan-76 12:00:00 GMT", "2076-01-31T12:00:00Z"],
    ["Friday, 31-Jan-76 12:00:01 GMT", "1976-01-31T12:00:01Z"],
    ["Friday, 01-Jan-00 00:00:00 GMT", "2000-01-01T00:00:00Z"],
    ["Tuesday, 29-Feb-72 00:00:00 GMT", "2072-02-29T00:00:00Z"],
  ] as const
) {
  test(`parseHttpDate returns ${time} for ${text}`, () => {
    assertEquals(parseHttpDate(text, NOW), at(time));
  });
}

test("parseHttpDate resolves two digits across the turn of a century", () => {
  const parse = (text: string, now: string) =>
    parseHttpDate(`Monday, 01-Jan-${text} 00:00:00 GMT`, at(now));
  assertEquals(parse("05", "2099-06-01T00:00:00Z"), at("2105-01-01T00:00:00Z"));
  assertEquals(parse("99", "2101-06-01T00:00:00Z"), at("2099-01-01T00:00:00Z"));
  assertEquals(parse("99", "1970-01-01T00:00:00Z"), at("1999-01-01T00:00:00Z"));
});

test("parseHttpDate returns null for anything else", () => {
  const dates = [
    "",
    "0",
    "1994-11-06T08:49:37Z",
    "06 Nov 1994",
    "Sun, 06 Nov 1994 08:49:37",
    "Sun, 06 Nov 1994 08:49:37 UTC",
    "Sun, 06 Nov 1994 08:49:37 +0000",
    "sun, 06 nov 1994 08:49:37 gmt",
    "Sun,  06 Nov 1994 08:49:37 GMT",
    " Sun, 06 Nov 1994 08:49:37 GMT",
    "Sun, 06 Nov 1994 08:49:37 GMT\n",
    "Sun, 6 Nov 1994 08:49:37 GMT",
    "Sun, 06 Nov 94 08:49:37 GMT",
    "Sun, 06-Nov-1994 08:49:37 GMT",
    "Sun, 06 Nov 1994 24:00:00 GMT",
    "Sun, 06 Nov 1994 08:60:00 GMT",
    "Sun, 06 Nov 1994 08:49:61 GMT",
    "Sun, 00 Nov 1994 08:49:37 GMT",
    "Sun, 31 Nov 1994 08:49:37 GMT",
    "Wed, 29 Feb 2023 00:00:00 GMT",
    "Sun Nov 06 08:49:37 1994 GMT",
    "Sun Nov 6 08:49:37 1994",
    "Sun Nov  0 08:49:37 1994",
    "Sunday, 30-Feb-94 08:49:37 GMT",
    "Funday, 06-Nov-94 08:49:37 GMT",
    "Sun, 06 Nov 1994 08:49:37 GMT, Mon, 07 Nov 1994 08:49:37 GMT",
  ];
  assertEquals(
    dates.filter((date) => parseHttpDate(date, NOW) !== null),
    [],
  );
});
