/**
 * Reading server-sent events from an event stream (WHATWG HTML §9.2.5 and
 * §9.2.6).
 *
 * @module
 */

// There is one state, and each line of the stream is a transition:
//
//   field line  ──> adds to the buffers of the event; `retry` is a step
//   empty line  ──> the event is a step if it has data; the buffers are emptied
//   end of file ──> Ok, incomplete if the buffers or the line are not empty
//
// `_lines.ts` finds lines and skips comments.

import type { Err, HttpCoroutine, WantsRead } from "../coroutine.ts";
import type { Input } from "../core/input.ts";
import { checkLimit } from "../core/fault.ts";
import { Machine, WANTS_READ } from "../core/machine.ts";
import { invalid, quote } from "../core/quote.ts";
import { parseDigits, SP } from "../rfc9110/_syntax.ts";
import { LineDecoder } from "./_line_decoder.ts";
import { LineReader } from "./_lines.ts";

// Most events have some hundred bytes, and those with an image in base64 a few
// MiB. This leaves room for them, and keeps a peer from filling the memory.
const DEFAULT_MAX_EVENT_BYTES = 1 << 24;

// The longest string that every engine can create is that of V8 on 32 bits.
// Decoding more would throw.
const MAX_EVENT_BYTES = (1 << 28) - 16;

/** Options of {@linkcode SseParser}. */
export interface SseParserOptions {
  /**
   * The ID to start with: the `lastEventId` of the parser of the stream that
   * this one continues.
   *
   * @default {""}
   */
  readonly lastEventId?: string | undefined;

  /**
   * The number of bytes that the field lines of one event may have, without
   * line ends and comments. At most 2^28-16, the length of the longest string;
   * a larger number counts as that.
   *
   * @default {16_777_216, which is 16 MiB}
   */
  readonly maxEventBytes?: number | undefined;
}

/** One server-sent event. */
export interface SseEvent {
  /** The name, or `"message"` if the event has none. */
  readonly event: string;
  /** The values of its `data` fields, joined with LF. */
  readonly data: string;
  /** The last ID set, in this event or before it. Empty if none was. */
  readonly id: string;
}

/** An event is complete. */
export type SseEventStep = SseEvent & {
  readonly type: "Event";
};

/** The server says how long to wait before reconnecting. */
export type SseRetryStep = {
  readonly type: "Retry";
  /**
   * The time to wait, an integer up to 2^53-1. A timer takes less: use at most
   * the time that you are willing to wait.
   */
  readonly milliseconds: number;
};

/** The stream has ended. */
export type SseOkStep = {
  readonly type: "Ok";
  /**
   * Whether an event was pending: some of its fields, or part of a line, had
   * arrived, but not its empty line. It is dropped.
   */
  readonly incomplete: boolean;
};

/** The steps of a {@linkcode SseParser}. */
export type SseParserResult =
  | WantsRead
  | SseEventStep
  | SseRetryStep
  | Err
  | SseOkStep;

/**
 * Reads an event stream, the body of a `text/event-stream` response.
 *
 * Each event is a step, as soon as its empty line has arrived, and so is each
 * `retry` field. The bytes are UTF-8: one leading BOM is dropped, and invalid
 * bytes become U+FFFD. Lines end with CRLF, LF, or CR. Comments and unknown
 * fields are ignored. An event above `maxEventBytes`, which also bounds the
 * memory in use, is the error `EventTooLarge`.
 *
 * @example Read events
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { type SseEvent, SseParser } from "@pimalaya/io-http/sse";
 *
 * const stream = new TextEncoder().encode(
 *   ": hello\n\nid: 7\nevent: price\ndata: 12\ndata: 13\n\n",
 * );
 *
 * const events: SseEvent[] = [];
 * const parser = new SseParser();
 * let step = parser.resume(stream);
 * while (step.type !== "WantsRead") {
 *   if (step.type === "Err") throw step.error;
 *   if (step.type === "Event") {
 *     const { event, data, id } = step;
 *     events.push({ event, data, id });
 *   }
 *   step = parser.resume();
 * }
 *
 * assertEquals(events, [{ event: "price", data: "12\n13", id: "7" }]);
 * assertEquals(parser.resume(new Uint8Array()), {
 *   type: "Ok",
 *   incomplete: false,
 * });
 * ```
 */
export class SseParser implements HttpCoroutine<SseParserResult> {
  readonly #machine: Machine<SseParserResult>;
  readonly #lines: LineReader;
  readonly #text = new LineDecoder();
  /** The number of bytes of the stream used before this step. */
  #used = 0;

  // The buffers of §9.2.6.
  #data: string | null = null;
  #event = "";
  #id: string;
  #lastEventId: string;

  /**
   * Creates a parser for one stream.
   *
   * @param options The ID to start with, and the limit.
   * @throws {TypeError} If `lastEventId` is not a string without NUL, CR, and LF.
   * @throws {RangeError} If `maxEventBytes` is not a non-negative integer.
   */
  constructor(options: SseParserOptions = {}) {
    const { lastEventId = "", maxEventBytes = DEFAULT_MAX_EVENT_BYTES } =
      options;
    if (typeof lastEventId !== "string" || /[\0\r\n]/.test(lastEventId)) {
      throw invalid(
        "lastEventId",
        `${quote(lastEventId)} is not a string without NUL, CR, and LF`,
      );
    }
    const limit = checkLimit("maxEventBytes", maxEventBytes);
    this.#lastEventId = this.#id = lastEventId;
    this.#lines = new LineReader(Math.min(limit, MAX_EVENT_BYTES));
    this.#machine = new Machine((input) => this.#step(input));
  }

  /**
   * The ID to send as `Last-Event-ID`, encoded with `toByteString`, to continue
   * the stream. It is set at the empty line after an `id` field, even if there
   * is no event. The ID of an event that was cut off does not count, so the
   * server sends that event again.
   *
   * @example Continue a stream that was cut off
   * ```ts
   * import { assertEquals } from "@std/assert";
   * import { SseParser } from "@pimalaya/io-http/sse";
   *
   * const parser = new SseParser({ lastEventId: "1" });
   * assertEquals(parser.lastEventId, "1");
   *
   * const stream = "id: 2\ndata: whole\n\nid: 3\ndata: cut o";
   * parser.resume(new TextEncoder().encode(stream));
   * parser.resume();
   * parser.resume(new Uint8Array());
   *
   * assertEquals(parser.lastEventId, "2");
   * ```
   */
  get lastEventId(): string {
    return this.#lastEventId;
  }

  /**
   * Takes one step.
   *
   * After an `Event` or a `Retry`, pass nothing: the bytes passed before may
   * contain more of them.
   *
   * @param bytes The bytes just read, `null` at end of file, or nothing.
   * @returns What the parser needs or found next, or how it ended.
   */
  resume(bytes?: Uint8Array | null): SseParserResult {
    return this.#machine.resume(bytes);
  }

  #step(input: Input): SseParserResult {
    const start = input.start;
    const step = this.#readLines(input);
    this.#used += input.start - start;
    return step;
  }

  #readLines(input: Input): SseParserResult {
    const lines = this.#lines;
    const offset = this.#used - input.start;
    while (lines.next(input)) {
      const { start, end } = lines;
      const step = start === end
        ? this.#dispatch()
        : this.#readField(this.#text.decode(input, start, end, offset));
      if (step !== null) return step;
    }
    if (!input.eof) return WANTS_READ;
    const isPartialLine = input.start < input.end;
    input.start = input.end;
    return { type: "Ok", incomplete: isPartialLine || this.#isPending() };
  }

  /** Returns whether the buffers contain anything to lose. */
  #isPending(): boolean {
    return this.#data !== null || this.#event !== "" ||
      this.#id !== this.#lastEventId;
  }

  #dispatch(): SseEventStep | null {
    const data = this.#data;
    const event = this.#event === "" ? "message" : this.#event;
    const id = this.#id;
    this.#data = null;
    this.#event = "";
    this.#lastEventId = id;
    return data === null ? null : { type: "Event", event, data, id };
  }

  #readField(line: string): SseRetryStep | null {
    const colon = line.indexOf(":");
    const name = colon < 0 ? line : line.slice(0, colon);
    const isPadded = line.charCodeAt(colon + 1) === SP;
    const value = colon < 0 ? "" : line.slice(colon + (isPadded ? 2 : 1));
    switch (name) {
      case "data":
        this.#data = this.#data === null ? value : `${this.#data}\n${value}`;
        break;
      case "event":
        this.#event = value;
        break;
      case "id":
        if (!value.includes("\0")) this.#id = value;
        break;
      case "retry": {
        const number = parseDigits(value);
        const milliseconds = Math.min(number, Number.MAX_SAFE_INTEGER);
        if (number >= 0) return { type: "Retry", milliseconds };
      }
    }
    return null;
  }
}
