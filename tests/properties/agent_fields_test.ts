// Fields that the agent obeys: any value of a server is a time or nothing.

import { fc } from "../_fast_check.ts";
import { readKeepAlive, readRetryAfter } from "../../agent/response_fields.ts";
import { HttpHeaders, HttpResponse } from "../../mod.ts";
import { parseHttpDate } from "../../rfc9110/http_date.ts";
import { equal } from "../_sweep.ts";
import { fieldValue } from "./_generators.ts";
import { mutated } from "./_mutations.ts";
import { must, property } from "./_property.ts";

const NOW = Date.UTC(2026, 10, 26);
const WORDS = ('0|1|-1|1.5|soon|9999999999999999999| |,|;|=|"|timeout|max|\t|' +
  "timeout=5|Timeout = 7|max=100|Fri, 27 Nov 2026 00:00:00 GMT|x\xff").split(
    "|",
  );

const seeds = fc.constantFrom(
  ...["120", "0", "Fri, 27 Nov 2026 00:00:00 GMT", "timeout=5", "soon"],
  ...["timeout=5, max=1000", 'max=5, timeout = "60"', "timeout=x"],
);
const values = fc.oneof(
  mutated(seeds, WORDS).map((text) =>
    text.replace(/[^\t\x20-\x7e\x80-\xff]/g, "")
  ),
  fieldValue,
).map((text) => text.trim());

property(
  "Retry-After is seconds, an HTTP-date, or nothing",
  500,
  fc.array(values, { maxLength: 2 }),
  (lines) => {
    const headers = new HttpHeaders(lines.map((line) => ["Retry-After", line]));
    const wait = readRetryAfter(
      new HttpResponse({ status: 503, headers }),
      NOW,
    );
    const [text, ...more] = [...new Set(headers.getAll("retry-after"))];
    if (text === undefined || more.length > 0) return equal("wait", wait, null);
    const isSeconds = text !== "" &&
      [...text].every((char) => "0123456789".includes(char));
    if (isSeconds) return equal("wait", wait, 1000 * Number(text));
    const date = parseHttpDate(text, NOW);
    equal("wait", wait, date === null ? null : Math.max(0, date - NOW));
  },
);

property(
  "Keep-Alive is a whole number of seconds, or nothing",
  500,
  values,
  (text) => {
    const seconds = readKeepAlive(new HttpHeaders({ "Keep-Alive": text }));
    if (seconds === null) {
      return must(!/^timeout=\d/i.test(text), `Skips ${JSON.stringify(text)}`);
    }
    must(Number.isSafeInteger(seconds) && seconds >= 0, `Reads ${seconds}`);
    must(/timeout/i.test(text), `Reads ${seconds} of ${JSON.stringify(text)}`);
    must(text.includes(`${seconds}`) || /0\d/.test(text), `Reads ${seconds}`);
  },
);
