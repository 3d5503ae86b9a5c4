// `data:` URLs (WHATWG Fetch §6).

import {
  decodeByteString,
  encodeByteString,
} from "../../rfc9110/byte_string.ts";
import { normalizeMimeType } from "./mime_type.ts";

/** What a `data:` URL holds. */
export interface DataUrl {
  readonly type: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

const encoder = new TextEncoder();

/** Reads a `data:` URL; `null` if it is invalid. */
export function readDataUrl(url: URL): DataUrl | null {
  const text = url.href.slice("data:".length).replace(/#[^]*$/, "");
  const comma = text.indexOf(",");
  if (comma < 0) return null;
  const head = text.slice(0, comma).replace(/^[\t\n\f\r ]+|[\t\n\f\r ]+$/g, "");
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

/** Decodes percent-encoding; a "%" that is none stands for itself. */
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

/** Decodes base64 as `atob` does, which forgives white space and no padding. */
function decodeBase64(
  bytes: Uint8Array<ArrayBuffer>,
): Uint8Array<ArrayBuffer> | null {
  try {
    return encodeByteString(atob(decodeByteString(bytes, false)));
  } catch {
    return null;
  }
}
