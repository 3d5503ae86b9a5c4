// MD5 (RFC 1321), in the names of its §3.4. It is broken as a signature; Digest
// (RFC 7616 §3.2) still needs it for servers that offer nothing else.

import { eachBlock, wordsToBytes } from "./_blocks.ts";

const LAYOUT = { blockBytes: 64, littleEndian: true } as const;

/** A, B, C, and D (§3.3). */
const INITIAL = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476] as const;

/** T (§3.4). */
const T = new Int32Array(64).map((_, i) => 2 ** 32 * Math.abs(Math.sin(i + 1)));

/** How far each of four steps rotates, by round. */
const SHIFTS = [
  [7, 12, 17, 22],
  [5, 9, 14, 20],
  [4, 11, 16, 23],
  [6, 10, 15, 21],
] as const;

/** Returns the MD5 hash of a message: 16 bytes. */
export function md5(message: Uint8Array): Uint8Array<ArrayBuffer> {
  const state = new Int32Array(INITIAL);
  const block = new Int32Array(16);
  eachBlock(message, LAYOUT, (view, offset) => {
    for (let i = 0; i < 16; i++) {
      block[i] = view.getInt32(offset + i * 4, true);
    }
    compress(state, block);
  });
  return wordsToBytes(state, true);
}

function compress(state: Int32Array, block: Int32Array): void {
  let [a, b, c, d] = state as unknown as [number, number, number, number];
  for (let i = 0; i < 64; i++) {
    const round = i >> 4;
    const { mixed, word } = mix(round, i, b, c, d);
    const sum = (a + mixed + block[word]! + T[i]!) | 0;
    const shift = SHIFTS[round]![i & 3]!;
    a = d;
    d = c;
    c = b;
    b = (b + ((sum << shift) | (sum >>> (32 - shift)))) | 0;
  }
  state[0]! += a;
  state[1]! += b;
  state[2]! += c;
  state[3]! += d;
}

/** F, G, H, or I, and the index of the word that its step adds. */
function mix(round: number, i: number, b: number, c: number, d: number) {
  switch (round) {
    case 0:
      return { mixed: (b & c) | (~b & d), word: i };
    case 1:
      return { mixed: (b & d) | (c & ~d), word: (5 * i + 1) & 15 };
    case 2:
      return { mixed: b ^ c ^ d, word: (3 * i + 5) & 15 };
    default:
      return { mixed: c ^ (b | ~d), word: (7 * i) & 15 };
  }
}
