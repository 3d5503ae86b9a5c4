// The fields of an event stream (WHATWG HTML §9.2.6), read from the bytes of a
// line. Names and digits are ASCII, so only values need decoding.

const SP = 0x20;
const COLON = 0x3a;
const DIGIT_ZERO = 0x30;

/**
 * Returns the start of the value of a line, or -1 if the line has another field
 * name. A line without a colon has an empty value.
 */
export function findValue(
  bytes: Uint8Array,
  start: number,
  end: number,
  name: string,
): number {
  let at = start + name.length;
  if (at > end) return -1;
  for (let i = 0; i < name.length; i++) {
    if (bytes[start + i] !== name.charCodeAt(i)) return -1;
  }
  if (at === end) return end;
  if (bytes[at] !== COLON) return -1;
  at++;
  return at < end && bytes[at] === SP ? at + 1 : at;
}

/**
 * Reads a number, or returns `null` if it is not all ASCII digits. A number
 * above 2^53-1 becomes that.
 */
export function readDigits(
  bytes: Uint8Array,
  start: number,
  end: number,
): number | null {
  if (start === end) return null;
  let value = 0;
  for (let at = start; at < end; at++) {
    const digit = bytes[at]! - DIGIT_ZERO;
    if (digit < 0 || digit > 9) return null;
    value = Math.min(value * 10 + digit, Number.MAX_SAFE_INTEGER);
  }
  return value;
}
