// A world in which a list of choices decides when everything happens, and in which
// order. While it lasts, the timers and the clock of the runtime are its own.
//
// An event runs, then all microtasks; or only some of them before the next event, so
// that both meet in the middle of things.

import type { HttpClock } from "@pimalaya/io-http/agent";
import type { ByteStream } from "@pimalaya/io-http/client";
import type { DenoConn } from "../../client/transport/deno.ts";

type Callback = () => void;

interface Event {
  readonly at: number;
  readonly run: Callback;
  readonly isTimer: boolean;
}

interface Runtime {
  setTimeout: unknown;
  clearTimeout: unknown;
  setImmediate: (callback: Callback) => unknown;
}

const runtime = globalThis as unknown as Runtime;

/** A world, and its clock. */
export class World implements HttpClock, Disposable {
  static #last = 1e9;
  readonly #choices: Uint8Array;
  #chosen = 0;
  #now = World.#last;
  #reads = 0;
  readonly #events = new Set<Event>();
  readonly #immediates: Callback[] = [];
  readonly #restore: Callback;
  readonly #startImmediate = runtime.setImmediate;

  constructor(choices: Uint8Array) {
    this.#choices = choices;
    const { setTimeout, clearTimeout, setImmediate } = runtime;
    const { now } = performance;
    this.#restore = () => {
      Object.assign(runtime, { setTimeout, clearTimeout, setImmediate });
      performance.now = now;
    };
    Object.assign(runtime, {
      setTimeout: (run: Callback, milliseconds = 0) =>
        this.#add(milliseconds, run, true),
      clearTimeout: (event: Event) => this.#events.delete(event),
      setImmediate: (run: Callback) => this.#immediates.push(run),
    });
    performance.now = () => this.#now + ++this.#reads / 1024;
  }

  [Symbol.dispose](): void {
    // Turns that nobody waited for: the next world would wait for them forever.
    while (this.#immediates.length > 0) this.#immediates.shift()!();
    World.#last = this.#now + 1e6;
    this.#restore();
  }

  /** Returns an integer below a limit; 0, the dullest, once all choices are made. */
  below(limit: number): number {
    return (this.#choices[this.#chosen++] ?? 0) % limit;
  }

  /** Returns one of a list; the first, once all choices are made. */
  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }

  now(): number {
    return this.#now;
  }

  startTimer(milliseconds: number, run: Callback): { stop(): void } {
    const timer = this.#add(milliseconds, run, true);
    return { stop: () => this.#events.delete(timer) };
  }

  /** The number of timers that run. */
  get timers(): number {
    return [...this.#events].filter(({ isTimer }) => isTimer).length;
  }

  /** Runs something later. */
  after(milliseconds: number, run: Callback): void {
    this.#add(milliseconds, run, false);
  }

  pause(milliseconds: number): Promise<void> {
    return new Promise((resolve) => this.after(milliseconds, resolve));
  }

  /** Runs until nothing is left to happen, and calls back after each event. */
  async run(check: Callback): Promise<void> {
    for (let steps = 0; steps < 10_000; steps++) {
      // Now and then, the next event meets the microtasks of the last one.
      const ticks = this.below(4) === 3 ? this.below(16) : 0;
      for (let tick = 0; tick < ticks; tick++) await null;
      if (ticks > 0 && this.#runEvent(({ isTimer }) => !isTimer)) continue;
      await this.#microtasks();
      check();
      if (this.#runTurn() || this.#runEvent(() => true)) continue;
      if (this.#events.size === 0) return;
      this.#now = Math.min(...[...this.#events].map(({ at }) => at));
    }
    throw new Error("The world does not end");
  }

  /** Runs an event that is due. Returns whether there was one. */
  #runEvent(isWanted: (event: Event) => boolean): boolean {
    const due = [...this.#events].filter((event) =>
      event.at <= this.#now && isWanted(event)
    );
    if (due.length === 0) return false;
    const event = this.pick(due);
    this.#events.delete(event);
    event.run();
    return true;
  }

  /** Runs a turn, perhaps before the events that are due. */
  #runTurn(): boolean {
    const isDue = [...this.#events].some(({ at }) => at <= this.#now);
    if (this.#immediates.length === 0) return false;
    if (isDue && this.below(2) === 1) return false;
    // A turn of Deno's takes 128 of them.
    for (let i = 0; i < 200; i++) this.#immediates.shift()?.();
    return true;
  }

  #microtasks(): Promise<void> {
    return new Promise((resolve) => this.#startImmediate(resolve));
  }

  #add(milliseconds: number, run: Callback, isTimer: boolean): Event {
    const event = { at: this.#now + Math.max(0, milliseconds), run, isTimer };
    this.#events.add(event);
    return event;
  }
}

/** A socket of Deno's over a pipe. */
export class PipeConn implements DenoConn {
  readonly localAddr = {};
  readonly remoteAddr = {};
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  #unread: Uint8Array = new Uint8Array(0);

  constructor({ readable, writable }: ByteStream) {
    this.#reader = readable.getReader();
    this.#writer = writable.getWriter();
    this.#reader.closed.catch(() => {});
    this.#writer.closed.catch(() => {});
  }

  async read(into: Uint8Array): Promise<number | null> {
    if (this.#unread.length === 0) {
      const { done, value } = await this.#reader.read();
      if (done) return null;
      this.#unread = value;
    }
    const part = this.#unread.subarray(0, into.length);
    this.#unread = this.#unread.subarray(part.length);
    into.set(part);
    return part.length;
  }

  async write(bytes: Uint8Array): Promise<number> {
    await this.#writer.write(bytes.slice());
    return bytes.length;
  }

  async closeWrite(): Promise<void> {
    await this.#writer.close();
  }

  close(): void {
    this.#reader.cancel().catch(() => {});
    this.#writer.abort().catch(() => {});
  }

  ref(): void {}
  unref(): void {}
}
