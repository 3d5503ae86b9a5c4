// Drives any coroutine over input that is cut into pieces, and holds it to the
// contract of `HttpCoroutine` on the way:
//
// - All input goes through one buffer, which is overwritten after each call, so
//   that a reference that was kept shows as 0xAA. Every other piece is of a
//   subclass. Only a step's own `bytes` are copied before that.
// - Final steps are sticky, a repeated question gets the same answer, nothing
//   more is asked for after the end of file, and the number of steps is bounded.
// - Arrays of steps are plain, in memory of just their length. In the end, everything
//   that the caller may change is changed, so that memory shared with another run
//   shows there.
//
// Steps come back as plain data, with adjacent `Data` merged, so that two runs
// compare as JSON.

import type { HttpCoroutine } from "../coroutine.ts";
import { transfer } from "./_pure.ts";
import { toBytes, toText } from "./_text.ts";

/** A coroutine of any kind. */
export type AnyCoroutine = HttpCoroutine<{ readonly type: string }>;

/** A step as plain data: bytes as strings, errors as their code. */
export interface PlainStep {
  readonly type: string;
  readonly [key: string]: unknown;
}

/** The outcome of one run. */
export interface Driven {
  /** All steps except `WantsRead`, which only ends a run without a final step. */
  readonly steps: readonly PlainStep[];
  /** How many bytes were passed until the last step. */
  readonly passed: number;
}

/** How a run goes. */
export interface DriveOptions {
  /** Whether end of file follows the input. */
  readonly eof?: boolean;
  /** Whether a piece is passed at each call, asked for or not. */
  readonly eager?: boolean;
  /** Whether each `WantsRead` is asked for twice. */
  readonly nag?: boolean;
  /** Whether the bytes of each step are taken away, as byte streams do. */
  readonly detach?: boolean;
  /**
   * How many bytes may be passed between two steps that carry something, since
   * all of them may be held. The last piece does not count.
   */
  readonly maxHeld?: number;
}

const FILLER = 0xaa;
const NO_BYTES = new Uint8Array(0);
const FINAL = ["Ok", "Err"];
const SENSITIVE = /^((proxy-)?authorization|(set-)?cookie)$/i;

type Redacting = { toJSON(): [name: string, value: string][] };

/** Runs a coroutine over `input`, cut at the given offsets. */
export function drive(
  coroutine: AnyCoroutine,
  input: Uint8Array,
  cuts: readonly number[],
  options: DriveOptions = {},
): Driven {
  const feeder = new Feeder(input, cuts, options.eof ?? false);
  const record = new Recorder(input, feeder);
  const limit = 8 * (input.length + cuts.length) + 64;
  const { maxHeld = Infinity } = options;
  let carried = 0;
  let feeding = options.eager ?? false;
  let wantsRead = false;
  for (let calls = 0; calls < limit; calls++) {
    const step = coroutine.resume(
      feeding && !record.complete ? feeder.next(wantsRead) : undefined,
    );
    wantsRead = step.type === "WantsRead";
    checkSafe(step);
    record.add(step);
    if (!wantsRead) carried = feeder.offset;
    else if (feeder.pieceStart - carried > maxHeld) {
      throw new Error(`Holds ${feeder.pieceStart - carried} bytes and a piece`);
    }
    if (options.detach && "bytes" in step) feeder.detach(step.bytes);
    feeder.wipe();
    if (FINAL.includes(step.type)) {
      const driven = record.finish();
      record.spoil();
      checkSticky(coroutine, step);
      return driven;
    }
    // Nothing is passed after a write, or it would count as not written.
    feeding = (options.eager ?? false) && step.type !== "WantsWrite";
    if (!wantsRead) continue;
    if (feeder.atEof) throw new Error("Asks for more after the end of file");
    if (options.nag && coroutine.resume().type !== "WantsRead") {
      throw new Error("Does not repeat WantsRead");
    }
    if (feeder.done) return record.finish("WantsRead");
    feeding = true;
  }
  throw new Error(`Takes more than ${limit} steps`);
}

/** Checks that an error is safe to log, and that no secret of a response shows. */
function checkSafe(step: object): void {
  if ("error" in step) {
    const { code, message } = step.error as { code?: unknown; message: string };
    if (code === undefined) throw step.error;
    if (!/^[\x20-\x7e]{1,400}$/.test(message)) {
      throw new Error(`The message is long, or not of ASCII: ${message}`);
    }
  }
  if (!("response" in step)) return;
  const { headers, trailers } = step.response as Record<string, Redacting>;
  for (const [name, value] of [...headers!.toJSON(), ...trailers!.toJSON()]) {
    if (!SENSITIVE.test(name) || value === "[redacted]") continue;
    throw new Error(`Shows a value of ${name}`);
  }
}

function checkSticky(coroutine: AnyCoroutine, last: { type: string }): void {
  for (
    const more of [undefined, toBytes("HTTP/1.1 200 OK\r\n\r\n"), NO_BYTES]
  ) {
    if (coroutine.resume(more) !== last) {
      throw new Error(`Leaves its final ${last.type} when it is resumed`);
    }
  }
}

/** Takes away the arrays in a value, and changes its headers and framing. */
function spoil(value: unknown): void {
  if (value instanceof Uint8Array) {
    const isPlain = Object.getPrototypeOf(value) === Uint8Array.prototype;
    if (!isPlain || value.buffer.byteLength !== value.length) {
      throw new Error("Returns an array that is not plain and of its own");
    }
    takeAway(value);
  } else if (typeof value === "object" && value !== null) {
    if ("kind" in value) value.kind = "spoilt";
    if ("append" in value) (value as Headers).append("Spoilt", "1");
    else if (!(value instanceof Error)) partsOf(value).forEach(spoil);
  }
}

function partsOf(value: object): unknown[] {
  return Object.values("status" in value ? responseFields(value) : value);
}

/** Buffers that cannot be transferred; to try that again takes long. */
const fixed = new WeakSet<ArrayBufferLike>();

function takeAway(array: Uint8Array): void {
  if (fixed.has(array.buffer)) return;
  try {
    transfer(array);
  } catch {
    // An empty array may be one that cannot be transferred at all.
    if (array.length > 0) throw new Error("Returns an array that is not free");
    fixed.add(array.buffer);
  }
}

/** Bytes of another class, whose methods are not to be relied on. */
class OddBytes extends Uint8Array<ArrayBuffer> {
  override subarray(): never {
    throw new Error("Uses a method of the caller's");
  }
}

/** Hands out the pieces of the input, all through one buffer. */
class Feeder {
  readonly #input: Uint8Array;
  readonly #ends: readonly number[];
  readonly #buffer: Uint8Array<ArrayBuffer>;
  #eofLeft: boolean;
  #piece = 0;
  #from = 0;
  #used = 0;
  /** How much of the input was passed, and how much before the last piece. */
  offset = 0;
  pieceStart = 0;
  /** Whether the end of file was passed. */
  atEof = false;

  constructor(input: Uint8Array, cuts: readonly number[], eof: boolean) {
    this.#input = input;
    this.#ends = input.length === 0 ? [] : [...cuts, input.length];
    this.#eofLeft = eof;
    let longest = 0;
    let start = 0;
    for (const end of this.#ends) {
      longest = Math.max(longest, end - start);
      start = end;
    }
    // Room for pieces to start at different places of the buffer.
    this.#buffer = new Uint8Array(longest + 4).fill(FILLER);
  }

  /** Whether nothing is left to return. */
  get done(): boolean {
    return this.#piece === this.#ends.length && !this.#eofLeft;
  }

  /** Returns the next piece, or the end of file in either of its forms. */
  next(wantsRead: boolean): Uint8Array | null | undefined {
    if (this.#piece === this.#ends.length) {
      if (!this.#eofLeft) return undefined;
      this.#eofLeft = false;
      this.atEof = true;
      return wantsRead && this.#piece % 2 === 0 ? NO_BYTES : null;
    }
    const end = this.#ends[this.#piece]!;
    this.pieceStart = this.offset;
    this.#from = this.#piece % 4;
    this.#used = end - this.offset;
    this.#piece++;
    this.#buffer.set(this.#input.subarray(this.offset, end), this.#from);
    this.offset = end;
    const Bytes = this.#piece % 2 === 0 ? OddBytes : Uint8Array;
    return new Bytes(this.#buffer.buffer, this.#from, this.#used);
  }

  /** Takes away the bytes of a step, unless they are a view of the input. */
  detach(bytes: unknown): void {
    if (!(bytes instanceof Uint8Array)) return;
    if (bytes.buffer !== this.#buffer.buffer) takeAway(bytes);
  }

  wipe(): void {
    this.#buffer.fill(FILLER, this.#from, this.#from + this.#used);
    this.#used = 0;
  }
}

/** Collects steps, and converts them once the run is over. */
class Recorder {
  readonly #input: Uint8Array;
  readonly #feeder: Feeder;
  readonly #entries: { type: string; step: object; text: string }[] = [];
  /** Whether the message has ended. Nothing more is passed then. */
  complete = false;

  constructor(input: Uint8Array, feeder: Feeder) {
    this.#input = input;
    this.#feeder = feeder;
  }

  add(step: { readonly type: string }): void {
    if (step.type === "WantsRead") return;
    if ("remaining" in step) this.complete = true;
    const carried = "bytes" in step && step.bytes instanceof Uint8Array
      ? toText(step.bytes)
      : null;
    const last = this.#entries.at(-1);
    if (carried !== null && last?.type === step.type) {
      last.text += carried;
    } else {
      // Input that was not passed counts as remaining too, for any cuts.
      const text = carried ??
        toText(this.#input.subarray(this.#feeder.offset));
      this.#entries.push({ type: step.type, step, text });
    }
  }

  /** Takes everything that the steps hold, except views of the input. */
  spoil(): void {
    for (const { step } of this.#entries) {
      const { bytes: _, ...rest } = step as { bytes?: unknown };
      spoil(rest);
    }
  }

  finish(end?: string): Driven {
    const steps = this.#entries.map(({ step, text }) => plainStep(step, text));
    if (end !== undefined) steps.push({ type: end });
    return { steps, passed: this.#feeder.offset };
  }
}

function plainStep(step: object, text: string): PlainStep {
  const fields = plain(step) as PlainStep;
  if ("bytes" in step) return { ...fields, bytes: text };
  if (!("remaining" in step)) return fields;
  const remaining = `${fields.remaining}${text}`;
  // Bytes that were not passed would also spoil the connection.
  const isSpoiled = fields.keepAlive === true && remaining !== "";
  return {
    ...fields,
    remaining,
    ...(isSpoiled && { keepAlive: false, closeReason: "UnexpectedBytes" }),
  };
}

/** Converts a value of a step to data that compares as JSON. */
export function plain(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Uint8Array) return toText(value);
  if (value instanceof URL) return value.href;
  if (value instanceof Error) {
    return "code" in value ? value.code : String(value);
  }
  if (Symbol.iterator in value) {
    return [...value as Iterable<unknown>].map(plain);
  }
  // A response's fields may be getters, which are no entries of the object.
  const fields = "status" in value ? responseFields(value) : value;
  return Object.fromEntries(
    Object.entries(fields).map(([key, field]) => [key, plain(field)]),
  );
}

function responseFields(value: object): object {
  const { version, status, reason, headers, body, trailers } = value as Record<
    string,
    unknown
  >;
  return { version, status, reason, headers, body, trailers };
}

/** Every offset inside of `length` bytes, or a bounded choice of them. */
export function offsets(length: number, most = Infinity): number[] {
  const all = Array.from({ length: Math.max(0, length - 1) }, (_, i) => i + 1);
  if (all.length <= most) return all;
  // Heads are at the start. The rest is sampled evenly, up to the end.
  const half = most / 2;
  const rest = all.slice(0, half)
    .map((at) => all.length - Math.floor((all.length / half) * (at - 1)));
  return [...new Set([...all.slice(0, half), ...rest])]
    .filter((at) => at > 0).sort((a, b) => a - b);
}

/** The cuts that make pieces of one byte. */
export function byteByByte(length: number): number[] {
  return offsets(length);
}
