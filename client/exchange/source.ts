// The body of a request, of any kind, as a source of pieces.

import { isArrayBuffer, isBytes, toPlainBytes } from "../../core/bytes.ts";
import { nextTurn } from "../transport/turn.ts";
import { encodeForm } from "./form.ts";

/**
 * The body of a request. `URLSearchParams` and `FormData` set `Content-Type`, unless
 * the request has one.
 */
export type HttpBodyInit =
  | ReadableStream<Uint8Array>
  | AsyncIterable<Uint8Array>
  | Uint8Array
  | ArrayBuffer
  | string
  | Blob
  | URLSearchParams
  | FormData
  | null;

/** A source of pieces. */
export interface BodySource {
  /**
   * Returns the next piece, or `null` at the end. The source may reuse the
   * piece's buffer at the following call.
   */
  next(): Promise<Uint8Array | null>;
  /** Cancels the source, without waiting for it. */
  cancel(reason: unknown): void;
}

/** A body before it is sent. */
export interface RequestBody {
  /** The length in bytes, or `null` if it is unknown. */
  readonly length: number | null;
  /** The body itself if it is in memory, or `null`. */
  readonly bytes: Uint8Array<ArrayBuffer> | null;
  /** The Content-Type that this kind of body implies, or `null`. */
  readonly type: string | null;
  /** Opens the source. The body is untouched before. */
  open(): BodySource;
}

/** How many empty pieces in a row are skipped before other code gets a turn. */
const MAX_EMPTY_PIECES = 64;

const encoder = new TextEncoder();

/**
 * Describes a body without touching it.
 *
 * @throws {TypeError} If it is of no known kind, locked, or detached.
 */
export function describeBody(body: HttpBodyInit): RequestBody {
  if (body === null) return bytesBody(new Uint8Array(0));
  if (typeof body === "string") return bytesBody(encoder.encode(body));
  if (isArrayBuffer(body)) return bytesBody(new Uint8Array(body));
  if (isBytes(body)) return bytesBody(toPlainBytes(body));
  if (body instanceof URLSearchParams) {
    const type = "application/x-www-form-urlencoded;charset=UTF-8";
    return bytesBody(encoder.encode(body.toString()), type);
  }
  if (body instanceof FormData) {
    const form = encodeForm(body);
    return streamedBody(
      () => streamSource(form.stream()),
      form.size,
      form.type,
    );
  }
  if (body instanceof Blob) {
    return streamedBody(() => streamSource(body.stream()), body.size);
  }
  if (body instanceof ReadableStream) {
    if (body.locked) {
      throw new TypeError("Cannot send the body: the stream is locked");
    }
    return streamedBody(() => streamSource(body));
  }
  if (isAsyncIterable(body)) return streamedBody(() => iterableSource(body));
  throw new TypeError(
    "Cannot send the body: it is not bytes, a string, a Blob, a form, " +
      "a stream, or an async iterable",
  );
}

function bytesBody(
  bytes: Uint8Array<ArrayBuffer>,
  type: string | null = null,
): RequestBody {
  const { length } = bytes;
  return { length, bytes, type, open: () => bytesSource([bytes]) };
}

function streamedBody(
  open: () => BodySource,
  length: number | null = null,
  type: string | null = null,
): RequestBody {
  return { length, bytes: null, type, open };
}

/** Makes a source of pieces in memory, which are not copied. */
export function bytesSource(pieces: readonly Uint8Array[]): BodySource {
  const iterator = pieces.values();
  return {
    next: () => Promise.resolve(iterator.next().value ?? null),
    cancel() {},
  };
}

function streamSource(stream: ReadableStream<Uint8Array>): BodySource {
  const reader = stream.getReader();
  return {
    next: () => nextPiece(() => reader.read()),
    cancel(reason) {
      reader.cancel(reason).catch(() => {});
    },
  };
}

function iterableSource(iterable: AsyncIterable<Uint8Array>): BodySource {
  const iterator = iterable[Symbol.asyncIterator]();
  let isCanceled = false;
  return {
    // An empty piece may arrive after that, which others would follow.
    next: () => nextPiece(() => isCanceled ? ENDED : iterator.next()),
    cancel(reason) {
      isCanceled = true;
      // A generator that is waiting ends only after that. Other iterators may throw at
      // once, or return no promise.
      const end = async () => await iterator.return?.(reason);
      end().catch(() => {});
    },
  };
}

const ENDED = Promise.resolve({ done: true });

async function nextPiece(
  next: () => Promise<{ done?: boolean | undefined; value?: unknown }>,
): Promise<Uint8Array | null> {
  for (let empty = 1;; empty++) {
    const { done, value } = await next();
    if (done) return null;
    if (!isBytes(value)) {
      throw new TypeError("Cannot send the body: a piece is not a Uint8Array");
    }
    // Throws for a piece that was transferred, whose length is 0.
    const piece = toPlainBytes(value);
    if (piece.length > 0) return piece;
    if (empty % MAX_EMPTY_PIECES === 0) await nextTurn();
  }
}

/** Returns whether a body is neither a stream nor in memory. */
export function isAsyncIterable(
  body: unknown,
): body is AsyncIterable<Uint8Array> {
  return typeof body === "object" && body !== null &&
    Symbol.asyncIterator in body;
}

/** Returns whether the result of a caller's function must be awaited. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then ===
    "function";
}
