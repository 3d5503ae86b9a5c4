// `deflate` is the zlib format (RFC 9110 §8.4.1.2), but some servers send the raw
// format that is inside of it.

import type { Decoder } from "./decode_pair.ts";

/** Makes a decoder that tells the two formats apart. */
export function deflateDecoder(zlib: Decoder, raw: Decoder): Decoder {
  return async function* (pieces) {
    const source = pieces[Symbol.asyncIterator]();
    let start = new Uint8Array(0);
    while (start.length < 2) {
      const { done, value } = await source.next();
      if (done) break;
      start = join(start, value);
    }
    const decoder = isZlib(start) ? zlib : raw;
    yield* decoder(resume(start, source));
  };
}

/**
 * The header of the zlib format (RFC 1950 §2.2): method 8, and a multiple of 31.
 * Raw, its first byte would begin a stored block whose padding is not zero.
 */
function isZlib([first, second]: Uint8Array): boolean {
  if (first === undefined) return true;
  const isDeflate = (first & 0x0f) === 8 && first >> 4 <= 7;
  return isDeflate &&
    (second === undefined || ((first << 8) | second) % 31 === 0);
}

function join(start: Uint8Array, more: Uint8Array): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(start.length + more.length);
  joined.set(start);
  joined.set(more, start.length);
  return joined;
}

async function* resume(
  start: Uint8Array,
  source: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array, void> {
  try {
    yield start;
    for (;;) {
      const { done, value } = await source.next();
      if (done) return;
      yield value;
    }
  } finally {
    await source.return?.();
  }
}
