// What the tests of streaming exchanges share: clients over pipes, sources that
// say what becomes of them, and timers that fire when the test says so.

import { HttpRequest } from "@pimalaya/io-http";
import { HttpClient, type HttpExchange } from "@pimalaya/io-http/client";
import { toBytes } from "../_text.ts";
import { pipe, type PipeOptions, type PipeServer } from "../_pipe.ts";

/** The URL of every request over a pipe. */
export const SITE = "http://example.com/";

/** A request without a body. */
export function get(): HttpRequest {
  return HttpRequest.get(SITE);
}

/** A request that takes a body. */
export function post(headers: Record<string, string> = {}): HttpRequest {
  return HttpRequest.post(SITE, { headers });
}

/** A client over a pipe, and the server's end. */
export function openPipe(
  options?: PipeOptions,
): { client: HttpClient; server: PipeServer } {
  const { client: stream, server } = pipe(options);
  return { client: new HttpClient(stream), server };
}

/** What a promise rejects with. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  let value: unknown;
  try {
    value = await promise;
  } catch (error) {
    return error;
  }
  throw new Error(`Resolved, which it should not: ${Deno.inspect(value)}`);
}

/** What body, trailers and `closed` of an exchange that failed reject with. */
export async function endings(exchange: HttpExchange): Promise<unknown[]> {
  const { body, trailers, closed } = exchange;
  const reading = body.locked ? [] : [body.getReader().read()];
  return await Promise.all([...reading, trailers, closed].map(rejection));
}

/** All bytes of a stream, as Latin-1. */
export async function drain(body: ReadableStream<Uint8Array>): Promise<string> {
  let text = "";
  for await (const piece of body) text += String.fromCharCode(...piece);
  return text;
}

/** A source of an upload, and what became of it. */
export interface Recorded<Body> {
  readonly body: Body;
  /** How many pieces were taken. */
  readonly taken: () => number;
  /** Resolves when the source is let go before its end, with the reason. */
  readonly stopped: Promise<unknown>;
}

/** What a source does after its pieces: it ends, throws, or says nothing. */
export type Ending = "end" | "hang" | Error;

type Pieces = Iterable<string | Uint8Array>;

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
        controller.enqueue(pieceBytes(value));
      } else if (ending === "end") controller.close();
      else if (ending !== "hang") controller.error(ending);
    },
    cancel: resolve,
  }, { highWaterMark: 0 });
  return { body, taken: () => taken, stopped: promise };
}

/** A source as a generator; it has no reason to give. */
export function generatorOf(
  pieces: Pieces,
  ending: Exclude<Ending, "hang"> = "end",
): Recorded<AsyncGenerator<Uint8Array>> {
  const { promise, resolve } = Promise.withResolvers<unknown>();
  let taken = 0;
  async function* generate() {
    try {
      for (const piece of pieces) {
        taken++;
        yield await Promise.resolve(pieceBytes(piece));
      }
      if (ending !== "end") throw ending;
    } finally {
      resolve(undefined);
    }
  }
  return { body: generate(), taken: () => taken, stopped: promise };
}

/** The same piece, for ever. */
export function* endless(length: number): Generator<Uint8Array> {
  while (true) yield new Uint8Array(length).fill(0x2e);
}

function pieceBytes(piece: string | Uint8Array): Uint8Array {
  return typeof piece === "string" ? toBytes(piece) : piece;
}

// What is longer overflows, and a runtime then fires at once.
const MAX_DELAY = 2 ** 31 - 1;

/** Timers that wait for the test; those of 0 ms, which only yield, are real. */
export class HeldTimers implements Disposable {
  readonly #setTimeout = globalThis.setTimeout;
  readonly #clearTimeout = globalThis.clearTimeout;
  readonly #held = new Map<number, { delay: number; callback: () => void }>();
  #next = -1;
  #wake: () => void = () => {};

  /** Takes the place of the timers of the runtime. */
  constructor() {
    globalThis.setTimeout = ((callback: () => void, delay = 0) => {
      if (delay === 0 || delay > MAX_DELAY) {
        return this.#setTimeout(callback, 0);
      }
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

  /** Waits for a timer, and lets its time be over. */
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

  /** Gives the runtime's timers back. */
  [Symbol.dispose](): void {
    globalThis.setTimeout = this.#setTimeout;
    globalThis.clearTimeout = this.#clearTimeout;
  }
}

/** Lets everything that is ready to run, run. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) {
    await new Promise<void>((resolve) => setTimeout(resolve, 0));
  }
}
