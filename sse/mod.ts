/**
 * Server-sent events (WHATWG HTML §9.2): a coroutine that reads an event stream
 * from bytes of any origin.
 *
 * @example Read a stream as it arrives
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { SseParser } from "@pimalaya/io-http/sse";
 *
 * const pieces = ["data: fir", "st\n\nretry: 500\ndata: second\r", "\n\r\n", ""];
 * const seen: string[] = [];
 *
 * const parser = new SseParser();
 * let step = parser.resume();
 * while (step.type !== "Ok") {
 *   if (step.type === "Err") throw step.error;
 *   if (step.type === "Event") seen.push(step.data);
 *   if (step.type === "Retry") seen.push(`wait ${step.milliseconds} ms`);
 *   step = step.type === "WantsRead"
 *     ? parser.resume(new TextEncoder().encode(pieces.shift()))
 *     : parser.resume();
 * }
 *
 * assertEquals(seen, ["first", "wait 500 ms", "second"]);
 * ```
 *
 * @module
 */

export type { Err, HttpCoroutine, WantsRead } from "../coroutine.ts";
export {
  HttpError,
  type HttpErrorCode,
  type HttpErrorOptions,
  type HttpProgress,
  type HttpTimeouts,
} from "../error.ts";
export {
  type SseEvent,
  type SseEventStep,
  type SseOkStep,
  SseParser,
  type SseParserOptions,
  type SseParserResult,
  type SseRetryStep,
} from "./parser.ts";
