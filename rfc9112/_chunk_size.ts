// The size lines of a chunked body (RFC 9112 §7.1), read byte by byte:
//
//   Digits ── any other byte ──> Padding ── CRLF ──> the size is known
//                                   └─ ';' ──> Extension ── CRLF ──> likewise
//
// Whitespace and extensions are skipped. They count toward one limit over all
// lines of a body.

import { cannotRead, tooMuch } from "../core/fault.ts";
import type { Input } from "../core/input.ts";
import { quoteBytes } from "../core/quote.ts";
import type { HttpError, HttpErrorCode } from "../error.ts";
import { BYTE_CLASS, CR, isBlank, LF, TEXT } from "../rfc9110/_syntax.ts";

const SEMICOLON = 0x3b;
// 16 digits hold any number up to 2^53-1 with leading zeros. Anything longer is
// meant to overflow a counter.
export const MAX_SIZE_DIGITS = 16;

export const NOT_HEX = 0xff;
/** The value of each byte as a hexadecimal digit, or {@linkcode NOT_HEX}. */
export const HEX_VALUE: Uint8Array = /* @__PURE__ */ makeHexTable();

function makeHexTable(): Uint8Array {
  const table = new Uint8Array(256).fill(NOT_HEX);
  for (const digit of "0123456789abcdefABCDEF") {
    table[digit.charCodeAt(0)] = parseInt(digit, 16);
  }
  return table;
}

/**
 * Starts reading the size lines of one body.
 *
 * @param maxBytes The limit on whitespace and extensions in all lines.
 * @returns A function that reads on, and returns the size at the end of a line,
 * or -1 if more input is needed. It throws an {@linkcode HttpError} if the line
 * is invalid or the limit is exceeded.
 */
export function readSizeLines(maxBytes: number): (input: Input) => number {
  let state: "Digits" | "Padding" | "Extension" = "Digits";
  let size = 0;
  let digits = 0;
  let skipped = 0;

  return (input) => {
    if (state === "Digits") readDigits(input);
    if (state === "Digits" || !skipRest(input)) return -1;
    const result = size;
    state = "Digits";
    size = digits = 0;
    return result;
  };

  function readDigits(input: Input): void {
    const { bytes, end } = input;
    let at = input.start;
    for (; at < end; at++) {
      const value = HEX_VALUE[bytes[at]!]!;
      if (value === NOT_HEX) break;
      size = size * 16 + value;
      if (++digits > MAX_SIZE_DIGITS || size > Number.MAX_SAFE_INTEGER) {
        throw invalidSize(
          `it has more than ${MAX_SIZE_DIGITS} digits or is above 2^53-1`,
        );
      }
    }
    if (at === end) {
      input.start = end;
      return;
    }
    if (digits === 0) {
      throw invalidSize(`${quoteRest(input)} is not hexadecimal`);
    }
    input.start = at;
    state = "Padding";
  }

  /** Skips the rest of the line. Returns false if more input is needed. */
  function skipRest(input: Input): boolean {
    const { bytes, start } = input;
    // No further than one byte past the limit, which then counts as exceeded.
    const end = Math.min(input.end, start + maxBytes - skipped + 1);
    let at = start;
    for (; at < end && bytes[at] !== CR; at++) {
      const byte = bytes[at]!;
      if (byte === SEMICOLON) state = "Extension";
      if (state === "Padding") {
        if (!isBlank(byte)) throw invalidPadding(bytes, at, input.end);
      } else if ((BYTE_CLASS[byte]! & TEXT) === 0) {
        throw invalidExtension(bytes, at);
      }
    }
    input.start = at;
    skipped += at - start;
    if (skipped > maxBytes) throw tooLong(maxBytes);
    if (at === end) return false;
    const code = state === "Padding"
      ? "InvalidChunkTerminator"
      : "InvalidChunkExtension";
    return skipCrlf(input, code, "size");
  }
}

/**
 * Skips the CRLF that must follow this part of a chunk. Returns false if more
 * input is needed.
 */
export function skipCrlf(
  input: Input,
  code: HttpErrorCode,
  part: string,
): boolean {
  const { bytes, start, end } = input;
  if (bytes[start] === CR) {
    if (start + 1 === end) return false;
    if (bytes[start + 1] === LF) {
      input.start += 2;
      return true;
    }
  }
  const found = `found ${quoteRest(input)} instead of the CRLF`;
  throw cannotRead(code, "chunk", `${found} after its ${part}`);
}

function tooLong(limit: number): HttpError {
  return tooMuch(
    "ChunkExtensionsTooLarge",
    "chunked body",
    "maxChunkExtensionBytes",
    limit,
    "bytes of extensions",
  );
}

function invalidSize(reason: string): HttpError {
  return cannotRead("InvalidChunkSize", "chunk size", reason);
}

/** The error for a byte that may not follow the digits. */
function invalidPadding(
  bytes: Uint8Array,
  at: number,
  end: number,
): HttpError {
  return bytes[at] === LF
    ? cannotRead(
      "InvalidChunkTerminator",
      "chunk size",
      "its line ends with a bare LF",
    )
    : invalidSize(`found ${quoteBytes(bytes, at, end)} after its digits`);
}

function invalidExtension(bytes: Uint8Array, at: number): HttpError {
  return cannotRead(
    "InvalidChunkExtension",
    "chunk extension",
    `it contains the control character ${quoteBytes(bytes, at, at + 1)}`,
  );
}

function quoteRest({ bytes, start, end }: Input): string {
  return quoteBytes(bytes, start, end);
}
