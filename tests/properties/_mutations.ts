// Nearly valid input: something valid, with a few small changes. Inputs are
// strings of one char per byte, or any strings if a caller's strings are tried.

import { type Arbitrary, fc } from "../_fast_check.ts";

// Longer than any limit in these properties, and short enough to be fast.
const MAX_LENGTH = 2048;
const NUMBERS = ("0 1 2 00 7f -1 +1 16 64 255 256 65535 65536 ffffffff " +
  "2147483648 4294967296 9007199254740991 9007199254740992 1fffffffffffff " +
  "20000000000000 18446744073709551616 1e3 0x10 99999999999999999999")
  .split(" ");

type Change = (input: string) => string;

/**
 * Makes inputs from valid ones.
 *
 * @param seeds The valid ones.
 * @param words Words of the grammar, to put anywhere.
 */
export function mutated(
  seeds: Arbitrary<string>,
  words: readonly string[],
): Arbitrary<string> {
  const changes = fc.oneof(
    { arbitrary: fc.constant([]), weight: 1 },
    {
      arbitrary: fc.array(change(seeds, words), { minLength: 1, maxLength: 4 }),
      weight: 6,
    },
  );
  return fc.tuple(seeds, changes).map(([seed, changes]) =>
    changes.reduce((input, apply) => apply(input), seed).slice(0, MAX_LENGTH)
  );
}

/** Picks from a list of inputs, those that are short enough. */
export function oneOf(inputs: readonly string[]): Arbitrary<string> {
  const short = inputs.filter(({ length }) => length <= MAX_LENGTH);
  return fc.constantFrom(...short);
}

function change(
  seeds: Arbitrary<string>,
  words: readonly string[],
): Arbitrary<Change> {
  const place = fc.nat();
  const byte = fc.integer({ min: 0, max: 255 })
    .map((code) => String.fromCharCode(code));
  const word = fc.constantFrom(...words);
  const length = fc.oneof(
    { arbitrary: fc.integer({ min: 1, max: 8 }), weight: 3 },
    fc.nat({ max: MAX_LENGTH }),
  );
  const replace = (text: Arbitrary<string>, size: (text: string) => number) =>
    fc.tuple(place, text).map(([place, text]): Change => (input) => {
      const at = place % (input.length + 1);
      return input.slice(0, at) + text + input.slice(at + size(text));
    });
  return fc.oneof(
    { arbitrary: replace(word, () => 0), weight: 2 }, // inserts
    replace(word, ({ length }) => length), // overwrites
    replace(byte, () => 1),
    replace(byte, () => 0),
    fc.tuple(place, fc.nat({ max: 7 })).map(
      ([place, bit]): Change => (input) => {
        const at = place % (input.length + 1);
        if (at === input.length) return input;
        const code = input.charCodeAt(at) ^ (1 << bit);
        return input.slice(0, at) + String.fromCharCode(code) +
          input.slice(at + 1);
      },
    ),
    fc.tuple(place, length).map(([place, length]): Change => (input) => {
      const at = place % (input.length + 1);
      return input.slice(0, at) + input.slice(at + length);
    }),
    fc.tuple(place, length, fc.constantFrom(1, 1, 2, 100)).map(
      ([place, length, times]): Change => (input) => {
        const at = place % (input.length + 1);
        const repeated = input.slice(at, at + length).repeat(times);
        return input.slice(0, at) + repeated + input.slice(at);
      },
    ),
    fc.tuple(place, length, place).map(
      ([from, length, to]): Change => (input) => {
        const at = from % (input.length + 1);
        const rest = input.slice(0, at) + input.slice(at + length);
        const target = to % (rest.length + 1);
        return rest.slice(0, target) + input.slice(at, at + length) +
          rest.slice(target);
      },
    ),
    fc.tuple(seeds, place, place).map(([other, a, b]): Change => (input) =>
      input.slice(0, a % (input.length + 1)) +
      other.slice(b % (other.length + 1))
    ),
    fc.tuple(place, fc.constantFrom(...NUMBERS)).map(
      ([place, number]): Change => (input) => {
        const found = [...input.matchAll(/[0-9a-fA-F]+/g)];
        if (found.length === 0) return input;
        const { index, 0: digits } = found[place % found.length]!;
        return input.slice(0, index) + number +
          input.slice(index + digits.length);
      },
    ),
    place.map((place): Change => (input) =>
      input.slice(0, place % (input.length + 1))
    ),
  );
}
