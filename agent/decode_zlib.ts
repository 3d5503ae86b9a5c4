// Decodes with a stream of `node:zlib`, in bounded memory: the stream stops in the
// middle of its input while its output is not read.
//
// Such a stream reports corrupt input. It also reports truncated input, except for
// Brotli on Deno: for Brotli, this decoder adds one byte at the end, and if the stream
// takes that byte, the input was truncated. A stream does not report bytes after the
// end of the format: they are the input that it has not taken.

import { DecodeFailure, type Decoder } from "./decode_pair.ts";

/** The members in use of the streams of `node:zlib`. */
export interface ZlibStream {
  /** The number of bytes of its input that the stream has taken. */
  readonly bytesWritten: number;
  write(bytes: Uint8Array, callback: () => void): void;
  end(): void;
  read(): Uint8Array | null;
  destroy(): void;
  on(event: "readable" | "end", listener: () => void): void;
  on(event: "error", listener: (error: Error) => void): void;
}

/** The behavior of a kind of stream. */
export interface ZlibBehavior {
  /** Whether it may hide that its input is truncated. */
  readonly hidesTruncation?: boolean;
  /** Whether its format may be repeated. The stream itself stops at the first end. */
  readonly repeats?: boolean;
}

const SENTINEL = new Uint8Array(1);

/** Makes a decoder from a function that creates a stream. */
export function zlibDecoder(
  create: () => ZlibStream,
  { hidesTruncation = false, repeats = false }: ZlibBehavior = {},
): Decoder {
  return async function* (pieces) {
    let feed = new Feed(create());
    try {
      for await (const piece of pieces) {
        let rest = yield* feed.write(piece);
        while (rest.length > 0) {
          if (!repeats) throw new DecodeFailure("bytes follow its end");
          feed.destroy();
          feed = new Feed(create());
          rest = yield* feed.write(rest);
        }
      }
      yield* feed.finish(hidesTruncation);
    } finally {
      feed.destroy();
    }
  };
}

type Pieces<Result> = AsyncGenerator<Uint8Array<ArrayBuffer>, Result>;

/** Feeds one stream. */
class Feed {
  readonly #zlib: ZlibStream;
  #given = 0;
  #state: "open" | "ended" | Error = "open";
  #wake: () => void = () => {};

  constructor(zlib: ZlibStream) {
    this.#zlib = zlib;
    zlib.on("readable", () => this.#wake());
    zlib.on("end", () => this.#settle("ended"));
    zlib.on("error", (error) => this.#settle(error));
  }

  /** Decodes one piece, and returns the bytes after the end of the format. */
  async *write(piece: Uint8Array): Pieces<Uint8Array> {
    this.#given += piece.length;
    let taken = false;
    this.#zlib.write(piece, () => {
      taken = true;
      this.#wake();
    });
    yield* this.#read(() => taken);
    const left = this.#given - this.#zlib.bytesWritten;
    return piece.subarray(piece.length - left);
  }

  /** Decodes the rest. */
  async *finish(hidesTruncation: boolean): Pieces<void> {
    if (hidesTruncation) this.#zlib.write(SENTINEL, () => {});
    this.#zlib.end();
    yield* this.#read(() => false);
    if (this.#zlib.bytesWritten > this.#given) {
      throw new DecodeFailure("it is truncated");
    }
  }

  destroy(): void {
    this.#zlib.destroy();
  }

  /** Reads until the stream has taken its input, or has ended. */
  async *#read(isTaken: () => boolean): Pieces<void> {
    for (;;) {
      const bytes = this.#zlib.read();
      if (bytes !== null) {
        // A copy, because it shares its memory with other pieces.
        yield new Uint8Array(bytes);
        continue;
      }
      const state = this.#state;
      if (state instanceof Error) {
        throw new DecodeFailure(state.message, { cause: state });
      }
      if (state === "ended" || isTaken()) return;
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }

  #settle(state: "ended" | Error): void {
    if (this.#state === "open") this.#state = state;
    this.#wake();
  }
}
