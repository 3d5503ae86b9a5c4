// MD5 (RFC 1321), in the names of its §3.4. It is broken as a signature; Digest
// (RFC 7616 §3.2) still needs it for servers that offer nothing else.

import { eachBlock, wordsToBytes } from "./_blocks.ts";

const LAYOUT = { blockBytes: 64, littleEndian: true } as const;

/** A, B, C, and D (§3.3). */
const INITIAL = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476] as const;

/** T: the integer parts of 2^32 * abs(sin(i)), i in radians from 1 on. */
// deno-fmt-ignore
const T = new Int32Array([
  0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a,
  0xa8304613, 0xfd469501, 0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be,
  0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821, 0xf61e2562, 0xc040b340,
  0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8,
  0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8,
  0x676f02d9, 0x8d2a4c8a, 0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c,
  0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70, 0x289b7ec6, 0xeaa127fa,
  0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665,
  0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92,
  0xffeff47d, 0x85845dd1, 0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1,
  0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391,
]);

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
