// The two grammars of dates, against readers that go through them rule by rule.

import { fc } from "../_fast_check.ts";
import { parseCookieDate } from "../../cookies/cookie_date.ts";
import { parseHttpDate } from "../../rfc9110/http_date.ts";
import { equal } from "../_sweep.ts";
import { mutated } from "./_mutations.ts";
import { must, property } from "./_property.ts";

const NOW = Date.UTC(2026, 10, 26);
const DAYS = "Sunday Monday Tuesday Wednesday Thursday Friday Saturday";
const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");
const WORDS = ("0 1 29 30 31 60 99 1600 1601 9999 : - , / ; GMT +0100 Jan " +
  "feb Mon Sunday 24:00:00 23:59:60 \0 \xff x 1x 12:1:2x").split(" ")
  .concat(" ");

const times = fc.date({
  min: new Date("0100-01-01T00:00:00Z"),
  max: new Date("9999-12-31T23:59:59Z"),
  noInvalidDate: true,
}).map((date) => Math.floor(date.getTime() / 1000) * 1000);

/** IMF-fixdates whose numbers may be out of range. */
const nearlyDates = fc.tuple(
  fc.nat({ max: 39 }),
  fc.constantFrom(...MONTHS, "Jam"),
  fc.nat({ max: 29 }),
  fc.nat({ max: 69 }),
  fc.nat({ max: 69 }),
).map(([day, month, ...time]) => {
  const two = (number: number) => `${number}`.padStart(2, "0");
  return `Sun, ${two(day)} ${month} 2026 ${time.map(two).join(":")} GMT`;
});

/** The three forms of RFC 9110 §5.6.7. */
function formsOf(time: number): [imf: string, rfc850: string, asctime: string] {
  const date = new Date(time);
  const day = DAYS.split(" ")[date.getUTCDay()]!;
  const short = day.slice(0, 3);
  const month = MONTHS[date.getUTCMonth()]!;
  const two = (number: number) => `${number}`.padStart(2, "0");
  const number = date.getUTCDate();
  const year = `${date.getUTCFullYear()}`.padStart(4, "0");
  const clock = [date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds()]
    .map(two).join(":");
  return [
    `${short}, ${two(number)} ${month} ${year} ${clock} GMT`,
    `${day}, ${two(number)}-${month}-${year.slice(2)} ${clock} GMT`,
    `${short} ${month} ${`${number}`.padStart(2)} ${clock} ${year}`,
  ];
}

property(
  "parseHttpDate returns the time of each of its three forms",
  300,
  times,
  (time) => {
    const [imf, rfc850, asctime] = formsOf(time);
    equal("IMF-fixdate", parseHttpDate(imf, NOW), time);
    equal("asctime", parseHttpDate(asctime, NOW), time);
    // The same two digits, from 50 years ago to in 50 years.
    const short = parseHttpDate(rfc850, NOW);
    if (short === null) return; // February 29 may be in one century only.
    const age = new Date(NOW).getUTCFullYear() -
      new Date(short).getUTCFullYear();
    must(age >= -50 && age <= 50, `Is ${age} years old`);
    equal(
      "RFC 850",
      formsOf(short)[1].replace(/^\w+/, ""),
      rfc850.replace(/^\w+/, ""),
    );
  },
);

property(
  "parseHttpDate returns null for everything but its three forms",
  500,
  fc.oneof(
    nearlyDates,
    mutated(
      fc.tuple(times, fc.nat({ max: 2 })).map(([time, i]) => formsOf(time)[i]!),
      WORDS,
    ),
  ),
  (text) => {
    const time = parseHttpDate(text, NOW);
    if (time === null) return;
    // The name of the day is not compared, a leap second counts as the next, and
    // asctime may also write a day as "01".
    const plain = (form: string) =>
      form.replace(/^[A-Z][a-z]+/, "").replace(/^( [A-Z][a-z]+) 0/, "$1  ");
    const isLeap = /:60\b/.test(text);
    const back = formsOf(isLeap ? time - 1000 : time).map(plain);
    const expected = plain(isLeap ? text.replace(/:60\b/, ":59") : text);
    must(back.includes(expected), `Reads ${JSON.stringify(text)} as ${time}`);
  },
);

property(
  "parseCookieDate returns what a reader of RFC 6265bis §5.1.1 does",
  800,
  fc.oneof(
    mutated(
      fc.tuple(times, fc.nat({ max: 2 })).map(([time, i]) => formsOf(time)[i]!),
      WORDS,
    ),
    fc.array(fc.constantFrom(...WORDS), { maxLength: 8 }).map((words) =>
      words.join(" ")
    ),
  ),
  (text) => equal("date", parseCookieDate(text), readCookieDate(text)),
);

/** Reads a cookie date one character at a time. */
function readCookieDate(text: string): number | null {
  const found: {
    time?: number[];
    day?: number;
    month?: number;
    year?: number;
  } = {};
  for (const token of tokensOf(text)) {
    const [first, ...others] = digitGroups(token);
    if (found.time === undefined && others.length >= 2) {
      const parts = [first!, ...others].slice(0, 3);
      if (parts.every(({ length }) => length <= 2)) {
        found.time = parts.map(Number);
        continue;
      }
    }
    const length = first?.length ?? 0;
    if (found.day === undefined && length >= 1 && length <= 2) {
      found.day = Number(first);
      continue;
    }
    const month = MONTHS.findIndex((name) =>
      token.slice(0, 3).toLowerCase() === name.toLowerCase()
    );
    if (found.month === undefined && month >= 0) {
      found.month = month;
      continue;
    }
    if (found.year === undefined && length >= 2 && length <= 4) {
      found.year = Number(first);
    }
  }
  const { time, day, month, year: short } = found;
  if (time === undefined || day === undefined) return null;
  if (month === undefined || short === undefined) return null;
  const year = short + (short < 70 ? 2000 : short < 100 ? 1900 : 0);
  const [hour, minute, second] = time as [number, number, number];
  if (year < 1601 || hour > 23 || minute > 59 || second > 59) return null;
  const date = new Date(Date.UTC(year, month, day, hour, minute, second));
  return date.getUTCMonth() === month && day > 0 ? date.getTime() : null;
}

function tokensOf(text: string): string[] {
  const isDelimiter = (code: number) =>
    code === 0x09 || code >= 0x20 && code <= 0x2f ||
    code >= 0x3b && code <= 0x40 || code >= 0x5b && code <= 0x60 ||
    code >= 0x7b && code <= 0x7e;
  let token = "";
  const tokens: string[] = [];
  for (const char of [...text, " "]) {
    if (!isDelimiter(char.charCodeAt(0))) token += char;
    else if (token !== "") {
      tokens.push(token);
      token = "";
    }
  }
  return tokens;
}

/** The digits at the start, and those after each colon that follows digits. */
function digitGroups(token: string): string[] {
  const groups: string[] = [];
  let at = 0;
  while (true) {
    let end = at;
    while (token[end] !== undefined && "0123456789".includes(token[end]!)) {
      end++;
    }
    if (end === at) return groups;
    groups.push(token.slice(at, end));
    if (token[end] !== ":") return groups;
    at = end + 1;
  }
}
