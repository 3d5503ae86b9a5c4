/**
 * Byte strings: each character is one byte, as in the platform's `Headers`.
 * Field values are byte strings (RFC 9110 §5.5).
 *
 * @module
 */

import { invalid } from "../core/quote.ts";

const decoder = /* @__PURE__ */ new TextDecoder();
const encoder = /* @__PURE__ */ new TextEncoder();

const PERCENT = 0x25;

// Bytes are decoded in slices of this length, so that a small buffer will do.
const SLICE_BYTES = 4096;
const utf8 = /* @__PURE__ */ new Uint8Array(2 * SLICE_BYTES);

// From this length on, an encoder is faster than a loop.
const MIN_ENCODER_CHARS = 64;

/**
 * Encodes text as UTF-8, with one character per byte, for a field value.
 *
 * @param text Any text. Half of a surrogate pair becomes U+FFFD.
 * @returns The byte string.
 *
 * @example A filename that is not ASCII
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { HttpHeaders, toByteString } from "@pimalaya/io-http/rfc9110";
 *
 * const headers = new HttpHeaders({ "X-Name": toByteString("Zoë") });
 *
 * assertEquals(headers.get("x-name"), "Zo\u00c3\u00ab");
 * ```
 */
export function toByteString(text: string): string {
  return decodeByteString(encoder.encode(text), false);
}

/**
 * Decodes a byte string, such as a field value, as UTF-8.
 *
 * @param value The byte string.
 * @returns The text. Invalid bytes become U+FFFD.
 * @throws {TypeError} If a character is above 0xFF, so that `value` is not a
 * byte string.
 *
 * @example Read a name that was sent as UTF-8
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { fromByteString } from "@pimalaya/io-http/rfc9110";
 *
 * assertEquals(fromByteString("Zo\u00c3\u00ab"), "Zoë");
 * ```
 */
export function fromByteString(value: string): string {
  if (/[\u0100-\uffff]/.test(value)) {
    throw invalid("byte string", "a character is above 0xFF");
  }
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  return decoder.decode(encodeByteString(value));
}

/** Decodes UTF-8. Returns `null` if it is not valid. A BOM is kept. */
export function decodeValidUtf8(bytes: Uint8Array): string | null {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  try {
    return decoder.decode(bytes);
  } catch {
    return null;
  }
}

/**
 * Decodes each byte into one character.
 *
 * @param ascii True if the caller knows that no byte is above 0x7f. UTF-8 is
 * then the same.
 */
export function decodeByteString(bytes: Uint8Array, ascii: boolean): string {
  if (ascii) return decoder.decode(bytes);
  // Engines decode nothing as fast as UTF-8, even if it must be written first:
  // `String.fromCharCode` with one argument per byte takes 5 times as long.
  let text = "";
  for (let start = 0; start < bytes.length; start += SLICE_BYTES) {
    const end = Math.min(bytes.length, start + SLICE_BYTES);
    text += decoder.decode(utf8.subarray(0, writeUtf8(bytes, start, end)));
  }
  return text;
}

/** Writes the character of each byte as UTF-8, and returns the length. */
function writeUtf8(bytes: Uint8Array, start: number, end: number): number {
  let length = 0;
  for (let at = start; at < end; at++) {
    const byte = bytes[at]!;
    if (byte < 0x80) {
      utf8[length++] = byte;
    } else {
      utf8[length++] = 0xc0 | byte >> 6;
      utf8[length++] = 0x80 | byte & 0x3f;
    }
  }
  return length;
}

/**
 * Decodes the percent-encoding of a part of a URL, which is ASCII. An incomplete
 * escape stands for itself.
 */
export function decodePercent(text: string): Uint8Array<ArrayBuffer> {
  const bytes = encodeByteString(text);
  let length = 0;
  for (let at = 0; at < bytes.length; at++) {
    const isEscape = bytes[at] === PERCENT &&
      /^%[0-9a-f]{2}$/i.test(text.slice(at, at + 3));
    bytes[length++] = isEscape
      ? parseInt(text.slice(at + 1, at + 3), 16)
      : bytes[at]!;
    if (isEscape) at += 2;
  }
  return bytes.slice(0, length);
}

/** Encodes a byte string. */
export function encodeByteString(text: string): Uint8Array<ArrayBuffer> {
  if (text.length < MIN_ENCODER_CHARS) return encodeChars(text);
  const encoded = encoder.encode(text);
  // UTF-8 is the same for ASCII, and longer for everything else.
  return encoded.length === text.length ? encoded : encodeChars(text);
}

/** Encodes a byte string into bytes of the same length. */
export function encodeByteStringInto(text: string, bytes: Uint8Array): void {
  if (text.length >= MIN_ENCODER_CHARS) {
    const { read, written } = encoder.encodeInto(text, bytes);
    if (read === written && written === text.length) return;
  }
  writeChars(text, bytes);
}

function encodeChars(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length);
  writeChars(text, bytes);
  return bytes;
}

function writeChars(text: string, bytes: Uint8Array): void {
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
}

// Each string that is kept keeps no more than twice this alive besides itself.
const WINDOW_BYTES = 640;

/**
 * A window that moves forward over bytes, to slice many strings out of them.
 *
 * One decoder call per string would be slow. One for all would make each string
 * a slice of all, which stays alive for as long as the string. Parts above ASCII,
 * which decode more slowly, are windows of their own.
 */
export class ByteStringWindow {
  /** The text of the window. */
  text = "";
  /** Where the window starts and ends. */
  start = 0;
  end = 0;

  readonly #bytes: Uint8Array;
  readonly #origin: number;
  readonly #length: number;
  readonly #nonAscii: readonly number[];
  /** The index of the next pair of offsets in {@linkcode #nonAscii}. */
  #next = 0;

  /**
   * @param origin Where the part of the bytes starts that is decoded. All other
   * offsets are relative to it.
   * @param end Where it ends.
   * @param nonAscii Where the parts start and end that contain bytes above 0x7f,
   * in order.
   */
  constructor(
    bytes: Uint8Array,
    origin: number,
    end: number,
    nonAscii: readonly number[],
  ) {
    this.#bytes = bytes;
    this.#origin = origin;
    this.#length = end - origin;
    this.#nonAscii = nonAscii;
  }

  /** Moves the window to these bytes, which are in one part or in none. */
  moveTo(start: number, end: number): void {
    const parts = this.#nonAscii;
    const length = this.#length;
    while (start >= (parts[this.#next + 1] ?? length)) this.#next += 2;
    const from = parts[this.#next] ?? length;
    const isAscii = start < from;
    // A short rest is not worth a window of its own.
    const isRest = length - start <= 2 * WINDOW_BYTES;
    const most = isRest ? length : Math.max(end, start + WINDOW_BYTES);
    const stop = isAscii ? Math.min(from, most) : parts[this.#next + 1]!;
    const origin = this.#origin;
    const bytes = this.#bytes.subarray(origin + start, origin + stop);
    this.text = decodeByteString(bytes, isAscii);
    this.start = start;
    this.end = stop;
  }
}
