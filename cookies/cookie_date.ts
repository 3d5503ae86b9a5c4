// Cookie dates by their own grammar (RFC 6265bis §5.1.1): any order, any
// delimiter, the first token that fits each part counts.

const DELIMITERS = /[\t\x20-\x2f\x3b-\x40\x5b-\x60\x7b-\x7e]+/;
const TIME = /^(\d{1,2}):(\d{1,2}):(\d{1,2})(?:\D|$)/;
const DAY = /^(\d{1,2})(?:\D|$)/;
const MONTH = /^(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)/i;
const YEAR = /^(\d{2,4})(?:\D|$)/;
const MONTHS = "janfebmaraprmayjunjulaugsepoctnovdec";

/**
 * Parses a cookie date.
 *
 * @returns Milliseconds since the epoch, or `null` if it is not a date.
 */
export function parseCookieDate(text: string): number | null {
  let time: RegExpExecArray | null = null;
  let day: RegExpExecArray | null = null;
  let month: RegExpExecArray | null = null;
  let year: RegExpExecArray | null = null;
  for (const token of text.split(DELIMITERS)) {
    if (time === null && (time = TIME.exec(token)) !== null) continue;
    if (day === null && (day = DAY.exec(token)) !== null) continue;
    if (month === null && (month = MONTH.exec(token)) !== null) continue;
    if (year === null) year = YEAR.exec(token);
  }
  if (time === null || day === null || month === null || year === null) {
    return null;
  }
  return toEpoch(
    fullYear(Number(year[1])),
    MONTHS.indexOf(month[1]!.toLowerCase()) / 3,
    Number(day[1]),
    Number(time[1]),
    Number(time[2]),
    Number(time[3]),
  );
}

function fullYear(year: number): number {
  if (year >= 100) return year;
  return year >= 70 ? year + 1900 : year + 2000;
}

function toEpoch(
  year: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
  second: number,
): number | null {
  if (year < 1601 || hour > 23 || minute > 59 || second > 59) return null;
  const epoch = Date.UTC(year, month, day, hour, minute, second);
  // `Date.UTC` carries February 30 over into March, and day 0 into January.
  return new Date(epoch).getUTCDate() === day ? epoch : null;
}
