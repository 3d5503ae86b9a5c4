// Messages. Values in them come from a peer or a caller: they are shortened, and
// any character that could forge a log line or move a terminal's cursor is
// escaped.

const MAX_QUOTED_CHARS = 40;

/** Returns a value in double quotes, shortened, in printable ASCII. */
export function quote(value: unknown): string {
  const text = String(value);
  const cut = text.length > MAX_QUOTED_CHARS ? "..." : "";
  const shown = text.slice(0, MAX_QUOTED_CHARS);
  return `"${shown.replace(/[^\x20-\x7e]|["\\]/g, escapeChar)}${cut}"`;
}

/** Creates the error for something that a caller passed. */
export function invalid(what: string, reason: string): TypeError {
  return new TypeError(`Invalid ${what}: ${reason}`);
}

/** Creates the error for a number that a caller passed. */
export function outOfRange(
  what: string,
  value: unknown,
  range: string,
): RangeError {
  return new RangeError(`Invalid ${what}: ${value} is not ${range}`);
}

/** {@linkcode quote} for bytes, read as one character each. */
export function quoteBytes(
  bytes: Uint8Array,
  start: number,
  end: number,
): string {
  // One more than is shown, so that `quote` knows that the value is longer.
  const stop = Math.min(end, start + MAX_QUOTED_CHARS + 1);
  return quote(String.fromCharCode(...bytes.subarray(start, stop)));
}

function escapeChar(char: string): string {
  // JSON has a short form for the usual ones.
  if (/["\\\r\n\t]/.test(char)) return JSON.stringify(char).slice(1, -1);
  const code = char.charCodeAt(0);
  const digits = code.toString(16);
  return code > 0xff
    ? `\\u${digits.padStart(4, "0")}`
    : `\\x${digits.padStart(2, "0")}`;
}
