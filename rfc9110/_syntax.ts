// The lexical rules that every HTTP version shares (RFC 9110 §5.5 and §5.6),
// as one table with a bit for each class of byte.

import { invalid, quote } from "../core/quote.ts";

/** `tchar` of RFC 9110 §5.6.2, a character of a token. */
export const TOKEN = 1;
/** A byte of a field value or reason phrase: HTAB, SP, VCHAR, or obs-text. */
export const TEXT = 2;
/** A control character other than NUL, HTAB, CR, and LF. */
export const CONTROL = 4;

export const HTAB = 0x09;
export const LF = 0x0a;
export const CR = 0x0d;
export const SP = 0x20;
const DIGIT_ZERO = 0x30;

/** The classes of each byte, as a sum of the constants above. */
export const BYTE_CLASS: Uint8Array = /* @__PURE__ */ makeTable();

function makeTable(): Uint8Array {
  const table = new Uint8Array(256);
  for (let byte = 0x01; byte <= 0xff; byte++) {
    const isControl = byte < 0x20 || byte === 0x7f;
    const isToken = /[\w!#$%&'*+.^`|~-]/.test(String.fromCharCode(byte));
    table[byte] = isToken ? TEXT | TOKEN : isControl ? CONTROL : TEXT;
  }
  table[HTAB] = TEXT;
  table[LF] = table[CR] = 0;
  return table;
}

/** Returns whether a text is a token: one or more `tchar`. */
export function isToken(text: string): boolean {
  return text.length > 0 && consistsOf(text, TOKEN);
}

/**
 * Checks that a value is a token.
 *
 * @param kind The name of the value, for messages.
 * @throws {TypeError} If it is not.
 */
export function checkToken(kind: string, value: unknown): void {
  if (typeof value === "string" && isToken(value)) return;
  throw invalid(kind, `${quote(value)} is not a token`);
}

/** Returns whether each character is a byte of a field value. */
export function isFieldText(text: string): boolean {
  return consistsOf(text, TEXT);
}

function consistsOf(text: string, byteClass: number): boolean {
  for (let i = 0; i < text.length; i++) {
    // A character above 0xff is outside the table, and of no class.
    if (((BYTE_CLASS[text.charCodeAt(i)] ?? 0) & byteClass) === 0) return false;
  }
  return true;
}

/** Returns whether a byte or character code is SP or HTAB. */
export function isBlank(code: number | undefined): boolean {
  return code === SP || code === HTAB;
}

/**
 * Parses a number of ASCII digits only.
 *
 * @returns The number, which is rounded if it is above 2^53-1, or -1 if the text
 * is anything else.
 */
export function parseDigits(text: string): number {
  if (text === "") return -1;
  let number = 0;
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(i) - DIGIT_ZERO;
    if (!(digit >= 0 && digit <= 9)) return -1;
    number = number * 10 + digit;
  }
  return number;
}

/** Removes SP and HTAB from both ends (OWS, RFC 9110 §5.6.3). */
export function trimBlanks(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isBlank(text.charCodeAt(start))) start++;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

/** Compares names, ignoring the case of ASCII only. */
export function equalsIgnoringCase(a: string, b: string): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) {
    const codeA = a.charCodeAt(i);
    const codeB = b.charCodeAt(i);
    if (codeA !== codeB && lowerCode(codeA) !== lowerCode(codeB)) return false;
  }
  return true;
}

/** Returns whether a name is among others, ignoring case. */
export function includesName(names: readonly string[], name: string): boolean {
  return names.some((listed) => equalsIgnoringCase(name, listed));
}

function lowerCode(code: number): number {
  return code >= 0x41 && code <= 0x5a ? code | 0x20 : code;
}

/** Returns whether a list (RFC 9110 §5.6.1) contains a lowercase token, in any case. */
export function listIncludes(list: string, token: string): boolean {
  const text = trimBlanks(list);
  // Nearly always, it is one token.
  return text.includes(",")
    ? parseTokenList(text).includes(token)
    : equalsIgnoringCase(text, token);
}

/**
 * Splits a list of tokens (RFC 9110 §5.6.1) and lowercases them. Empty elements
 * are dropped. Elements that are not tokens are kept, for the caller to reject.
 */
export function parseTokenList(value: string): string[] {
  const tokens: string[] = [];
  for (const element of value.split(",")) {
    const token = trimBlanks(element);
    if (token !== "") tokens.push(token.toLowerCase());
  }
  return tokens;
}

/** Writes a value as a quoted string (RFC 9110 §5.6.4). */
export function quoteString(value: string): string {
  return `"${value.replace(/["\\]/g, "\\$&")}"`;
}

/**
 * Returns whether a text is a `token68` (RFC 9110 §11.2), which RFC 6750 §2.1
 * calls `b64token`: base64 in any of its alphabets, with its padding at the end.
 */
export function isToken68(text: string): boolean {
  return /^[\w.~+/-]+=*$/.test(text);
}
