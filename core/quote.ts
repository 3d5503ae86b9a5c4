// Values in messages come from a peer or a caller. They are shortened, and any
// character that could forge a log line or move a terminal's cursor is escaped.

const MAX_QUOTED_CHARS = 40;

/** Returns a value in double quotes, shortened, in printable ASCII. */
export function quote(value: string): string {
  const cut = value.length > MAX_QUOTED_CHARS;
  const shown = cut ? value.slice(0, MAX_QUOTED_CHARS) : value;
  const escaped = shown.replace(/[^\x20-\x7e]|["\\]/g, escapeChar);
  return cut ? `"${escaped}..."` : `"${escaped}"`;
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
  switch (char) {
    case '"':
    case "\\":
      return `\\${char}`;
    case "\r":
      return "\\r";
    case "\n":
      return "\\n";
    case "\t":
      return "\\t";
  }
  const code = char.charCodeAt(0);
  return code > 0xff
    ? `\\u${code.toString(16).padStart(4, "0")}`
    : `\\x${code.toString(16).padStart(2, "0")}`;
}
