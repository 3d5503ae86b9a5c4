// HTTP-dates (RFC 9110 §5.6.7), read by their own grammar. The parser of `Date`
// reads other texts too, differently on each runtime, and some in local time.
//
//   Sun, 06 Nov 1994 08:49:37 GMT    IMF-fixdate
//   Sunday, 06-Nov-94 08:49:37 GMT   RFC 850
//   Sun Nov  6 08:49:37 1994         asctime

const MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec";

const MONTH = "(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)";
const TIME = "([01]\\d|2[0-3]):([0-5]\\d):([0-5]\\d|60)";

const IMF_FIXDATE = /* @__PURE__ */ new RegExp(
  `^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), (\\d\\d) ${MONTH} (\\d{4}) ${TIME} GMT$`,
);
const RFC_850 = /* @__PURE__ */ new RegExp(
  `^(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day, (\\d\\d)-${MONTH}-(\\d\\d) ` +
    `${TIME} GMT$`,
);
const ASCTIME = /* @__PURE__ */ new RegExp(
  `^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) ${MONTH} (\\d\\d| \\d) ${TIME} (\\d{4})$`,
);

/**
 * Parses an HTTP-date.
 *
 * The name of the day is not compared with the date. A leap second counts as
 * the first second of the next minute.
 *
 * @param now The time in milliseconds since the epoch, which decides the
 * century of a year with two digits.
 * @returns Milliseconds since the epoch, or `null` if it is not an HTTP-date.
 */
export function parseHttpDate(text: string, now: number): number | null {
  let match = IMF_FIXDATE.exec(text);
  if (match !== null) {
    const [, day, month, year, ...time] = match;
    return toEpoch(Number(year), month!, day!, time);
  }
  match = ASCTIME.exec(text);
  if (match !== null) {
    const [, month, day, hour, minute, second, year] = match;
    return toEpoch(Number(year), month!, day!, [hour!, minute!, second!]);
  }
  match = RFC_850.exec(text);
  if (match === null) return null;
  const [, day, month, year, ...time] = match;
  return resolveCentury(
    Number(year),
    (full) => toEpoch(full, month!, day!, time),
    now,
  );
}

/** Finds the latest time that is not more than 50 years in the future. */
function resolveCentury(
  year: number,
  inYear: (full: number) => number | null,
  now: number,
): number | null {
  const limit = new Date(now);
  limit.setUTCFullYear(limit.getUTCFullYear() + 50);
  const century = limit.getUTCFullYear() - limit.getUTCFullYear() % 100;
  const time = inYear(century + year);
  return time !== null && time > limit.getTime()
    ? inYear(century - 100 + year)
    : time;
}

function toEpoch(
  year: number,
  month: string,
  day: string,
  [hour, minute, second]: readonly string[],
): number | null {
  const date = new Date(0);
  date.setUTCFullYear(year, MONTHS.indexOf(month) / 3, Number(day));
  // Day 0 and February 30 become days of another month.
  if (date.getUTCDate() !== Number(day)) return null;
  return date.setUTCHours(Number(hour), Number(minute), Number(second));
}
