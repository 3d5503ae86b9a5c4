// Decodes with a pair of streams: a `DecompressionStream`, or the caller's own.

import { isBytes } from "../core/bytes.ts";
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
    const feeder = new Feeder(reader, writable.getWriter(), maxPiece);
    feeder.run(pieces);
    try {
      for (;;) {
        const { done, value } = await feeder.read();
        if (done) return;
        if (!isBytes(value)) {
          throw new TypeError("a piece is not a Uint8Array");
        }
        // A copy, for it may be a view of the decoder's own memory.
        yield new Uint8Array(value);
      }
    } catch (error) {
      throw feeder.sourceFailure === null
        ? new DecodeFailure(messageOf(error), { cause: error })
        : feeder.sourceFailure.error;
    } finally {
      feeder.stop();
    }
  };
}

type Bytes = Uint8Array<ArrayBuffer>;
type Failure = { readonly error: unknown };

/**
 * Feeds a decoder, but only while somebody waits for its output: otherwise a source
 * would be read, and time out, for nobody.
 */
class Feeder {
  /** The error of the source, which is not the decoder's. */
  sourceFailure: Failure | null = null;
  readonly #reader: ReadableStreamDefaultReader<Bytes>;
  readonly #writer: WritableStreamDefaultWriter<Bytes>;
  readonly #maxPiece: number;
  #failure: Failure | null = null;
  #isWanted = false;
  #isStopped = false;
  #wake: () => void = () => {};
  #fail: (error: unknown) => void = () => {};

  constructor(
    reader: ReadableStreamDefaultReader<Bytes>,
    writer: WritableStreamDefaultWriter<Bytes>,
    maxPiece: number,
  ) {
    this.#reader = reader;
    this.#writer = writer;
    this.#maxPiece = maxPiece;
  }

  /** Reads the decoder's output. Also fails if the decoder cannot be fed. */
  read(): Promise<ReadableStreamReadResult<Bytes>> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== null) return reject(this.#failure.error);
      this.#fail = reject;
      this.#isWanted = true;
      this.#reader.read().then((result) => {
        this.#isWanted = false;
        resolve(result);
      }, reject);
      // Last, so that nothing is taken from the source if output was available.
      this.#wake();
    });
  }

  /** Feeds the decoder to its end. Never rejects. */
  async run(pieces: AsyncIterable<Uint8Array>): Promise<void> {
    const source = pieces[Symbol.asyncIterator]();
    try {
      await this.#feed(source);
    } catch (error) {
      // First, for a decoder may take the abort for an end.
      this.#failure = { error };
      this.#fail(error);
      this.#writer.abort(error).catch(() => {});
    }
    await source.return?.().catch(() => {});
  }

  /** Ends both. It waits for neither: a decoder of the caller's may take any time. */
  stop(): void {
    this.#isStopped = true;
    this.#reader.cancel().catch(() => {});
    this.#writer.abort().catch(() => {});
    this.#wake();
  }

  async #feed(source: AsyncIterator<Uint8Array>): Promise<void> {
    for (;;) {
      while (!this.#isWanted && !this.#isStopped) {
        await new Promise<void>((resolve) => this.#wake = resolve);
      }
      if (this.#isStopped) return;
      const piece = await this.#take(source);
      if (piece === null) return await this.#writer.close();
      for (let at = 0; at < piece.length; at += this.#maxPiece) {
        const part = piece.subarray(at, at + this.#maxPiece);
        // A copy, for a decoder may keep it for longer than this piece is ours.
        await this.#writer.write(new Uint8Array(part));
      }
    }
  }

  /** Takes a piece, or `null` at the end. */
  async #take(source: AsyncIterator<Uint8Array>): Promise<Uint8Array | null> {
    try {
      const { done, value } = await source.next();
      return done ? null : value;
    } catch (error) {
      this.sourceFailure = { error };
      throw error;
    }
  }
}

function messageOf(error: unknown): string {
  return (error instanceof Error && error.message) || "it is invalid";
}
