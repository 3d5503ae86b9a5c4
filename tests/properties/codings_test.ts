// Bodies in content codings, in any split, whole and damaged.

import { fc } from "../_fast_check.ts";
import zlib from "node:zlib";
import { decodeAll, defaultRules } from "../agent/_codings.ts";
import { equal } from "../_sweep.ts";
import { toBytes } from "../_text.ts";
import { binary } from "./_generators.ts";
import { piecesOf, places, property } from "./_property.ts";

const ENCODERS: Readonly<Record<string, (data: Uint8Array) => Uint8Array>> = {
  gzip: zlib.gzipSync,
  deflate: zlib.deflateSync,
  br: zlib.brotliCompressSync,
};
const INVALID = "InvalidContentCoding";
const rules = defaultRules();

/** Returns the text of a body, or the code of its error. */
async function decode(
  codings: string[],
  coded: Uint8Array,
  places: readonly number[],
): Promise<string> {
  return await decodeAll(codings, piecesOf(coded, places), await rules);
}

property(
  "A body in any codings decodes in any split, and is refused if damaged",
  60,
  fc.record({
    text: fc.array(binary, { maxLength: 40 }).map((parts) => parts.join("")),
    codings: fc.array(fc.constantFrom(...Object.keys(ENCODERS)), {
      minLength: 1,
      maxLength: 3,
    }),
    places,
    at: fc.nat(),
  }),
  async ({ text, codings, places, at }) => {
    let coded: Uint8Array = toBytes(text);
    for (const coding of codings) coded = ENCODERS[coding]!(coded);
    equal("whole", await decode(codings, coded, places), text);
    const short = coded.subarray(0, at % coded.length);
    // Nothing is nothing in every coding.
    const expected = short.length === 0 ? "" : INVALID;
    equal("truncated", await decode(codings, short, places), expected);
    const long = new Uint8Array([...coded, 0x2a]);
    equal("with a byte behind", await decode(codings, long, places), INVALID);
    // Only gzip and zlib have checksums, so another text may come of it, but
    // nothing that `decode` rejects with.
    const flipped = coded.slice();
    flipped[at % coded.length]! ^= 1 << at % 8;
    await decode(codings, flipped, places);
  },
);
