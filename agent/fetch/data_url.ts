// `data:` URLs (WHATWG Fetch §6).

import {
  decodeByteString,
  encodeByteString,
} from "../../rfc9110/byte_string.ts";
import { trim, trimEnd } from "./_whitespace.ts";

/** The contents of a `data:` URL. */
export interface DataUrl {
  readonly type: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

const encoder = new TextEncoder();

/** Parses a `data:` URL; `null` if it is invalid. */
export function readDataUrl(url: URL): DataUrl | null {
  const text = url.href.slice("data:".length).replace(/#[^]*$/, "");
  const comma = text.indexOf(",");
  if (comma < 0) return null;
  const head = trim(text.slice(0, comma), "\t\n\f\r ");
  const bytes = decodePercent(text.slice(comma + 1));
  const base64 = /; *base64$/i.exec(head);
  const body = base64 === null ? bytes : decodeBase64(bytes);
  if (body === null) return null;
  const type = base64 === null ? head : head.slice(0, base64.index);
  return { type: readType(type), bytes: body };
}

function readType(text: string): string {
  const whole = text.startsWith(";") ? `text/plain${text}` : text;
  return normalizeMimeType(whole) ?? "text/plain;charset=US-ASCII";
}

/** Decodes percent-encoding; any other "%" stands for itself. */
function decodePercent(text: string): Uint8Array<ArrayBuffer> {
  const source = encoder.encode(text);
  const bytes = new Uint8Array(source.length);
  let length = 0;
  for (let i = 0; i < source.length; i++) {
    const high = source[i] === 0x25 ? hexDigit(source[i + 1]) : -1;
    const low = high < 0 ? -1 : hexDigit(source[i + 2]);
    if (low < 0) bytes[length++] = source[i]!;
    else {
      bytes[length++] = high << 4 | low;
      i += 2;
    }
  }
  return bytes.slice(0, length);
}

function hexDigit(code: number | undefined): number {
  if (code === undefined) return -1;
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const letter = code | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}

/** Decodes base64 like `atob`, which ignores white space and missing padding. */
function decodeBase64(
  bytes: Uint8Array<ArrayBuffer>,
): Uint8Array<ArrayBuffer> | null {
  try {
    return encodeByteString(atob(decodeByteString(bytes, false)));
  } catch {
    return null;
  }
}

// The part of WHATWG MIME Sniffing §4 that `data:` URLs need.

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const QUOTED_TEXT = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Parses a MIME type and returns its normal form; `null` if it is invalid. */
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

/** Parses the parameters after the subtype, starting with ";". */
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

/** Parses a quoted string; an unterminated one ends with the text. */
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
