// The padding of MD5, SHA-256, and SHA-512/256 (RFC 1321 §3.1 and §3.2, FIPS 180-4
// §5.1): a 1 bit, zeros, and the length of the message in bits. The padded message
// is compressed block by block.

/** The bytes of a block, and of the length at the end of the last one. */
export interface BlockLayout {
  readonly blockBytes: 64 | 128;
  readonly littleEndian: boolean;
}

/** Passes each block of the padded message, as a view and an offset in it. */
export function eachBlock(
  message: Uint8Array,
  { blockBytes, littleEndian }: BlockLayout,
  compress: (view: DataView, offset: number) => void,
): void {
  const { buffer, byteOffset, length } = message;
  const view = new DataView(buffer, byteOffset, length);
  const whole = length - length % blockBytes;
  for (let at = 0; at < whole; at += blockBytes) compress(view, at);

  const rest = message.subarray(whole);
  // The length takes an eighth of a block: 64 or 128 bits. Ours fits 64.
  const isLong = rest.length + 1 + blockBytes / 8 > blockBytes;
  const tail = new Uint8Array(isLong ? 2 * blockBytes : blockBytes);
  tail.set(rest);
  tail[rest.length] = 0x80;
  const tailView = new DataView(tail.buffer);
  const low = (length << 3) >>> 0;
  const high = Math.floor(length / 0x2000_0000);
  const end = tail.length;
  tailView.setUint32(littleEndian ? end - 8 : end - 4, low, littleEndian);
  tailView.setUint32(littleEndian ? end - 4 : end - 8, high, littleEndian);
  for (let at = 0; at < end; at += blockBytes) compress(tailView, at);
}

/** Writes words of 32 bits as bytes. */
export function wordsToBytes(
  words: Int32Array,
  littleEndian: boolean,
): Uint8Array<ArrayBuffer> {
  const view = new DataView(new ArrayBuffer(words.length * 4));
  words.forEach((word, i) => view.setInt32(i * 4, word, littleEndian));
  return new Uint8Array(view.buffer);
}
