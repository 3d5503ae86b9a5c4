/**
 * Server-sent events out of the bytes of an event stream (WHATWG HTML §9.2.5
 * and §9.2.6).
 *
 * @module
 */

// One state, in which each line of the stream is a transition:
//
//   field line  ──> adds to the event's buffers; `retry` is a step
//   empty line  ──> the event, if it has data, is a step; the buffers empty
//   end of file ──> Ok; the event that was not ended is dropped
//
// Lines and comments are the business of `_lines.ts`.

import type { Err, HttpCoroutine, WantsRead } from "../coroutine.ts";
import type { Input } from "../core/input.ts";
import { Machine, type Reader, WANTS_READ } from "../core/machine.ts";
import { quote } from "../core/quote.ts";
import { findValue, readDigits } from "./_fields.ts";
import { LineReader } from "./_lines.ts";
import { ValueDecoder } from "./_text.ts";

// Events have some hundred bytes, or some MiB where they carry an image as
// base64. This leaves room for those, and keeps a peer from filling the memory.
const DEFAULT_MAX_EVENT_BYTES = 2 ** 24;

// The shortest of the longest strings: V8 on 32 bits has 2^28-16 chars. More
// could not be handed out, and decoding it would throw.
const MAX_EVENT_BYTES = 2 ** 28 - 16;

/** How a {@linkcode SseParser} reads. */
export interface SseParserOptions {
  /**
   * The ID to start with: that of the event after which the stream was asked
   * to go on, the `lastEventId` of the parser before this one.
   *
   * @default {""}
   */
  readonly lastEventId?: string | undefined;

  /**
   * How many bytes the field lines of one event may have, their line ends left
   * out. Comments do not count, they take no memory. Above 2^28-16 it counts
   * as that, which is what a string can hold.
   *
   * @default {16777216}
   */
  readonly maxEventBytes?: number | undefined;
}

/** One server-sent event. */
export interface SseEvent {
  /** The event's name, `"message"` where it has none. */
  readonly event: string;
  /** The values of its `data` fields, joined with LF. */
  readonly data: string;
  /** The last ID that was set, in this event or before it; empty if none was. */
  readonly id: string;
}

/** An event is complete. */
export type SseEventStep = SseEvent & {
  /** The step's name. */
  readonly type: "Event";
};

/** The server says how long to wait before connecting again. */
export type SseRetryStep = {
  /** The step's name. */
  readonly type: "Retry";
  /**
   * The time to wait, an integer up to 2^53-1; a larger one counts as that.
   * Timers hold less: cut it to what you are willing to wait.
   */
  readonly milliseconds: number;
};

/** The stream is at its end. An event that was not ended is dropped. */
export type SseOkStep = {
  /** The step's name. */
  readonly type: "Ok";
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
 * Each event is a step, as soon as the line end of its empty line is there, and
 * so is each `retry` field. The bytes are UTF-8: one leading BOM is dropped, and
 * what is invalid becomes U+FFFD. Lines end with CRLF, LF or CR. Comments and
 * unknown fields are ignored. The one fault of a peer is an event above
 * `maxEventBytes`, an `EventTooLarge`; memory is bounded by that.
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
 * assertEquals(parser.resume(new Uint8Array()), { type: "Ok" });
 * ```
 */
export class SseParser implements HttpCoroutine<SseParserResult> {
  readonly #reader: SseReader;
  readonly #machine: Machine<SseParserResult>;

  /**
   * Makes a parser for one stream.
   *
   * @param options The ID to start with, and the limit.
   * @throws {TypeError} If `lastEventId` holds a NUL, CR or LF, which no ID does.
   * @throws {RangeError} If `maxEventBytes` is not a whole number from 0 on.
   */
  constructor(options: SseParserOptions = {}) {
    const { lastEventId = "", maxEventBytes = DEFAULT_MAX_EVENT_BYTES } =
      options;
    if (/[\0\r\n]/.test(lastEventId)) {
      throw new TypeError(
        `Invalid last event ID: ${quote(lastEventId)} holds a NUL, CR or LF`,
      );
    }
    if (!(maxEventBytes >= 0) || Math.floor(maxEventBytes) !== maxEventBytes) {
      throw new RangeError(
        `Invalid limit: maxEventBytes is ${maxEventBytes}, ` +
          `not a whole number from 0 on`,
      );
    }
    this.#reader = new SseReader(
      lastEventId,
      Math.min(maxEventBytes, MAX_EVENT_BYTES),
    );
    this.#machine = new Machine(this.#reader);
  }

  /**
   * The ID to send in `Last-Event-ID`, as UTF-8, when the stream is asked for
   * again. It is set at the end of an event, also of one without data: an ID
   * in an event that was cut off does not count.
   *
   * @example Go on after a stream that was cut off
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
    return this.#reader.lastEventId;
  }

  /**
   * Takes one step.
   *
   * After an `Event` or a `Retry` pass nothing, for there may be more of them
   * in what was passed before.
   *
   * @param bytes What was just read, an empty array at end of file, or nothing.
   * @returns What the parser wants or found next, or how it ended.
   */
  resume(bytes?: Uint8Array): SseParserResult {
    return this.#machine.resume(bytes);
  }
}

/** The inside of a {@linkcode SseParser}: the buffers of §9.2.6. */
class SseReader implements Reader<SseParserResult> {
  lastEventId: string;

  readonly #lines: LineReader;
  readonly #values = new ValueDecoder();
  #data: string[] = [];
  #event = "";
  #id: string;
  /** How many bytes of the stream were used before this step. */
  #used = 0;

  constructor(lastEventId: string, maxEventBytes: number) {
    this.lastEventId = this.#id = lastEventId;
    this.#lines = new LineReader(maxEventBytes);
  }

  step(input: Input): SseParserResult {
    const start = input.start;
    const step = this.#readLines(input);
    this.#used += input.start - start;
    return step;
  }

  #readLines(input: Input): SseParserResult {
    const lines = this.#lines;
    const offset = this.#used - input.start;
    while (lines.next(input)) {
      const step = lines.start === lines.end
        ? this.#dispatch()
        : this.#readField(input, offset);
      if (step !== null) return step;
    }
    if (!input.eof) return WANTS_READ;
    input.start = input.end;
    return { type: "Ok" };
  }

  #dispatch(): SseEventStep | null {
    const values = this.#data;
    const event = this.#event === "" ? "message" : this.#event;
    const id = this.#id;
    this.#event = "";
    this.lastEventId = id;
    if (values.length === 0) return null;
    const data = values.length === 1 ? values[0]! : values.join("\n");
    this.#data = [];
    return { type: "Event", event, data, id };
  }

  #readField(input: Input, offset: number): SseRetryStep | null {
    const { start, end } = this.#lines;
    const bytes = input.bytes;
    let at = findValue(bytes, start, end, "data");
    if (at >= 0) {
      this.#data.push(this.#values.decode(input, at, end, offset));
      return null;
    }
    at = findValue(bytes, start, end, "event");
    if (at >= 0) {
      this.#event = this.#values.decode(input, at, end, offset);
      return null;
    }
    at = findValue(bytes, start, end, "id");
    if (at >= 0) {
      const id = this.#values.decode(input, at, end, offset);
      if (!id.includes("\0")) this.#id = id;
      return null;
    }
    at = findValue(bytes, start, end, "retry");
    if (at < 0) return null;
    const milliseconds = readDigits(bytes, at, end);
    return milliseconds === null ? null : { type: "Retry", milliseconds };
  }
}
