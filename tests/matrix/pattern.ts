// A large body: bytes that differ at every position, as their pattern has a prime
// length. `../runtimes/origin.mjs` sends the same.

const PIECE_BYTES = 100_000;

/** Yields a number of bytes, in pieces. */
export function* pattern(length: number): Generator<Uint8Array<ArrayBuffer>> {
  for (let at = 0; at < length; at += PIECE_BYTES) {
    const piece = new Uint8Array(Math.min(PIECE_BYTES, length - at));
    for (let i = 0; i < piece.length; i++) {
      piece[i] = (at + i) % 65521 * 31 >> 3;
    }
    yield piece;
  }
}
