// The status line (RFC 9112 §4):
//
//   "HTTP/1." DIGIT SP 3DIGIT [ SP reason-phrase ]
//
// The prefix is checked byte by byte, so that a peer that speaks another
// protocol is found out at once. The rest is checked when the line is complete.

import { cannotRead } from "../core/fault.ts";
import { quoteBytes } from "../core/quote.ts";
import type { HttpError } from "../error.ts";
import { BYTE_CLASS, CR, LF, SP, TEXT } from "../rfc9110/_syntax.ts";
import type { HttpVersion } from "../rfc9110/response.ts";

// "HTTP/1."
const PREFIX = [0x48, 0x54, 0x54, 0x50, 0x2f, 0x31, 0x2e];
// "HTTP/1.1 200 "
export const REASON_START = 13;
const ZERO = 0x30;

// What else is often found behind a port, by its first bytes in lowercase.
const OTHER_PROTOCOLS: readonly (readonly [prefix: string, name: string])[] = [
  ["\x15\x03", "a TLS alert"],
  ["\x16\x03", "a TLS handshake"],
  ["ssh-", "SSH"],
  ["<html", "HTML"],
  ["<!doctype", "HTML"],
  ["rtsp/", "RTSP"],
  ["icy ", "ICY, which is Shoutcast"],
];

/** A status line. The offsets are relative to the line's start. */
export interface StatusLine {
  readonly version: HttpVersion;
  readonly status: number;
  readonly reasonEnd: number;
  /** The bitwise OR of the bytes of the reason phrase. */
  readonly reasonBits: number;
}

/**
 * Checks as much of the prefix as has arrived.
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
    if (bytes[line + i] !== PREFIX[i]) throw notHttp(bytes, line, end);
  }
}

/**
 * Parses a complete line with its LF at `lineFeed`, whose prefix was checked.
 *
 * @throws {HttpError} If the line is not a status line.
 */
export function readStatusLine(
  bytes: Uint8Array,
  line: number,
  lineFeed: number,
): StatusLine {
  const end = endOfLine(bytes, lineFeed);
  const parsed = parseStatusLine(bytes, line, end);
  if (typeof parsed !== "string") return parsed;
  throw invalidStatusLine(quoteBytes(bytes, line, end), parsed);
}

/** Returns whether a line with its LF at `lineFeed` is a status line. */
export function isStatusLine(
  bytes: Uint8Array,
  line: number,
  lineFeed: number,
): boolean {
  return PREFIX.every((byte, i) => bytes[line + i] === byte) &&
    typeof parseStatusLine(bytes, line, endOfLine(bytes, lineFeed)) !==
      "string";
}

/** Returns the end of the text of a line with its LF at `lineFeed`. */
export function endOfLine(bytes: Uint8Array, lineFeed: number): number {
  return bytes[lineFeed - 1] === CR ? lineFeed - 1 : lineFeed;
}

/** Parses a line. Returns the reason if it is not a status line. */
function parseStatusLine(
  bytes: Uint8Array,
  line: number,
  end: number,
): StatusLine | string {
  const at = line + PREFIX.length;
  const minor = digit(bytes, at);
  if (!(minor >= 0) || bytes[at + 1] !== SP) {
    return "its version is not HTTP/1.x and a space";
  }
  const status = digit(bytes, at + 2) * 100 + digit(bytes, at + 3) * 10 +
    digit(bytes, at + 4);
  // NaN, if one of them is not a digit, is not 100 or above either.
  if (!(status >= 100)) return "its status code is not 100 to 999";
  const afterStatus = at + 5;
  if (afterStatus < end && bytes[afterStatus] !== SP) {
    return "its status code is not three digits";
  }
  let reasonBits = 0;
  for (let i = line + REASON_START; i < end; i++) {
    const byte = bytes[i]!;
    reasonBits |= byte;
    if ((BYTE_CLASS[byte]! & TEXT) === 0) {
      return "it contains a control character";
    }
  }
  return {
    version: minor === 0 ? "HTTP/1.0" : "HTTP/1.1",
    status,
    reasonEnd: end - line,
    reasonBits,
  };
}

/** Returns a digit's value, or NaN. A line end, at the latest, is not a digit. */
function digit(bytes: Uint8Array, at: number): number {
  const value = bytes[at]! - ZERO;
  return value >= 0 && value <= 9 ? value : NaN;
}

function notHttp(bytes: Uint8Array, line: number, end: number): HttpError {
  const start = String.fromCharCode(...bytes.subarray(line, line + 16))
    .toLowerCase();
  const other = OTHER_PROTOCOLS.find(([prefix]) => start.startsWith(prefix));
  const hint = other === undefined ? "" : ` but looks like ${other[1]}`;
  // The next lines are not shown: they may contain a credential.
  const lineFeed = bytes.subarray(0, end).indexOf(LF, line);
  return invalidStatusLine(
    quoteBytes(bytes, line, lineFeed < 0 ? end : lineFeed + 1),
    `it does not start with HTTP/1.${hint}`,
  );
}

/** The error for a line, which is given in quotes. */
export function invalidStatusLine(line: string, reason: string): HttpError {
  return cannotRead("InvalidStatusLine", `status line ${line}`, reason);
}
