// The rules for every coding that a runtime offers, on every runtime. Nothing here
// names a runtime.

import {
  type BodyWatch,
  type DecodeRules,
  decodeStream,
  resolveDecode,
} from "../../agent/decode.ts";
import { HttpError, HttpHeaders, HttpResponse } from "../../mod.ts";
import { toText } from "../_text.ts";
import samples from "../vectors/codings.json" with { type: "json" };

/** A body that no exchange carries. */
export const UNWATCHED: BodyWatch = {
  ended: new Promise(() => {}),
  progress: () => ({
    phase: "body",
    reused: false,
    requestBytes: 1,
    responseBytes: 1,
  }),
};

/** The text of all samples. */
export const TEXT = Array.from(
  { length: 24 },
  (_, i) => `{"id":${i},"sum":${i * i * 7919 % 10007}}\n`,
).join("");

/** {@linkcode TEXT} in each coding; in `deflate`, also without its wrapper. */
export const SAMPLES: Readonly<Record<string, Uint8Array<ArrayBuffer>>> = Object
  .fromEntries(
    Object.entries(samples).map(([name, base64]) => [
      name,
      Uint8Array.from(atob(base64), (char) => char.charCodeAt(0)),
    ]),
  );

export function join(
  ...pieces: readonly Uint8Array[]
): Uint8Array<ArrayBuffer> {
  const size = pieces.reduce((sum, { length }) => sum + length, 0);
  const joined = new Uint8Array(size);
  let at = 0;
  for (const piece of pieces) {
    joined.set(piece, at);
    at += piece.length;
  }
  return joined;
}

/** A body of pieces, which are reused once the next one is asked for. */
export function bodyOf(
  pieces: readonly Uint8Array[],
): ReadableStream<Uint8Array<ArrayBuffer>> {
  let last: Uint8Array<ArrayBuffer> | null = null;
  const rest = pieces.values();
  return new ReadableStream({
    pull(controller) {
      last?.fill(0xaa);
      const { done, value } = rest.next();
      if (done) return controller.close();
      last = new Uint8Array(value);
      controller.enqueue(last);
    },
  }, { highWaterMark: 0 });
}

/** Decodes pieces; returns the text, or the code of the error. */
export async function decodeAll(
  codings: string[],
  pieces: readonly Uint8Array[],
  rules: DecodeRules,
): Promise<string> {
  const headers = new HttpHeaders({ "Content-Encoding": codings.join() });
  const response = new HttpResponse({ status: 200, headers });
  const stream = decodeStream(
    bodyOf(pieces),
    { codings, rules, response },
    UNWATCHED,
  );
  let text = "";
  try {
    for await (const piece of stream) text += toText(piece);
    return text;
  } catch (error) {
    if (!(error instanceof HttpError)) throw error;
    if (error.response !== response) throw new Error("It has no response");
    return error.code;
  }
}

/** The rules of this runtime. */
export async function defaultRules(): Promise<DecodeRules> {
  const rules = await resolveDecode(true);
  if (rules === null) throw new Error("There are no rules");
  return rules;
}

/** Checks every sample that this runtime decodes; returns the failures. */
export async function checkCodings(): Promise<string[]> {
  const rules = await defaultRules();
  const problems: string[] = [];
  for (const [sample, bytes] of Object.entries(SAMPLES)) {
    const coding = sample === "raw" ? "deflate" : sample;
    if (!rules.decoders.has(coding)) continue;
    const check = async (
      what: string,
      expected: string,
      ...pieces: Uint8Array[]
    ) => {
      const actual = await decodeAll([coding], pieces, rules);
      if (actual !== expected) problems.push(`${sample} ${what}: ${actual}`);
    };
    const INVALID = "InvalidContentCoding";
    await check("whole", TEXT, bytes);
    const single = [...bytes].map((byte) => Uint8Array.of(byte));
    await check("byte by byte", TEXT, ...single);
    await check("empty", "");
    await check("in empty pieces", "", new Uint8Array(0), new Uint8Array(0));
    for (let at = 1; at < bytes.length; at++) {
      const [start, end] = [bytes.subarray(0, at), bytes.subarray(at)];
      await check(`split at ${at}`, TEXT, start, end);
      await check(`cut at ${at}`, INVALID, start);
    }
    for (
      const more of [[0], [0, 0, 0, 0], [0x1f], [0x1f, 0x8b, 8], [0x28, 0xb5]]
    ) {
      const rest = Uint8Array.from(more);
      await check(`with ${more} behind it`, INVALID, bytes, rest);
      await check(`with ${more} in it`, INVALID, join(bytes, rest));
    }
    const corrupt = bytes.slice();
    corrupt.fill(0xff, 0, 12);
    await check("corrupt", INVALID, corrupt);
  }
  return problems;
}
