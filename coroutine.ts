/**
 * The contract of every exchange in this package: a coroutine does no I/O of
 * its own. Each step says what it needs next, and the caller owns the
 * transport.
 *
 * Coroutines compose. A flow is a generator that runs coroutines with
 * `yield* runCoroutine(...)`, and {@linkcode makeCoroutine} turns it into a
 * coroutine again.
 *
 * @example Two requests over one connection
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import {
 *   Http11Send,
 *   HttpRequest,
 *   makeCoroutine,
 *   runCoroutine,
 * } from "@pimalaya/io-http";
 *
 * const twoTitles = makeCoroutine(function* () {
 *   const titles: string[] = [];
 *   for (const path of ["/a", "/b"]) {
 *     const request = HttpRequest.get(`http://example.com${path}`);
 *     const { response } = yield* runCoroutine(new Http11Send(request));
 *     titles.push(response.text());
 *   }
 *   return titles;
 * });
 *
 * const reply = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";
 * let step = twoTitles.resume();
 * while (step.type === "WantsWrite" || step.type === "WantsRead") {
 *   step = step.type === "WantsWrite"
 *     ? twoTitles.resume()
 *     : twoTitles.resume(new TextEncoder().encode(reply));
 * }
 *
 * assertEquals(step.type === "Ok" && step.value, ["hi", "hi"]);
 * assertEquals(step.type === "Ok" && step.keepAlive, true);
 * ```
 *
 * @module
 */

import { isBytes } from "./core/bytes.ts";
import type { Input } from "./core/input.ts";
import { Machine, type StepFunction } from "./core/machine.ts";
import type { HttpError } from "./error.ts";

/**
 * An exchange that does no I/O of its own.
 *
 * Call {@linkcode HttpCoroutine.resume | resume} until it returns a step that
 * ends it:
 *
 * - On the first call, and after writing the bytes of a {@linkcode WantsWrite},
 *   pass nothing. Each write is requested once.
 * - After a {@linkcode WantsRead}, pass the bytes just read. An empty array or
 *   `null` signals end of file. At any other point an empty array counts as
 *   nothing, and `null` still signals end of file.
 * - Bytes are input whenever they are passed, so a driver may read while it
 *   writes.
 *
 * How the input is split never changes the outcome. A coroutine keeps no
 * reference to the input, so the caller may reuse its buffer. The exception is
 * a step's own `bytes`, which may be a view of the input and is valid until the
 * next call.
 *
 * `Ok` and `Err` are final: further calls return the same step. Nothing that a
 * peer does makes `resume` throw. If it throws for another reason (a caller's
 * mistake, or lack of memory), the coroutine has ended, and further calls throw
 * the same error.
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
   * @param bytes The bytes just read, any kind of `Uint8Array`; `null` at end
   * of file; or nothing.
   * @returns What the coroutine needs next, or how it ended.
   * @throws {TypeError} If `bytes` is something else.
   */
  resume(bytes?: Uint8Array | null): Result;
}

/** The coroutine needs input: read, and pass the bytes to `resume`. */
export type WantsRead = {
  /** Tells the steps apart. */
  readonly type: "WantsRead";
};

/** The coroutine has output: write all of it, then call `resume` with nothing. */
export type WantsWrite = {
  /** Tells the steps apart. */
  readonly type: "WantsWrite";
  /** The bytes to write. */
  readonly bytes: Uint8Array<ArrayBuffer>;
};

/** The coroutine failed because of the peer. */
export type Err = {
  /** Tells the steps apart. */
  readonly type: "Err";
  /** The fault. */
  readonly error: HttpError;
};

/**
 * A generator that runs coroutines: the body of {@linkcode makeCoroutine}.
 *
 * It yields the steps it needs, and each `yield` returns the argument of the
 * next `resume`: bytes that are valid until the next `yield`, `null` at end of
 * file, or undefined.
 *
 * @typeParam Value What the flow returns.
 * @typeParam Step The flow's own steps, such as a request for another
 * connection.
 */
export type HttpFlow<
  Value,
  Step extends { readonly type: string } = never,
> = Generator<
  WantsRead | WantsWrite | Step,
  Value,
  Uint8Array | null | undefined
>;

/**
 * The steps of a coroutine that are neither I/O nor a fault.
 *
 * @typeParam C The coroutine.
 */
export type HttpStepOf<
  C extends HttpCoroutine<{ readonly type: string }>,
> = Exclude<
  ReturnType<C["resume"]>,
  { readonly type: "WantsRead" | "WantsWrite" | "Err" }
>;

/** The end of a coroutine that {@linkcode makeCoroutine} created. */
export type HttpFlowOk<Value> = {
  /** Tells the steps apart. */
  readonly type: "Ok";
  /** What the flow returned. */
  readonly value: Value;
  /** The unused input of the last coroutine that the flow ran. */
  readonly remaining: Uint8Array<ArrayBuffer>;
  /** Whether that coroutine left the connection open for another request. */
  readonly keepAlive: boolean;
};

/**
 * Runs a coroutine inside a flow, up to its first step that is neither I/O nor
 * a fault. To continue a coroutine after such a step, run it again.
 *
 * @typeParam C The coroutine.
 * @param coroutine The coroutine to run.
 * @param remaining Input read before, such as the `remaining` of another
 * coroutine.
 * @returns A generator for `yield*`, which returns the step.
 * @throws {HttpError} If the coroutine fails.
 *
 * @example Follow one redirect
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import {
 *   Http11Send,
 *   type HttpFlow,
 *   HttpRequest,
 *   redirectRequest,
 *   runCoroutine,
 * } from "@pimalaya/io-http";
 *
 * function* fetchText(url: string): HttpFlow<string> {
 *   const request = HttpRequest.get(url);
 *   const step = yield* runCoroutine(new Http11Send(request));
 *   if (step.type === "Ok") return step.response.text();
 *   const next = redirectRequest(request, step);
 *   return (yield* runCoroutine(new Http11Send(next))).response.text();
 * }
 *
 * const flow = fetchText("http://example.com/");
 * assertEquals(flow.next().value, {
 *   type: "WantsWrite",
 *   bytes: new TextEncoder().encode("GET / HTTP/1.1\r\nHost: example.com\r\n\r\n"),
 * });
 * ```
 */
export function* runCoroutine<
  C extends HttpCoroutine<{ readonly type: string }>,
>(coroutine: C, remaining?: Uint8Array): HttpFlow<HttpStepOf<C>> {
  recordEnd(UNKNOWN_END);
  let step = coroutine.resume(remaining);
  while (isIo(step)) step = coroutine.resume(yield step);
  if (isErr(step)) throw step.error;
  recordEnd(connectionEndOf(step));
  return step as HttpStepOf<C>;
}

/**
 * Creates a coroutine from a flow.
 *
 * Steps that the flow yields are passed on. `HttpClient.run` handles I/O and
 * resolves with any other step, so a flow that needs another connection yields
 * a step of its own that says so; the caller then continues the same coroutine
 * over that connection.
 *
 * @typeParam Value What the flow returns.
 * @typeParam Step The flow's own steps.
 * @param flow A generator function without parameters.
 * @returns The coroutine. An `HttpError` that the flow throws becomes `Err`;
 * `resume` throws anything else.
 *
 * @example A flow with a step of its own
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { type HttpFlow, makeCoroutine } from "@pimalaya/io-http";
 *
 * type WantsConnection = { type: "WantsConnection"; url: URL };
 *
 * function* connect(): HttpFlow<string, WantsConnection> {
 *   yield { type: "WantsConnection", url: new URL("http://example.org/") };
 *   return "connected";
 * }
 *
 * const coroutine = makeCoroutine(connect);
 * assertEquals(coroutine.resume().type, "WantsConnection");
 *
 * const end = coroutine.resume();
 * assertEquals(end.type === "Ok" && end.value, "connected");
 * ```
 */
export function makeCoroutine<
  Value,
  const Step extends { readonly type: string } = never,
>(
  flow: () => HttpFlow<Value, Step>,
): HttpCoroutine<WantsRead | WantsWrite | Err | Step | HttpFlowOk<Value>> {
  const machine = new Machine(startFlow(flow()));
  return { resume: (bytes) => machine.resume(bytes) };
}

/** How the last coroutine of a flow left the connection. */
interface ConnectionEnd {
  readonly remaining: Uint8Array<ArrayBuffer> | null;
  readonly keepAlive: boolean;
}

const UNKNOWN_END: ConnectionEnd = { remaining: null, keepAlive: false };

/** The flow being advanced, for `recordEnd`. Flows nest, but never overlap. */
let current: { end: ConnectionEnd } | null = null;

function recordEnd(end: ConnectionEnd): void {
  if (current !== null) current.end = end;
}

/** Reads the state of the connection from a step of any coroutine. */
function connectionEndOf(step: object): ConnectionEnd {
  const { remaining, keepAlive } = step as Record<string, unknown>;
  return {
    remaining: isBytes(remaining) ? remaining as Uint8Array<ArrayBuffer> : null,
    keepAlive: keepAlive === true,
  };
}

/** Returns the step function that advances a flow with the input of a machine. */
function startFlow<Value, Step extends { readonly type: string }>(
  generator: HttpFlow<Value, Step>,
): StepFunction<WantsRead | WantsWrite | Step | HttpFlowOk<Value>> {
  const run = { end: UNKNOWN_END };
  let isStarted = false;

  function next(bytes: Uint8Array | null | undefined) {
    const outer = current;
    current = run;
    try {
      return generator.next(bytes);
    } finally {
      current = outer;
    }
  }

  return (input) => {
    // A generator ignores the argument of its first `next`, so input of the
    // first call waits until the flow wants to read.
    const waits = !isStarted || input.isBare;
    isStarted = true;
    let result = next(waits ? undefined : takeInput(input));
    while (result.done !== true) {
      if (result.value.type !== "WantsRead" || !hasInput(input)) {
        return result.value;
      }
      result = next(takeInput(input));
    }
    const unread = input.takeRest();
    const isSpoiled = unread.length > 0;
    return {
      type: "Ok",
      value: result.value,
      remaining: isSpoiled ? unread : run.end.remaining ?? unread,
      keepAlive: !isSpoiled && run.end.keepAlive,
    };
  };
}

function hasInput(input: Input): boolean {
  return input.start < input.end || input.eof;
}

/** Takes everything that is unread, as a view; `null` at end of file. */
function takeInput(input: Input): Uint8Array | null {
  if (input.start < input.end) return input.take(input.end - input.start);
  // The next connection of the flow starts anew.
  input.eof = false;
  return null;
}

function isIo(
  step: { readonly type: string },
): step is WantsRead | WantsWrite {
  return step.type === "WantsRead" || step.type === "WantsWrite";
}

function isErr(step: { readonly type: string }): step is Err {
  return step.type === "Err";
}
