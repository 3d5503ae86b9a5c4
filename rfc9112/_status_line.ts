// The status line (RFC 9112 §4):
//
//   "HTTP/1." DIGIT SP 3DIGIT [ SP reason-phrase ]
//
// The prefix is judged byte by byte, so that a peer that speaks something else
// is found out at once; the rest when the line is whole.

import { HttpError } from "../error.ts";
import { quoteBytes } from "../core/quote.ts";
import { BYTE_CLASS, CR, SP, TEXT } from "../rfc9110/_syntax.ts";
import type { HttpVersion } from "../rfc9110/response.ts";

// "HTTP/1."
const PREFIX = [0x48, 0x54, 0x54, 0x50, 0x2f, 0x31, 0x2e];
const ZERO = 0x30;

/** A status line, its reason phrase as offsets from the line's start. */
export interface StatusLine {
  readonly version: HttpVersion;
  readonly status: number;
  readonly reasonStart: number;
  readonly reasonEnd: number;
  /** The bytes of the reason phrase OR-ed together. */
  readonly bits: number;
}

/**
 * Checks as much of the prefix as is there.
 *
 * @throws {HttpError} If the bytes cannot become a status line.
 */
export function checkPrefix(
  bytes: Uint8Array,
  line: number,
  end: number,
): void {
  const known = Math.min(PREFIX.length, end - line);
  for (let i = 0; i < known; i++) {
    if (bytes[line + i] !== PREFIX[i]) {
      // No more than what was looked at, however much has come.
      const looked = line + i + 1;
      throw invalid(bytes, line, looked, "it does not start with HTTP/1.");
    }
  }
}

/**
 * Parses a whole line, whose LF is at `lineFeed` and whose prefix was checked.
 *
 * @throws {HttpError} If the line is not a status line.
 */
export function parseStatusLine(
  bytes: Uint8Array,
  line: number,
  lineFeed: number,
): StatusLine {
  const end = bytes[lineFeed - 1] === CR ? lineFeed - 1 : lineFeed;
  const at = line + PREFIX.length;
  const minor = digit(bytes, at, end);
  const status = digit(bytes, at + 2, end) * 100 +
    digit(bytes, at + 3, end) * 10 + digit(bytes, at + 4, end);
  if (Number.isNaN(minor) || bytes[at + 1] !== SP) {
    throw invalid(bytes, line, end, "its version is not HTTP/1.x and a space");
  }
  // NaN, where one of them is not a digit, is not 100 or above either.
  if (!(status >= 100)) {
    throw invalid(bytes, line, end, "its status code is not 100 to 999");
  }
  const afterStatus = at + 5;
  if (afterStatus < end && bytes[afterStatus] !== SP) {
    throw invalid(bytes, line, end, "its status code is not three digits");
  }
  const reason = Math.min(afterStatus + 1, end);
  let bits = 0;
  for (let i = reason; i < end; i++) {
    const byte = bytes[i]!;
    bits |= byte;
    if ((BYTE_CLASS[byte]! & TEXT) === 0) {
      throw invalid(bytes, line, end, "it holds a control character");
    }
  }
  return {
    version: minor === 0 ? "HTTP/1.0" : "HTTP/1.1",
    status,
    reasonStart: reason - line,
    reasonEnd: end - line,
    bits,
  };
}

/** Reads a digit; what is none, or lies at the line's end, is NaN. */
function digit(bytes: Uint8Array, at: number, end: number): number {
  const value = at < end ? bytes[at]! - ZERO : NaN;
  return value >= 0 && value <= 9 ? value : NaN;
}

function invalid(
  bytes: Uint8Array,
  line: number,
  end: number,
  why: string,
): HttpError {
  return new HttpError(
    "InvalidStatusLine",
    `Cannot read the status line ${quoteBytes(bytes, line, end)}: ${why}`,
  );
}
