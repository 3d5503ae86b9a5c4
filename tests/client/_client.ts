// Helpers of the client's tests: clients over pipes, sources that report their end,
// scripted coroutines, and timers that fire when a test says so.

import {
  type HttpCloseReason,
  type HttpCoroutine,
  HttpError,
  type HttpErrorCode,
  type HttpRedirect,
  HttpRequest,
} from "@pimalaya/io-http";
import {
  HttpClient,
  type HttpClientOptions,
  type HttpExchange,
  type HttpExchangeOptions,
} from "@pimalaya/io-http/client";
import { assertEquals, assertInstanceOf } from "@std/assert";
import { pipe, type PipeOptions, type PipeServer } from "../_pipe.ts";
import { toBytes, toText } from "../_text.ts";

/** The URL of every request over a pipe. */
export const SITE = "http://example.com/";

/** A response with a body of two bytes, which keeps the connection open. */
export const HI = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";

/** A response after which the connection speaks something else. */
export const SWITCH = "HTTP/1.1 101 Switching Protocols\r\n\r\n";

/** Both kinds of pipe, and how a test names them. */
export const PIPES = [
  ["a byte stream", { bytes: true }],
  ["a plain stream", { bytes: false }],
] as const;

/** A request without a body. */
export function get(headers: Record<string, string> = {}): HttpRequest {
  return HttpRequest.get(SITE, { headers });
}

/** A request that takes a body. */
export function post(headers: Record<string, string> = {}): HttpRequest {
  return HttpRequest.post(SITE, { headers });
}

/** A request for another protocol. */
export function upgrade(): HttpRequest {
  return get({ Connection: "upgrade", Upgrade: "x" });
}

/** A client over a pipe, the server's end, and a signal to use. */
export function openPipe(
  options?: PipeOptions,
  clientOptions?: HttpClientOptions,
):
  & { client: HttpClient; server: PipeServer }
  & ReturnType<
    typeof watchedSignal
  > {
  const { client: stream, server } = pipe(options);
  const client = new HttpClient(stream, clientOptions);
  return { client, server, ...watchedSignal() };
}

/** An exchange whose response has arrived, on a new pipe. */
export async function respond(
  response: string,
  { request = get(), pipe, ...options }: HttpExchangeOptions & {
    request?: HttpRequest;
    pipe?: PipeOptions;
  } = {},
): Promise<{ client: HttpClient; server: PipeServer; exchange: HttpExchange }> {
  const { client, server } = openPipe(pipe);
  const exchanging = client.exchange(request, options);
  await server.answer(response);
  return { client, server, exchange: await exchanging };
}

/** Carries one exchange over a client, whose connection must be free. */
export async function carryOne(
  client: HttpClient,
  server: PipeServer,
): Promise<void> {
  const sending = client.send(get());
  await server.answer(HI);
  assertEquals((await sending).response.text(), "hi");
}

/** Checks that a client's connection is over, and that both ends know. */
export async function checkOver(
  client: HttpClient,
  server: PipeServer,
): Promise<void> {
  assertEquals(client.reusable, false);
  await server.closed;
}

/** Returns the error that a promise rejects with. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  let value: unknown;
  try {
    value = await promise;
  } catch (error) {
    return error;
  }
  throw new Error(`Resolved, which it should not: ${Deno.inspect(value)}`);
}

/** Checks that a promise rejects with an HttpError, and returns it. */
export async function fails(
  promise: Promise<unknown>,
  code: HttpErrorCode,
): Promise<HttpError> {
  const error = await rejection(promise);
  assertInstanceOf(error, HttpError);
  assertEquals(error.code, code, error.message);
  return error;
}

/** Checks that an error is the AbortError of a closed client. */
export function assertClosed(error: unknown): void {
  assertInstanceOf(error, DOMException);
  assertEquals(error.name, "AbortError");
}

/** The rest of a stream, one char for each byte. */
export async function drain(body: ReadableStream<Uint8Array>): Promise<string> {
  let text = "";
  for await (const piece of body) text += toText(piece);
  return text;
}

/** All that comes of an exchange. */
export interface Outcome {
  readonly status: number;
  readonly reason: string;
  readonly headers: [string, string][];
  readonly body: string;
  readonly trailers: [string, string][];
  readonly interim: number[];
  readonly closeReason: HttpCloseReason | null;
  readonly keepAlive: boolean;
  readonly uploaded: boolean;
  readonly redirect: HttpRedirect | null;
}

/** Carries a whole exchange, in one of several ways. */
export type Carry = (
  client: HttpClient,
  request?: HttpRequest,
  options?: HttpExchangeOptions,
) => Promise<Outcome>;

/** Carries an exchange by `send`. */
export const bySend: Carry = async (client, request = get(), options = {}) => {
  const { response, interim, closeReason, keepAlive, uploaded, redirect } =
    await client.send(request, options);
  return {
    status: response.status,
    reason: response.reason,
    headers: [...response.headers],
    body: toText(response.body),
    trailers: [...response.trailers],
    interim: interim.map(({ status }) => status),
    closeReason,
    keepAlive,
    uploaded,
    redirect,
  };
};

/** Carries an exchange by `exchange`, and reads its body in some way. */
export function byExchange(
  read: (exchange: HttpExchange) => Promise<string>,
): Carry {
  return async (client, request = get(), options = {}) => {
    const interim: number[] = [];
    const exchange = await client.exchange(request, {
      onInterim: ({ status }) => interim.push(status),
      ...options,
    });
    const { response, redirect, trailers, closed, uploaded } = exchange;
    return {
      status: response.status,
      reason: response.reason,
      headers: [...response.headers],
      body: await read(exchange),
      trailers: [...await trailers],
      interim,
      ...await closed,
      uploaded: await uploaded,
      redirect,
    };
  };
}

/** Carries an exchange by `exchange`, and reads its body as a text. */
export const byText: Carry = byExchange((exchange) => exchange.text());

/** Both ways to carry an exchange, and how a test names them. */
export const CARRIES: readonly (readonly [string, Carry])[] = [
  ["send", bySend],
  ["exchange", byText],
];

/** The rest of a byte stream, read into views of a few bytes, or as many as given. */
export async function drainViews(
  body: ReadableStream<Uint8Array>,
  length = 3,
): Promise<string> {
  const reader = body.getReader({ mode: "byob" });
  let text = "";
  while (true) {
    const { value, done } = await reader.read(new Uint8Array(length));
    if (done) return text;
    text += toText(value);
  }
}

/** A source of an upload, and its end. */
export interface Recorded<Body> {
  readonly body: Body;
  /** How many pieces were taken. */
  readonly taken: () => number;
  /** Resolves when the source is let go before its end, with the reason. */
  readonly stopped: Promise<unknown>;
}

/** The end of a source after its pieces: it ends, throws, or stays pending. */
export type Ending = "end" | "hang" | Error;

/** Texts, bytes, or values that a source must not return, in an array. */
type Pieces = Iterable<string | Uint8Array | readonly [unknown]>;

/** A source as a stream. */
export function streamOf(
  pieces: Pieces,
  ending: Ending = "end",
): Recorded<ReadableStream<Uint8Array>> {
  const iterator = pieces[Symbol.iterator]();
  const { promise, resolve } = Promise.withResolvers<unknown>();
  let taken = 0;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      const { value, done } = iterator.next();
      if (!done) {
        taken++;
        controller.enqueue(bytesOf(value));
      } else if (ending === "end") controller.close();
      else if (ending !== "hang") controller.error(ending);
    },
    cancel: resolve,
  }, { highWaterMark: 0 });
  return { body, taken: () => taken, stopped: promise };
}

/** A source as a generator. It is given no reason. */
export function generatorOf(
  pieces: Pieces,
  ending: Ending = "end",
): Recorded<AsyncGenerator<Uint8Array>> {
  const { promise, resolve } = Promise.withResolvers<unknown>();
  let taken = 0;
  async function* generate() {
    try {
      for (const piece of pieces) {
        taken++;
        yield await Promise.resolve(bytesOf(piece));
      }
      if (ending === "hang") await new Promise(() => {});
      else if (ending !== "end") throw ending;
    } finally {
      resolve(undefined);
    }
  }
  return { body: generate(), taken: () => taken, stopped: promise };
}

/** Both kinds of source, and how a test names them. */
export const SOURCES = [
  ["a stream", streamOf],
  ["an async iterable", generatorOf],
] as const;

/** The same piece, forever. */
export function* endless(length: number): Generator<Uint8Array> {
  while (true) yield new Uint8Array(length).fill(0x2e);
}

function bytesOf(piece: string | Uint8Array | readonly [unknown]): Uint8Array {
  if (typeof piece === "string") return toBytes(piece);
  return piece instanceof Uint8Array ? piece : piece[0] as Uint8Array;
}

/** Makes a signal that counts its listeners. */
export function watchedSignal(): {
  signal: AbortSignal;
  listeners: () => number;
  abort: (reason?: unknown) => void;
} {
  const controller = new AbortController();
  const { signal } = controller;
  const listeners = new Set<unknown>();
  const { addEventListener, removeEventListener } = signal;
  signal.addEventListener = (type: string, listener: EventListener) => {
    listeners.add(listener);
    addEventListener.call(signal, type, listener);
  };
  signal.removeEventListener = (type: string, listener: EventListener) => {
    listeners.delete(listener);
    removeEventListener.call(signal, type, listener);
  };
  return {
    signal,
    listeners: () => listeners.size,
    abort: (reason) => controller.abort(reason),
  };
}

/** A step of a scripted coroutine. */
export interface ScriptStep {
  readonly type: "WantsRead" | "WantsWrite" | "Pause" | "Ok";
  readonly bytes?: Uint8Array<ArrayBuffer>;
  readonly keepAlive?: boolean;
  readonly remaining?: Uint8Array;
}

/** The step that writes a text. */
export function write(text: string): ScriptStep {
  return { type: "WantsWrite", bytes: toBytes(text) };
}

/** The step that reads. */
export const READ: ScriptStep = { type: "WantsRead" };

/** The step after which another request can be sent. */
export const DONE: ScriptStep = { type: "Ok", keepAlive: true };

/** A coroutine that plays a script, its last step forever. */
export class Script implements HttpCoroutine<ScriptStep> {
  /** The input of each call: a text, `null`, or nothing. */
  readonly passed: (string | null | undefined)[] = [];
  readonly #steps: ScriptStep[];

  constructor(...steps: ScriptStep[]) {
    this.#steps = steps;
  }

  resume(bytes?: Uint8Array | null): ScriptStep {
    this.passed.push(bytes instanceof Uint8Array ? toText(bytes) : bytes);
    return this.#steps.length > 1 ? this.#steps.shift()! : this.#steps[0]!;
  }
}

// A longer delay overflows, and a runtime then fires at once.
const MAX_DELAY = 2 ** 31 - 1;

/** Timers that wait for the test, at whose end none may run. */
export class HeldTimers implements Disposable {
  readonly #setTimeout = globalThis.setTimeout;
  readonly #clearTimeout = globalThis.clearTimeout;
  readonly #held = new Map<number, { delay: number; callback: () => void }>();
  #next = -1;
  #wake: () => void = () => {};

  /** Replaces the timers of the runtime. */
  constructor() {
    globalThis.setTimeout = ((callback: () => void, delay = 0) => {
      if (delay === 0) return this.#setTimeout(callback, 0);
      if (delay > MAX_DELAY) return queueMicrotask(callback);
      // Real timers count upwards from 1.
      const id = this.#next--;
      this.#held.set(id, { delay, callback });
      this.#wake();
      return id;
    }) as typeof setTimeout;
    globalThis.clearTimeout = ((id?: number) => {
      if (!this.#held.delete(id!)) this.#clearTimeout(id);
    }) as typeof clearTimeout;
  }

  /** The delays of the timers that are running. */
  get delays(): number[] {
    return [...this.#held.values()].map(({ delay }) => delay);
  }

  /** Waits for a timer, and fires it. */
  async fire(delay: number): Promise<void> {
    while (true) {
      for (const [id, timer] of this.#held) {
        if (timer.delay !== delay) continue;
        this.#held.delete(id);
        return timer.callback();
      }
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }

  /** Restores the runtime's timers. */
  [Symbol.dispose](): void {
    globalThis.setTimeout = this.#setTimeout;
    globalThis.clearTimeout = this.#clearTimeout;
    assertEquals(this.delays, []);
  }
}

/** A clock that stands still unless the test says otherwise. */
export class HeldClock implements Disposable {
  static #last = 0;
  /** The time in milliseconds, later than any that anybody has seen. */
  now: number = Math.max(HeldClock.#last, performance.now()) + 1;
  readonly #now = performance.now;

  /** Replaces the clock of the runtime. */
  constructor() {
    performance.now = () => this.now;
  }

  /** Restores the runtime's clock. */
  [Symbol.dispose](): void {
    performance.now = this.#now;
    HeldClock.#last = this.now;
  }
}

/** Runs everything that is ready, for longer than any of our turns. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 200; turn++) {
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
}

/** Lets a number of microtasks pass. */
export async function pass(microtasks: number): Promise<void> {
  for (let i = 0; i < microtasks; i++) await undefined;
}

/** Runs a program in its own process, and returns its output. */
export async function runProgram(
  program: string,
  ...args: string[]
): Promise<string> {
  const config = new URL("../../deno.json", import.meta.url).pathname;
  const { stdout, success } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", `--config=${config}`, program, ...args],
    stderr: "inherit",
  }).output();
  assertEquals(success, true);
  return toText(stdout);
}
