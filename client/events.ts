/**
 * Server-sent events out of a body.
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
   * Is called when the server says how many milliseconds to wait before
   * connecting again.
   *
   * @default {none}
   */
  readonly onRetry?: ((milliseconds: number) => void) | undefined;
}

/**
 * Reads the events of a body, an exchange's or a `Response`'s (WHATWG HTML §9.2).
 *
 * Leaving the loop early cancels the body. The `id` of the last event is what to
 * send as `Last-Event-ID` when connecting again.
 *
 * @param body The bytes of an event stream.
 * @param options The ID to start with, the limit, and who is told of `retry`.
 * @returns The events, as they come in.
 * @throws {HttpError} If an event is longer than `maxEventBytes`, while reading.
 * @throws {TypeError} If `lastEventId` holds a NUL, CR or LF.
 * @throws {RangeError} If `maxEventBytes` is not a whole number from 0 on.
 *
 * @example Read events
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { readEvents } from "@pimalaya/io-http/client";
 *
 * const body = new Response("data: one\n\nevent: two\ndata: 2\n\n").body!;
 * const events: string[] = [];
 * for await (const { event, data } of readEvents(body)) {
 *   events.push(`${event}=${data}`);
 * }
 *
 * assertEquals(events, ["message=one", "two=2"]);
 * ```
 */
export function readEvents(
  body: ReadableStream<Uint8Array>,
  options: ReadEventsOptions = {},
): AsyncIterable<SseEvent> {
  // Made here, for what is wrong with the options to be told at once.
  return generateEvents(body, new SseParser(options), options.onRetry);
}

async function* generateEvents(
  body: ReadableStream<Uint8Array>,
  parser: SseParser,
  onRetry: ReadEventsOptions["onRetry"],
): AsyncGenerator<SseEvent> {
  const reader = body.getReader();
  let reason: unknown;
  try {
    let step = parser.resume();
    while (step.type !== "Ok") {
      if (step.type === "Err") throw step.error;
      if (step.type === "WantsRead") {
        step = parser.resume(await readPiece(reader));
        continue;
      }
      if (step.type === "Retry") {
        onRetry?.(step.milliseconds);
      } else {
        const { event, data, id } = step;
        yield { event, data, id };
      }
      step = parser.resume();
    }
  } catch (error) {
    reason = error;
    throw error;
  } finally {
    // Does nothing where the body is at its end. What it says to being cancelled
    // must not hide what went wrong.
    await reader.cancel(reason).catch(() => {});
    reader.releaseLock();
  }
}

/** Reads a piece, or the empty one that says end of file, and only then. */
async function readPiece(
  reader: ReadableStreamDefaultReader<Uint8Array>,
): Promise<Uint8Array> {
  while (true) {
    const { value, done } = await reader.read();
    if (done) return new Uint8Array(0);
    if (value.length > 0) return value;
  }
}
