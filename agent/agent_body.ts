// The body of a call's request, which may be sent more than once.

import { describeBody, isAsyncIterable } from "../client/exchange/source.ts";
import type { HttpAgentSendOptions } from "./options.ts";

type GivenBody = HttpAgentSendOptions["body"];

/** A body as an exchange accepts it. */
export type SentBody = Exclude<GivenBody, () => unknown>;

/** The body of a call. */
export interface CallBody {
  /** Whether it can be sent again after part of it was taken. */
  readonly replayable: boolean;
  /** Whether anything was taken from a source that can be read only once. */
  readonly used: boolean;
  /** Returns its bytes if it is in memory but not in the request. */
  bytes(): Uint8Array | undefined;
  /** Returns the body to send. */
  open(): SentBody | Promise<SentBody>;
  /** Cancels a source that was not read. */
  cancel(reason: unknown): void;
}

/**
 * Prepares a body; `undefined` means the request's own.
 *
 * @throws {TypeError} If it is a stream that is being read.
 */
export function prepareBody(body: GivenBody): CallBody {
  if (body === undefined) return OF_REQUEST;
  if (typeof body === "function") return replayable(body);
  if (isStream(body)) {
    if (body.locked) {
      throw new TypeError("Cannot send the body: the stream is locked");
    }
    return new OneShot(() => iterate(body), (reason) => body.cancel(reason));
  }
  if (isAsyncIterable(body)) {
    return new OneShot(
      () => body[Symbol.asyncIterator](),
      // A generator that was not started holds nothing.
      () => {},
    );
  }
  return replayable(
    () => body,
    () => describeBody(body).bytes ?? undefined,
  );
}

/** Wraps a body that is in memory, or that can be created again. */
function replayable(
  open: CallBody["open"],
  bytes: CallBody["bytes"] = () => undefined,
): CallBody {
  return { replayable: true, used: false, open, bytes, cancel() {} };
}

const OF_REQUEST: CallBody = replayable(() => undefined);

/**
 * A source that can be read only once. An exchange that fails before it reads
 * leaves it as it was.
 */
class OneShot implements CallBody {
  readonly replayable = false;
  used = false;
  readonly #start: () => AsyncIterator<Uint8Array>;
  readonly #cancel: (reason: unknown) => unknown;

  constructor(
    start: () => AsyncIterator<Uint8Array>,
    cancel: (reason: unknown) => unknown,
  ) {
    this.#start = start;
    this.#cancel = cancel;
  }

  bytes(): undefined {}

  open(): SentBody {
    let iterator: AsyncIterator<Uint8Array> | null = null;
    const next = () => {
      this.used = true;
      iterator ??= this.#start();
      return iterator.next();
    };
    const end = async (reason?: unknown) => {
      await iterator?.return?.(reason);
      return { done: true as const, value: undefined };
    };
    return { [Symbol.asyncIterator]: () => ({ next, return: end }) };
  }

  async cancel(reason: unknown): Promise<void> {
    if (this.used) return;
    this.used = true;
    try {
      await this.#cancel(reason);
    } catch {
      // The source may be locked or broken, but nobody reads it anymore.
    }
  }
}

/** Reads a stream. Not all runtimes can iterate streams. */
function iterate(
  stream: ReadableStream<Uint8Array>,
): AsyncIterator<Uint8Array, undefined> {
  const reader = stream.getReader();
  return {
    next: async () => {
      const { done, value } = await reader.read();
      return done ? { done, value: undefined } : { done, value };
    },
    return: async (reason?: unknown) => {
      await reader.cancel(reason);
      return { done: true, value: undefined };
    },
  };
}

function isStream(body: unknown): body is ReadableStream<Uint8Array> {
  return typeof body === "object" && body !== null && "getReader" in body;
}
