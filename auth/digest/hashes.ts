// The hashes of Digest (RFC 7616 §3.2), in the names of their standards: MD5
// (RFC 1321), SHA-256 (FIPS 180-4 §6.2), and SHA-512/256 (§6.4 and §6.7), which is
// SHA-512 from another start, cut to 256 bits.

/** The bytes of a block, and of the length at the end of the last one. */
interface BlockLayout {
  readonly blockBytes: 64 | 128;
  readonly littleEndian: boolean;
}

/**
 * Pads a message (RFC 1321 §3.1 and §3.2, FIPS 180-4 §5.1): a 1 bit, zeros, and its
 * length in bits. Passes each block of it, as a view and an offset in it.
 */
function eachBlock(
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

/** Encodes words of 32 bits as bytes. */
function wordsToBytes(
  words: Int32Array,
  littleEndian: boolean,
): Uint8Array<ArrayBuffer> {
  const view = new DataView(new ArrayBuffer(words.length * 4));
  words.forEach((word, i) => view.setInt32(i * 4, word, littleEndian));
  return new Uint8Array(view.buffer);
}

// MD5 is broken as a signature. Digest still needs it for servers that offer nothing
// else.

const LAYOUT_MD5 = { blockBytes: 64, littleEndian: true } as const;

/** A, B, C, and D (§3.3). */
const START_MD5 = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476] as const;

/** T (§3.4). */
const T = new Int32Array(64).map((_, i) => 2 ** 32 * Math.abs(Math.sin(i + 1)));

/** The rotations of four steps, by round. */
const SHIFTS = [
  [7, 12, 17, 22],
  [5, 9, 14, 20],
  [4, 11, 16, 23],
  [6, 10, 15, 21],
] as const;

/** Returns the MD5 hash of a message: 16 bytes. */
export function md5(message: Uint8Array): Uint8Array<ArrayBuffer> {
  const state = new Int32Array(START_MD5);
  const block = new Int32Array(16);
  eachBlock(message, LAYOUT_MD5, (view, offset) => {
    for (let i = 0; i < 16; i++) {
      block[i] = view.getInt32(offset + i * 4, true);
    }
    compressMd5(state, block);
  });
  return wordsToBytes(state, true);
}

function compressMd5(state: Int32Array, block: Int32Array): void {
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

const LAYOUT_256 = { blockBytes: 64, littleEndian: false } as const;
const LAYOUT_512 = { blockBytes: 128, littleEndian: false } as const;

/** H(0) of SHA-512/256 (§5.3.6.2). */
// deno-fmt-ignore
const START_512_256 = [
  0x22312194, 0xfc2bf72c, 0x9f555fa3, 0xc84c64c2,
  0x2393b86b, 0x6f53b151, 0x96387719, 0x5940eabd,
  0x96283ee2, 0xa88effe3, 0xbe5e1e25, 0x53863992,
  0x2b0199fc, 0x2c85b8aa, 0x0eb72ddc, 0x81c52ca2,
] as const;

/** The source of H(0) of SHA-256 (§5.3.3) and of K (§4.2), filled on first use. */
let squares: Int32Array | undefined;
let cubes: Int32Array | undefined;

/**
 * Returns the first 64 bits of the fractional parts of the roots of the first
 * primes. A table of them would be eight times as long as this.
 */
function rootBits(count: number, degree: number): Int32Array {
  const primes: number[] = [];
  for (let n = 2; primes.length < count; n++) {
    if (primes.every((prime) => n % prime > 0)) primes.push(n);
  }
  const d = BigInt(degree);
  return new Int32Array(primes.flatMap((prime) => {
    const power = BigInt(prime) << 64n * d;
    // One Newton step doubles the 50 bits of a number. Only the last bit may be off.
    let root = BigInt(Math.round(prime ** (1 / degree) * 2 ** 50)) << 14n;
    root += 1n - (root ** d - power) / (d * root ** (d - 1n));
    while (root ** d > power) root--;
    return [root >> 32n, root].map((bits) => Number(BigInt.asIntN(32, bits)));
  }));
}

/** Returns the SHA-256 hash of a message: 32 bytes. */
export function sha256(message: Uint8Array): Uint8Array<ArrayBuffer> {
  const start = squares ??= rootBits(8, 2);
  const state = new Int32Array(8).map((_, i) => start[2 * i]!);
  const k = cubes ??= rootBits(80, 3);
  const schedule = new Int32Array(64);
  eachBlock(message, LAYOUT_256, (view, offset) => {
    expand256(schedule, view, offset);
    compress256(state, schedule, k);
  });
  return wordsToBytes(state, false);
}

/** Fills W, the message schedule of a block. */
function expand256(w: Int32Array, view: DataView, offset: number): void {
  for (let t = 0; t < 16; t++) w[t] = view.getInt32(offset + t * 4);
  for (let t = 16; t < 64; t++) {
    const w2 = w[t - 2]!;
    const w15 = w[t - 15]!;
    const sigma1 = rotate32(w2, 17) ^ rotate32(w2, 19) ^ (w2 >>> 10);
    const sigma0 = rotate32(w15, 7) ^ rotate32(w15, 18) ^ (w15 >>> 3);
    w[t] = sigma1 + w[t - 7]! + sigma0 + w[t - 16]!;
  }
}

function compress256(
  state: Int32Array,
  w: Int32Array,
  k: Int32Array,
): void {
  let a = state[0]!, b = state[1]!, c = state[2]!, d = state[3]!;
  let e = state[4]!, f = state[5]!, g = state[6]!, h = state[7]!;
  for (let t = 0; t < 64; t++) {
    const sum1 = rotate32(e, 6) ^ rotate32(e, 11) ^ rotate32(e, 25);
    const t1 = (h + sum1 + ((e & f) ^ (~e & g)) + k[2 * t]! + w[t]!) | 0;
    const sum0 = rotate32(a, 2) ^ rotate32(a, 13) ^ rotate32(a, 22);
    const t2 = (sum0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + t1) | 0;
    d = c;
    c = b;
    b = a;
    a = (t1 + t2) | 0;
  }
  [a, b, c, d, e, f, g, h].forEach((word, i) => state[i]! += word);
}

function rotate32(word: number, bits: number): number {
  return (word >>> bits) | (word << (32 - bits));
}

// A word of 64 bits is two numbers here, its high half and its low half: a BigInt is
// 25 times slower (measured in V8).

/** Returns the SHA-512/256 hash of a message: 32 bytes. */
export function sha512_256(message: Uint8Array): Uint8Array<ArrayBuffer> {
  const state = new Int32Array(START_512_256);
  const k = cubes ??= rootBits(80, 3);
  const schedule = new Int32Array(160);
  eachBlock(message, LAYOUT_512, (view, offset) => {
    expand512(schedule, view, offset);
    compress512(state, schedule, k);
  });
  return wordsToBytes(state.subarray(0, 8), false);
}

/** Fills W, the message schedule of a block. */
function expand512(w: Int32Array, view: DataView, offset: number): void {
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
function compress512(state: Int32Array, w: Int32Array, k: Int32Array): void {
  let ah = state[0]!, al = state[1]!, bh = state[2]!, bl = state[3]!;
  let ch = state[4]!, cl = state[5]!, dh = state[6]!, dl = state[7]!;
  let eh = state[8]!, el = state[9]!, fh = state[10]!, fl = state[11]!;
  let gh = state[12]!, gl = state[13]!, hh = state[14]!, hl = state[15]!;
  for (let i = 0; i < 160; i += 2) {
    const t1Low = unsigned(hl) + unsigned(sum1(el, eh)) +
      unsigned(choose(el, fl, gl)) + unsigned(k[i + 1]!) + unsigned(w[i + 1]!);
    const t1High = hh + sum1(eh, el) + choose(eh, fh, gh) + k[i]! + w[i]! +
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

/** The carry of a sum of low halves into the high half. */
function carry(low: number): number {
  return (low / 0x1_0000_0000) | 0;
}
