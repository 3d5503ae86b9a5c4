// Bytes in tests are written as strings of one char per byte.

/** Encodes a string of one char per byte. */
export function toBytes(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 0xff) throw new RangeError(`Char ${i} is not a byte`);
    bytes[i] = code;
  }
  return bytes;
}

/** Decodes each byte into one char. */
export function toText(bytes: Uint8Array): string {
  let text = "";
  for (let i = 0; i < bytes.length; i += 4096) {
    const piece = bytes.subarray(i, i + 4096) as unknown as number[];
    // Spreading it takes 4 to 8 times as long.
    text += String.fromCharCode.apply(null, piece);
  }
  return text;
}
