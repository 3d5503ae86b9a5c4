// The response head (RFC 9112 §2.1): a status line and a field section.
//
//   Start ── status line ──> Fields ── empty line ──> the response
//     └─ CRLF or LF ──> Start
//
// Empty lines before the status line are what is left of a body that was
// longer than it said; they are skipped (RFC 9112 §2.2) and counted. End of
// file before the end of the head is for the caller to report.

import { HttpError } from "../error.ts";
import type { Input } from "../core/input.ts";
import { quoteBytes } from "../core/quote.ts";
import { CR, LF } from "../rfc9110/_syntax.ts";
import { HttpResponse } from "../rfc9110/response.ts";
import { FieldSectionReader, type SectionRules } from "./_field_section.ts";
import type { HttpLimits } from "./limits.ts";
import {
  checkPrefix,
  parseStatusLine,
  type StatusLine,
} from "./_status_line.ts";

const HEADER_SECTION: SectionRules = {
  countsEnd: true,
  maxBytes: "maxHeadBytes",
  tooLarge: "HeadTooLarge",
  invalid: "InvalidHeader",
  name: "response head",
};

/** Reads one head, which is taken out of the input once it is whole. */
export class HeadReader {
  readonly #section: FieldSectionReader;
  /** Where the status line starts, relative to the input's start. */
  #line = 0;
  #statusLine: StatusLine | null = null;

  constructor(limits: HttpLimits) {
    this.#section = new FieldSectionReader(HEADER_SECTION, limits);
  }

  /**
   * Reads on.
   *
   * @returns The response without its body, or `null` where more input is
   * needed.
   * @throws {HttpError} If the head is invalid or too long.
   */
  read(input: Input): HttpResponse | null {
    const statusLine = this.#statusLine ??= this.#readStatusLine(input);
    if (statusLine === null || !this.#section.read(input)) return null;
    const text = this.#section.takeText(input);
    return new HttpResponse({
      version: statusLine.version,
      status: statusLine.status,
      reason: text.slice(
        this.#line + statusLine.reasonStart,
        this.#line + statusLine.reasonEnd,
      ),
      headers: this.#section.makeHeaders(text),
    });
  }

  #readStatusLine(input: Input): StatusLine | null {
    while (true) {
      const { bytes } = input;
      const line = input.start + this.#line;
      const end = this.#section.windowEnd(input);
      checkStart(bytes, line, end);
      const lineFeed = this.#section.findLineFeed(input);
      if (lineFeed < 0) return null;
      if (bytes[line] !== CR && bytes[line] !== LF) {
        const statusLine = parseStatusLine(bytes, line, lineFeed);
        this.#section.skipLine(input, lineFeed, statusLine.bits);
        return statusLine;
      }
      this.#section.skipLine(input, lineFeed, 0);
      this.#line = lineFeed + 1 - input.start;
    }
  }
}

/**
 * Checks as much as there is of a line's start: of a status line, or of an
 * empty one.
 *
 * @throws {HttpError} If the bytes cannot become either.
 */
function checkStart(bytes: Uint8Array, line: number, end: number): void {
  if (line >= end || bytes[line] === LF) return;
  if (bytes[line] !== CR) {
    checkPrefix(bytes, line, end);
  } else if (line + 1 < end && bytes[line + 1] !== LF) {
    throw new HttpError(
      "InvalidStatusLine",
      `Cannot read the status line ${quoteBytes(bytes, line, end)}: ` +
        `it starts with a bare CR`,
    );
  }
}
