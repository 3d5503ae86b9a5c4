// Where the pieces of an upload come from: a stream, an async iterable, or one
// array, all of one shape.

import { copyBytes } from "./_copy.ts";

/** A piece, `null` at the end of the source. */
type Piece = Uint8Array | null;

/** A source that is pulled piece by piece. */
export interface BodySource {
  /** Gives the next piece; rejects with what the source throws. */
  next(): Promise<Piece>;
  /** Lets go of the source, without waiting for it. */
  cancel(reason: unknown): void;
}

/**
 * Opens a source.
 *
 * @throws {TypeError} If it is a stream that is locked, or neither of both.
 */
export function openSource(
  body: ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>,
): BodySource {
  if (body instanceof ReadableStream) return streamSource(body);
  if (typeof body?.[Symbol.asyncIterator] === "function") {
    return iterableSource(body);
  }
  throw new TypeError(
    "Cannot send the body: it is neither a stream nor an async iterable",
  );
}

/** Makes a source of a copy of one array, for a stream may take it away. */
export function singlePiece(bytes: Uint8Array): BodySource {
  const pieces = [copyBytes(bytes)];
  return {
    next: () => Promise.resolve(pieces.pop() ?? null),
    cancel() {},
  };
}

function streamSource(stream: ReadableStream<Uint8Array>): BodySource {
  const reader = stream.getReader();
  return {
    next: async () => checkPiece(await reader.read()),
    cancel(reason) {
      reader.cancel(reason).catch(() => {});
    },
  };
}

function iterableSource(iterable: AsyncIterable<Uint8Array>): BodySource {
  const iterator = iterable[Symbol.asyncIterator]();
  return {
    next: async () => checkPiece(await iterator.next()),
    cancel() {
      // A generator that is waiting for something ends after that. Others may
      // throw at once, or give no promise.
      const end = async () => await iterator.return?.();
      end().catch(() => {});
    },
  };
}

function checkPiece(
  { done, value }: { done?: boolean | undefined; value?: unknown },
): Piece {
  if (done) return null;
  if (value instanceof Uint8Array) return value;
  throw new TypeError("Cannot send the body: a piece is not a Uint8Array");
}
