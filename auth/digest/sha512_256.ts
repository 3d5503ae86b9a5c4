// SHA-512/256 (FIPS 180-4 §6.4 and §6.7): SHA-512 from another start, cut to 256
// bits. A word of 64 bits is two numbers here, its high half and its low half: a
// BigInt is 25 times slower (measured in V8).

import { eachBlock, wordsToBytes } from "./_blocks.ts";

const LAYOUT = { blockBytes: 128, littleEndian: false } as const;

/** H(0) of SHA-512/256 (§5.3.6.2). */
// deno-fmt-ignore
const INITIAL = [
  0x22312194, 0xfc2bf72c, 0x9f555fa3, 0xc84c64c2,
  0x2393b86b, 0x6f53b151, 0x96387719, 0x5940eabd,
  0x96283ee2, 0xa88effe3, 0xbe5e1e25, 0x53863992,
  0x2b0199fc, 0x2c85b8aa, 0x0eb72ddc, 0x81c52ca2,
] as const;

/** K: the fractional parts of the cube roots of the first 80 primes. */
// deno-fmt-ignore
const K = new Int32Array([
  0x428a2f98, 0xd728ae22, 0x71374491, 0x23ef65cd, 0xb5c0fbcf, 0xec4d3b2f,
  0xe9b5dba5, 0x8189dbbc, 0x3956c25b, 0xf348b538, 0x59f111f1, 0xb605d019,
  0x923f82a4, 0xaf194f9b, 0xab1c5ed5, 0xda6d8118, 0xd807aa98, 0xa3030242,
  0x12835b01, 0x45706fbe, 0x243185be, 0x4ee4b28c, 0x550c7dc3, 0xd5ffb4e2,
  0x72be5d74, 0xf27b896f, 0x80deb1fe, 0x3b1696b1, 0x9bdc06a7, 0x25c71235,
  0xc19bf174, 0xcf692694, 0xe49b69c1, 0x9ef14ad2, 0xefbe4786, 0x384f25e3,
  0x0fc19dc6, 0x8b8cd5b5, 0x240ca1cc, 0x77ac9c65, 0x2de92c6f, 0x592b0275,
  0x4a7484aa, 0x6ea6e483, 0x5cb0a9dc, 0xbd41fbd4, 0x76f988da, 0x831153b5,
  0x983e5152, 0xee66dfab, 0xa831c66d, 0x2db43210, 0xb00327c8, 0x98fb213f,
  0xbf597fc7, 0xbeef0ee4, 0xc6e00bf3, 0x3da88fc2, 0xd5a79147, 0x930aa725,
  0x06ca6351, 0xe003826f, 0x14292967, 0x0a0e6e70, 0x27b70a85, 0x46d22ffc,
  0x2e1b2138, 0x5c26c926, 0x4d2c6dfc, 0x5ac42aed, 0x53380d13, 0x9d95b3df,
  0x650a7354, 0x8baf63de, 0x766a0abb, 0x3c77b2a8, 0x81c2c92e, 0x47edaee6,
  0x92722c85, 0x1482353b, 0xa2bfe8a1, 0x4cf10364, 0xa81a664b, 0xbc423001,
  0xc24b8b70, 0xd0f89791, 0xc76c51a3, 0x0654be30, 0xd192e819, 0xd6ef5218,
  0xd6990624, 0x5565a910, 0xf40e3585, 0x5771202a, 0x106aa070, 0x32bbd1b8,
  0x19a4c116, 0xb8d2d0c8, 0x1e376c08, 0x5141ab53, 0x2748774c, 0xdf8eeb99,
  0x34b0bcb5, 0xe19b48a8, 0x391c0cb3, 0xc5c95a63, 0x4ed8aa4a, 0xe3418acb,
  0x5b9cca4f, 0x7763e373, 0x682e6ff3, 0xd6b2b8a3, 0x748f82ee, 0x5defb2fc,
  0x78a5636f, 0x43172f60, 0x84c87814, 0xa1f0ab72, 0x8cc70208, 0x1a6439ec,
  0x90befffa, 0x23631e28, 0xa4506ceb, 0xde82bde9, 0xbef9a3f7, 0xb2c67915,
  0xc67178f2, 0xe372532b, 0xca273ece, 0xea26619c, 0xd186b8c7, 0x21c0c207,
  0xeada7dd6, 0xcde0eb1e, 0xf57d4f7f, 0xee6ed178, 0x06f067aa, 0x72176fba,
  0x0a637dc5, 0xa2c898a6, 0x113f9804, 0xbef90dae, 0x1b710b35, 0x131c471b,
  0x28db77f5, 0x23047d84, 0x32caab7b, 0x40c72493, 0x3c9ebe0a, 0x15c9bebc,
  0x431d67c4, 0x9c100d4c, 0x4cc5d4be, 0xcb3e42b6, 0x597f299c, 0xfc657e2a,
  0x5fcb6fab, 0x3ad6faec, 0x6c44198c, 0x4a475817,
]);

/** Returns the SHA-512/256 hash of a message: 32 bytes. */
export function sha512_256(message: Uint8Array): Uint8Array<ArrayBuffer> {
  const state = new Int32Array(INITIAL);
  const schedule = new Int32Array(160);
  eachBlock(message, LAYOUT, (view, offset) => {
    expand(schedule, view, offset);
    compress(state, schedule);
  });
  return wordsToBytes(state.subarray(0, 8), false);
}

/** Fills W, the message schedule of a block. */
function expand(w: Int32Array, view: DataView, offset: number): void {
  for (let i = 0; i < 32; i++) w[i] = view.getInt32(offset + i * 4);
  for (let i = 32; i < 160; i += 2) {
    const h2 = w[i - 4]!, l2 = w[i - 3]!;
    const h15 = w[i - 30]!, l15 = w[i - 29]!;
    const sigma1High = rotate(h2, l2, 19) ^ rotate(l2, h2, 29) ^ (h2 >>> 6);
    const sigma1Low = rotate(l2, h2, 19) ^ rotate(h2, l2, 29) ^
      shift(l2, h2, 6);
    const sigma0High = rotate(h15, l15, 1) ^ rotate(h15, l15, 8) ^ (h15 >>> 7);
    const sigma0Low = rotate(l15, h15, 1) ^ rotate(l15, h15, 8) ^
      shift(l15, h15, 7);
    const low = unsigned(sigma1Low) + unsigned(w[i - 13]!) +
      unsigned(sigma0Low) + unsigned(w[i - 31]!);
    w[i] = sigma1High + w[i - 14]! + sigma0High + w[i - 32]! + carry(low);
    w[i + 1] = low;
  }
}

/** The eight working variables, a to h, each as its high and its low half. */
function compress(state: Int32Array, w: Int32Array): void {
  let ah = state[0]!, al = state[1]!, bh = state[2]!, bl = state[3]!;
  let ch = state[4]!, cl = state[5]!, dh = state[6]!, dl = state[7]!;
  let eh = state[8]!, el = state[9]!, fh = state[10]!, fl = state[11]!;
  let gh = state[12]!, gl = state[13]!, hh = state[14]!, hl = state[15]!;
  for (let i = 0; i < 160; i += 2) {
    const t1Low = unsigned(hl) + unsigned(sum1(el, eh)) +
      unsigned(choose(el, fl, gl)) + unsigned(K[i + 1]!) + unsigned(w[i + 1]!);
    const t1High = hh + sum1(eh, el) + choose(eh, fh, gh) + K[i]! + w[i]! +
      carry(t1Low);
    const t2Low = unsigned(sum0(al, ah)) + unsigned(majority(al, bl, cl));
    const t2High = sum0(ah, al) + majority(ah, bh, ch) + carry(t2Low);
    hh = gh, hl = gl;
    gh = fh, gl = fl;
    fh = eh, fl = el;
    const eLow = unsigned(dl) + unsigned(t1Low);
    eh = (dh + t1High + carry(eLow)) | 0, el = eLow | 0;
    dh = ch, dl = cl;
    ch = bh, cl = bl;
    bh = ah, bl = al;
    const aLow = unsigned(t1Low) + unsigned(t2Low);
    ah = (t1High + t2High + carry(aLow)) | 0, al = aLow | 0;
  }
  const sums = [ah, al, bh, bl, ch, cl, dh, dl, eh, el, fh, fl, gh, gl, hh, hl];
  for (let i = 0; i < 16; i += 2) {
    const low = unsigned(state[i + 1]!) + unsigned(sums[i + 1]!);
    state[i]! += sums[i]! + carry(low);
    state[i + 1] = low;
  }
}

/** One half of a word rotated right; the other half rotates with them swapped. */
function rotate(half: number, other: number, bits: number): number {
  return (half >>> bits) | (other << (32 - bits));
}

/** The low half of a word shifted right; the high half is a plain shift. */
function shift(low: number, high: number, bits: number): number {
  return (low >>> bits) | (high << (32 - bits));
}

// A rotation by 32 + n is one by n of the swapped halves.

function sum0(half: number, other: number): number {
  return rotate(half, other, 28) ^ rotate(other, half, 2) ^
    rotate(other, half, 7);
}

function sum1(half: number, other: number): number {
  return rotate(half, other, 14) ^ rotate(half, other, 18) ^
    rotate(other, half, 9);
}

function choose(x: number, y: number, z: number): number {
  return (x & y) ^ (~x & z);
}

function majority(x: number, y: number, z: number): number {
  return (x & y) ^ (x & z) ^ (y & z);
}

function unsigned(half: number): number {
  return half >>> 0;
}

/** How much a sum of low halves carries over into the high half. */
function carry(low: number): number {
  return (low / 0x1_0000_0000) | 0;
}
