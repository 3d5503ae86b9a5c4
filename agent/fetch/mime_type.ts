// MIME types (WHATWG MIME Sniffing §4), as far as `data:` URLs need them.

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const QUOTED_TEXT = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Parses a MIME type and writes it in its normal form; `null` if it is none. */
export function normalizeMimeType(text: string): string | null {
  const trimmed = trim(text);
  const end = trimmed.indexOf(";");
  const essence = trimEnd(end < 0 ? trimmed : trimmed.slice(0, end));
  const slash = essence.indexOf("/");
  const [type, subtype] = [essence.slice(0, slash), essence.slice(slash + 1)];
  if (slash < 0 || !TOKEN.test(type) || !TOKEN.test(subtype)) return null;
  let normal = essence.toLowerCase();
  if (end < 0) return normal;
  for (const [name, value] of parseParameters(trimmed.slice(end))) {
    normal += `;${name}=` + (TOKEN.test(value) ? value : quote(value));
  }
  return normal;
}

/** Parses what follows the subtype, beginning with ";". */
function parseParameters(text: string): Map<string, string> {
  const parameters = new Map<string, string>();
  let at = 0;
  while (at < text.length) {
    at++; // ";"
    while (/[\t\n\r ]/.test(text.charAt(at))) at++;
    const nameEnd = findAny(text, ";=", at);
    const name = text.slice(at, nameEnd).toLowerCase();
    at = nameEnd;
    if (text.charAt(at) !== "=") continue;
    at++;
    let value: string;
    if (text.charAt(at) === '"') {
      [value, at] = readQuoted(text, at);
      at = findAny(text, ";", at);
    } else {
      const valueEnd = findAny(text, ";", at);
      value = trimEnd(text.slice(at, valueEnd));
      at = valueEnd;
      if (value === "") continue;
    }
    const isValid = TOKEN.test(name) && QUOTED_TEXT.test(value);
    if (isValid && !parameters.has(name)) parameters.set(name, value);
  }
  return parameters;
}

/** Reads a quoted string; one without an end goes up to the end of the text. */
function readQuoted(text: string, start: number): [value: string, at: number] {
  let value = "";
  let at = start + 1;
  while (at < text.length && text.charAt(at) !== '"') {
    if (text.charAt(at) === "\\" && at + 1 < text.length) at++;
    value += text.charAt(at++);
  }
  return [value, at];
}

function quote(value: string): string {
  return `"${value.replace(/["\\]/g, "\\$&")}"`;
}

function findAny(text: string, chars: string, from: number): number {
  let at = from;
  while (at < text.length && !chars.includes(text.charAt(at))) at++;
  return at;
}

function trim(text: string): string {
  return trimEnd(text.replace(/^[\t\n\r ]+/, ""));
}

function trimEnd(text: string): string {
  return text.replace(/[\t\n\r ]+$/, "");
}
