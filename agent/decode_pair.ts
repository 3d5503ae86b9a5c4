// Decodes with a pair of streams: a `DecompressionStream`, or the caller's own.

import type { HttpDecoderPair } from "./options.ts";

/** A decoder's verdict that its input is not valid in its coding. */
export class DecodeFailure extends Error {
  override readonly name = "DecodeFailure";
}

/** Decodes one coding: encoded pieces into decoded ones that the caller owns. */
export type Decoder = (
  pieces: AsyncIterable<Uint8Array>,
) => AsyncGenerator<Uint8Array<ArrayBuffer>, void>;

/**
 * Makes a decoder from a function that creates a pair.
 *
 * @param maxPiece The number of bytes to write at once: a decoder may return
 * everything that they expand to at once.
 */
export function pairDecoder(
  create: () => HttpDecoderPair,
  maxPiece = Infinity,
): Decoder {
  return async function* (pieces) {
    const { readable, writable } = create();
    const reader = readable.getReader();
    const writer = writable.getWriter();
    const source = new WatchedSource(pieces);
    const fed = feed(writer, source.pieces(), maxPiece);
    // An error here also appears on the other side.
    fed.catch((error) => writer.abort(error)).catch(() => {});
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        if (!(value instanceof Uint8Array)) {
          throw new TypeError("a piece is not a Uint8Array");
        }
        // A copy, because it may be a view of the decoder's own memory.
        yield new Uint8Array(value);
      }
    } catch (error) {
      throw source.failure === null
        ? new DecodeFailure(messageOf(error), { cause: error })
        : source.failure.error;
    } finally {
      // Not awaited, because the caller's decoder may take any time.
      reader.cancel().catch(() => {});
      writer.abort().catch(() => {});
    }
  };
}

/** Separates the errors of a source from those of the decoder. */
class WatchedSource {
  failure: { readonly error: unknown } | null = null;
  readonly #pieces: AsyncIterable<Uint8Array>;

  constructor(pieces: AsyncIterable<Uint8Array>) {
    this.#pieces = pieces;
  }

  async *pieces(): AsyncGenerator<Uint8Array, void> {
    try {
      yield* this.#pieces;
    } catch (error) {
      this.failure = { error };
      throw error;
    }
  }
}

async function feed(
  writer: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>,
  pieces: AsyncIterable<Uint8Array>,
  maxPiece: number,
): Promise<void> {
  for await (const piece of pieces) {
    for (let at = 0; at < piece.length; at += maxPiece) {
      // A copy, because a decoder may keep it for longer than this piece is valid.
      await writer.write(new Uint8Array(piece.subarray(at, at + maxPiece)));
    }
  }
  await writer.close();
}

function messageOf(error: unknown): string {
  return (error instanceof Error && error.message) || "it is invalid";
}
