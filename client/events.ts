/**
 * Server-sent events from a body.
 *
 * @module
 */

import {
  type SseEvent,
  SseParser,
  type SseParserOptions,
} from "../sse/parser.ts";

/** Options of {@linkcode readEvents}. */
export interface ReadEventsOptions extends SseParserOptions {
  /**
   * Called when the server says how many milliseconds to wait before
   * reconnecting.
   *
   * @default {none}
   */
  readonly onRetry?: ((milliseconds: number) => void) | undefined;
}

/** The events of a body, and the state needed to reconnect. */
export interface HttpEvents extends AsyncIterable<SseEvent> {
  /** The last event ID, also one that was set without an event. */
  readonly lastEventId: string;
  /** Whether the body ended inside an event, which was dropped. */
  readonly incomplete: boolean;
  /** How many milliseconds to wait before reconnecting, if the server said so. */
  readonly retry: number | null;
}

/**
 * Reads the events of a body, an exchange's or a `Response`'s (WHATWG HTML
 * §9.2).
 *
 * The events can be iterated once. Leaving the loop early cancels the body, also
 * while a read is pending. To reconnect, send `lastEventId` as `Last-Event-ID`.
 *
 * @param body The bytes of an event stream. It is locked when iteration starts.
 * @param options The ID to start with, a limit, and a listener for `retry`.
 * @returns The events, as they arrive. Iterating throws an `HttpError` for an
 * event above `maxEventBytes`, and a `TypeError` if the body is locked.
 * @throws {TypeError} If `lastEventId` contains a NUL, CR, or LF.
 * @throws {RangeError} If `maxEventBytes` is not a non-negative integer.
 *
 * @example Read events
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { readEvents } from "@pimalaya/io-http/client";
 *
 * const body = new Response("data: one\n\nid: 7\nevent: two\ndata: 2\n\n").body!;
 * const events = readEvents(body);
 * const seen: string[] = [];
 * for await (const { event, data } of events) seen.push(`${event}=${data}`);
 *
 * assertEquals(seen, ["message=one", "two=2"]);
 * assertEquals(events.lastEventId, "7");
 * ```
 */
export function readEvents(
  body: ReadableStream<Uint8Array>,
  options: ReadEventsOptions = {},
): HttpEvents {
  return new EventReader(body, new SseParser(options), options.onRetry);
}

type Reader = ReadableStreamDefaultReader<Uint8Array>;

type State =
  | { readonly kind: "new"; readonly body: ReadableStream<Uint8Array> }
  | { readonly kind: "open"; readonly reader: Reader }
  | { readonly kind: "over" };

const END = { done: true, value: undefined } as const;
const OVER: State = { kind: "over" };

class EventReader implements HttpEvents, AsyncIterableIterator<SseEvent> {
  retry: number | null = null;
  incomplete = false;
  readonly #parser: SseParser;
  readonly #onRetry: ReadEventsOptions["onRetry"];
  #state: State;
  /** The last `next`, which the following one waits for. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(
    body: ReadableStream<Uint8Array>,
    parser: SseParser,
    onRetry: ReadEventsOptions["onRetry"],
  ) {
    this.#state = { kind: "new", body };
    this.#parser = parser;
    this.#onRetry = onRetry;
  }

  get lastEventId(): string {
    return this.#parser.lastEventId;
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<SseEvent> {
    return this;
  }

  next(): Promise<IteratorResult<SseEvent, undefined>> {
    const next = this.#last.then(() => this.#next());
    this.#last = next.catch(() => {});
    return next;
  }

  // Not an async generator, whose `return` would wait for a pending `next`.
  async return(): Promise<IteratorResult<SseEvent, undefined>> {
    await this.#end(undefined);
    return END;
  }

  async #next(): Promise<IteratorResult<SseEvent, undefined>> {
    const state = this.#state;
    if (state.kind === "over") return END;
    const reader = state.kind === "open"
      ? state.reader
      : state.body.getReader();
    this.#state = { kind: "open", reader };
    try {
      const event = await this.#readEvent(reader);
      if (event !== null) return { done: false, value: event };
      await this.#end(undefined);
      return END;
    } catch (error) {
      await this.#end(error);
      throw error;
    }
  }

  /** Reads up to the next event; returns `null` at the end. */
  async #readEvent(reader: Reader): Promise<SseEvent | null> {
    let step = this.#parser.resume();
    while (this.#state.kind === "open") {
      switch (step.type) {
        case "Err":
          throw step.error;
        case "Ok":
          this.incomplete = step.incomplete;
          return null;
        case "Event":
          return { event: step.event, data: step.data, id: step.id };
        case "Retry":
          this.retry = step.milliseconds;
          this.#onRetry?.(step.milliseconds);
          step = this.#parser.resume();
          break;
        case "WantsRead":
          step = this.#parser.resume(await readPiece(reader));
      }
    }
    return null;
  }

  /** Cancels the body, unless it has ended, and releases its lock. */
  async #end(reason: unknown): Promise<void> {
    const state = this.#state;
    this.#state = OVER;
    if (state.kind === "new") {
      return await state.body.cancel(reason).catch(() => {});
    }
    if (state.kind === "over") return;
    // An error while canceling must not hide the original one.
    await state.reader.cancel(reason).catch(() => {});
    state.reader.releaseLock();
  }
}

/** Reads a piece, skipping empty ones, or `null` at the end. */
async function readPiece(reader: Reader): Promise<Uint8Array | null> {
  while (true) {
    const { value, done } = await reader.read();
    if (done) return null;
    // The parser rejects anything but a Uint8Array.
    if (value.length !== 0) return value;
  }
}
