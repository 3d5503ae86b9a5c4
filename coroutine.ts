/**
 * The contract of every exchange in this package: a coroutine does no I/O, it
 * says with each step what it wants next, and its caller owns the transport.
 *
 * @module
 */

import type { HttpError } from "./error.ts";

/**
 * An exchange that does no I/O of its own.
 *
 * Call {@linkcode HttpCoroutine.resume | resume} until it returns a step that
 * ends it. The first call, and the call after a {@linkcode WantsWrite} was
 * written, pass nothing. After a {@linkcode WantsRead}, pass the bytes just
 * read; an empty array says end of file. Bytes are input whenever they are
 * passed, so a driver may read while it writes.
 *
 * How the input is cut into pieces never changes the outcome, nothing throws
 * out of `resume`, and `Ok` and `Err` are final: resuming further returns the
 * same step again. No reference to the input is kept, so its buffer may be
 * reused, except that a step's own `bytes` may be a view of it and is valid
 * until the next call.
 *
 * @typeParam Result The union of the steps that this coroutine returns.
 *
 * @example A driver over any pair of functions that read and write
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Http11Send, HttpRequest } from "@pimalaya/io-http";
 *
 * const reply = new TextEncoder().encode("HTTP/1.1 204 No Content\r\n\r\n");
 * const written: Uint8Array[] = [];
 *
 * const send = new Http11Send(HttpRequest.get("http://example.com/"));
 * let step = send.resume();
 * while (step.type === "WantsWrite" || step.type === "WantsRead") {
 *   if (step.type === "WantsWrite") {
 *     written.push(step.bytes);
 *     step = send.resume();
 *   } else {
 *     step = send.resume(reply);
 *   }
 * }
 *
 * assertEquals(step.type, "Ok");
 * assertEquals(written.length, 1);
 * ```
 */
export interface HttpCoroutine<Result extends { readonly type: string }> {
  /**
   * Takes one step.
   *
   * @param bytes What was just read, an empty array at end of file, or nothing.
   * @returns What the coroutine wants next, or how it ended.
   */
  resume(bytes?: Uint8Array): Result;
}

/** The coroutine needs more input: read, and pass the bytes to `resume`. */
export type WantsRead = {
  /** The step's name. */
  readonly type: "WantsRead";
};

/** The coroutine has output: write all of it, then call `resume` with nothing. */
export type WantsWrite = {
  /** The step's name. */
  readonly type: "WantsWrite";
  /** What to write, whole and in this order. */
  readonly bytes: Uint8Array;
};

/** The coroutine failed for good because of what the peer sent. */
export type Err = {
  /** The step's name. */
  readonly type: "Err";
  /** What was wrong, and where. */
  readonly error: HttpError;
};
