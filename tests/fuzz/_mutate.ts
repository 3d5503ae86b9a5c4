// Small changes to inputs, which are strings of one char for each byte, or any
// strings where a caller's strings are what is tried.

import type { Random } from "./_random.ts";

/** Where inputs come from besides the one that is changed. */
export interface Stock {
  /** Inputs to splice with. */
  readonly inputs: readonly string[];
  /** Words of the grammar. */
  readonly words: readonly string[];
}

type Change = (input: string, random: Random, stock: Stock) => string;

// Longer than any limit that is set here, and short enough to be fast.
const MAX_LENGTH = 2048;
// Now and then, for what only shows at length.
const MAX_LONG = 16384;
const NUMBERS = ("0 1 2 00 7f -1 +1 16 64 255 256 65535 65536 ffffffff " +
  "2147483648 4294967296 9007199254740991 9007199254740992 1fffffffffffff " +
  "20000000000000 18446744073709551616 1e3 0x10 99999999999999999999")
  .split(" ");

const CHANGES: readonly Change[] = [
  flipBit,
  setByte,
  insertWord,
  insertWord,
  overwrite,
  deleteSome,
  repeatSome,
  splice,
  moveSome,
  changeNumber,
  cutShort,
];

/** Makes one to four changes to an input. */
export function mutate(input: string, random: Random, stock: Stock): string {
  let mutated = input;
  for (let left = 1 + random.below(4); left > 0; left--) {
    mutated = random.pick(CHANGES)(mutated, random, stock);
  }
  return mutated.slice(0, random.once(64) ? MAX_LONG : MAX_LENGTH);
}

function flipBit(input: string, random: Random): string {
  const at = random.below(input.length + 1);
  const code = input.charCodeAt(at) ^ (1 << random.below(8));
  return at === input.length
    ? input
    : input.slice(0, at) + String.fromCharCode(code) + input.slice(at + 1);
}

function setByte(input: string, random: Random): string {
  const at = random.below(input.length + 1);
  const byte = String.fromCharCode(random.below(256));
  return input.slice(0, at) + byte + input.slice(at + random.below(2));
}

function insertWord(input: string, random: Random, { words }: Stock): string {
  const at = random.below(input.length + 1);
  return input.slice(0, at) + random.pick(words) + input.slice(at);
}

function overwrite(input: string, random: Random, { words }: Stock): string {
  const at = random.below(input.length + 1);
  const word = random.pick(words);
  return input.slice(0, at) + word + input.slice(at + word.length);
}

function deleteSome(input: string, random: Random): string {
  const [from, to] = range(input, random);
  return input.slice(0, from) + input.slice(to);
}

function repeatSome(input: string, random: Random): string {
  const [from, to] = range(input, random);
  const most = random.once(4) ? 200 : 3;
  const times = Math.min(
    1 + random.below(most),
    Math.ceil(MAX_LONG / Math.max(1, to - from)),
  );
  const repeated = input.slice(from, to).repeat(times);
  return input.slice(0, to) + repeated + input.slice(to);
}

function splice(input: string, random: Random, { inputs }: Stock): string {
  const other = random.pick(inputs);
  return input.slice(0, random.below(input.length + 1)) +
    other.slice(random.below(other.length + 1));
}

function moveSome(input: string, random: Random): string {
  const [from, to] = range(input, random);
  const rest = input.slice(0, from) + input.slice(to);
  const at = random.below(rest.length + 1);
  return rest.slice(0, at) + input.slice(from, to) + rest.slice(at);
}

function changeNumber(input: string, random: Random): string {
  const found = [...input.slice(0, MAX_LENGTH).matchAll(/[0-9a-fA-F]+/g)];
  if (found.length === 0) return input;
  const { index, 0: digits } = random.pick(found);
  return input.slice(0, index) + random.pick(NUMBERS) +
    input.slice(index + digits.length);
}

function cutShort(input: string, random: Random): string {
  return input.slice(0, random.below(input.length + 1));
}

/** Mostly a short range, sometimes a long one. */
function range(input: string, random: Random): [from: number, to: number] {
  const from = random.below(input.length + 1);
  const most = random.once(4) ? input.length : 8;
  return [from, Math.min(input.length, from + 1 + random.below(most + 1))];
}
