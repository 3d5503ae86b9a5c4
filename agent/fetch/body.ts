// The body of a request, of every kind that fetch accepts (WHATWG Fetch §5.2).

import { concat } from "@std/bytes/concat";
import { encodeForm } from "../../client/exchange/form.ts";
import { isAsyncIterable } from "../../client/exchange/source.ts";
import { isArrayBuffer, isBytes } from "../../core/bytes.ts";

/** A body in memory, which can be resent, or one that is read while it is sent. */
export type FetchContent =
  | Uint8Array<ArrayBuffer>
  | Blob
  | ReadableStream<Uint8Array>
  | AsyncIterable<Uint8Array>;

/** A body, and the `Content-Type` that its kind implies. */
export interface FetchBody {
  readonly content: FetchContent;
  readonly type: string | null;
}

const encoder = new TextEncoder();

/**
 * Reads the body of an init.
 *
 * @throws {TypeError} If it is a stream that is being read.
 */
export function readBody(body: NonNullable<RequestInit["body"]>): FetchBody {
  if (typeof body === "string") return textBody(body);
  // A copy, as the standard says: the caller may change the original.
  if (ArrayBuffer.isView(body)) {
    const { buffer, byteOffset, byteLength } = body;
    const bytes = new Uint8Array(buffer, byteOffset, byteLength);
    return { content: new Uint8Array(bytes), type: null };
  }
  if (isArrayBuffer(body)) {
    return { content: new Uint8Array(body.slice(0)), type: null };
  }
  if (body instanceof URLSearchParams) {
    const type = "application/x-www-form-urlencoded;charset=UTF-8";
    return { content: encoder.encode(body.toString()), type };
  }
  if (body instanceof Blob) return { content: body, type: body.type || null };
  if (body instanceof FormData) {
    const content = encodeForm(body);
    return { content, type: content.type };
  }
  if (body instanceof ReadableStream) {
    checkUnread(body);
    return { content: body, type: null };
  }
  return isAsyncIterable(body)
    ? { content: body, type: null }
    : textBody(`${body}`);
}

/** @throws {TypeError} If a stream is locked, or something has been read from it. */
function checkUnread(stream: ReadableStream): void {
  if (stream.locked) {
    throw new TypeError("Cannot send the body: its stream is locked");
  }
  try {
    // Only a Response can tell. It leaves the stream alone until it is read.
    new Response(stream);
  } catch (cause) {
    const message = "Cannot send the body: its stream has been read from";
    throw new TypeError(message, { cause });
  }
}

function textBody(text: string): FetchBody {
  return { content: encoder.encode(text), type: "text/plain;charset=UTF-8" };
}

/**
 * Returns the error of a request whose body failed. An abort stays one, as the
 * standard says.
 */
export function explainSource(error: unknown): unknown {
  const isAbort = error instanceof DOMException && error.name === "AbortError";
  return isAbort || error instanceof TypeError
    ? error
    : new TypeError("Cannot send the body: its source failed", {
      cause: error,
    });
}

// The most of a Request's body that is read at once. A longer one may be a stream that
// never waits and never ends, unless it is one piece, as bytes and text are.
const MAX_READY_BYTES = 2 ** 24;
const MAX_READY_PIECES = 2 ** 16;

type Bytes = Uint8Array<ArrayBuffer>;

/**
 * Reads the body of a Request. It does not tell whether it is in memory, but then it
 * can be read without waiting. In that case it is sent with its length, and can be
 * resent.
 *
 * @throws {TypeError} If it fails, or a piece is not a Uint8Array.
 */
export async function readRequestBody(
  body: ReadableStream<Bytes>,
): Promise<Bytes | ReadableStream<Bytes>> {
  const reader = body.getReader();
  const pieces: Bytes[] = [];
  let size = 0;
  const turn = startTurn();
  try {
    for (;;) {
      const read = reader.read();
      const isLong = pieces.length > MAX_READY_PIECES ||
        pieces.length > 1 && size > MAX_READY_BYTES;
      const first = isLong ? null : await Promise.race([read, turn.over]);
      if (first === null) return resume(reader, pieces, read);
      if (first.done) return concat(pieces);
      if (!isBytes(first.value)) {
        throw new TypeError(
          "Cannot send the body: a piece is not a Uint8Array",
        );
      }
      pieces.push(first.value);
      size += first.value.length;
    }
  } catch (error) {
    const explained = explainSource(error);
    reader.cancel(explained).catch(() => {});
    throw explained;
  } finally {
    turn.stop();
  }
}

/** Resolves in the next turn of the event loop, after all pending microtasks. */
function startTurn(): { readonly over: Promise<null>; stop(): void } {
  let timer: ReturnType<typeof setTimeout>;
  const over = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), 0);
  });
  return { over, stop: () => clearTimeout(timer) };
}

/** Makes a stream of the pieces already read and the rest. */
function resume(
  reader: ReadableStreamDefaultReader<Bytes>,
  pieces: Bytes[],
  pending: Promise<ReadableStreamReadResult<Bytes>>,
): ReadableStream<Bytes> {
  const stack = pieces.toReversed();
  let next: typeof pending | null = pending;
  // It may be awaited later, or never.
  next.catch(() => {});
  return new ReadableStream({
    async pull(controller) {
      const piece = stack.pop();
      if (piece !== undefined) return controller.enqueue(piece);
      const { done, value } = await (next ?? reader.read());
      next = null;
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: (reason) => reader.cancel(reason),
  }, { highWaterMark: 0 });
}
