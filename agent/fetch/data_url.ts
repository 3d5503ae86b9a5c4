// `data:` URLs (WHATWG Fetch §6).

import { isFieldText, isToken, quoteString } from "../../rfc9110/_syntax.ts";
import {
  decodeByteString,
  decodePercent,
  encodeByteString,
} from "../../rfc9110/byte_string.ts";
import { trim, trimEnd } from "./_whitespace.ts";

/** The contents of a `data:` URL. */
export interface DataUrl {
  readonly type: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

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

/** Parses a MIME type and returns its normal form; `null` if it is invalid. */
export function normalizeMimeType(text: string): string | null {
  const trimmed = trim(text);
  const end = trimmed.indexOf(";");
  const essence = trimEnd(end < 0 ? trimmed : trimmed.slice(0, end));
  const slash = essence.indexOf("/");
  const [type, subtype] = [essence.slice(0, slash), essence.slice(slash + 1)];
  if (slash < 0 || !isToken(type) || !isToken(subtype)) return null;
  let normal = essence.toLowerCase();
  if (end < 0) return normal;
  for (const [name, value] of parseParameters(trimmed.slice(end))) {
    normal += `;${name}=` + (isToken(value) ? value : quoteString(value));
  }
  return normal;
}

// A quoted value that is not terminated ends with the text. Nothing can make this fail
// after a part of it has matched, so it takes linear time.
const PARAMETER =
  /;[\t\n\r ]*([^;=]*)(?:=(?:"([^"\\]*(?:\\[^]?[^"\\]*)*)"?[^;]*|([^;]*)))?/g;

/** Parses the parameters after the subtype, starting with ";". */
function parseParameters(text: string): Map<string, string> {
  const parameters = new Map<string, string>();
  for (const [, given = "", quoted, plain = ""] of text.matchAll(PARAMETER)) {
    const name = given.toLowerCase();
    const value = quoted?.replace(/\\([^])/g, "$1") ?? trimEnd(plain);
    const isValid = isToken(name) && isFieldText(value) &&
      (value !== "" || quoted === "");
    if (isValid && !parameters.has(name)) parameters.set(name, value);
  }
  return parameters;
}
