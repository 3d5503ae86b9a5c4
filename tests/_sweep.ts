// Runs one coroutine over one input in every cut: whole, byte by byte, at each
// single cut, followed by other bytes, and truncated at each offset by end of
// file. Every cut must return the same steps as the whole input.

import { toBytes, toText } from "./_text.ts";
import { byteByByte, drive, offsets } from "./_cuts.ts";
import type { AnyCoroutine, Driven, DriveOptions, PlainStep } from "./_cuts.ts";

/** How a run over the whole input is known to end. */
export type Ending =
  /** In `Ok`, once `at` bytes were passed. */
  | { readonly kind: "message"; readonly at: number }
  /** In `Ok` at the end of file, if that comes after the head's `at` bytes. */
  | { readonly kind: "eof"; readonly at: number }
  /** In `Err`, after `at` bytes if that is decided. */
  | {
    readonly kind: "error";
    readonly code: string;
    readonly at: number | null;
    /** Whether an end of file before the fault may be a good end. */
    readonly openEnded: boolean;
  };

/** One input, and how to read it. */
export interface Sweep {
  readonly make: () => AnyCoroutine;
  readonly input: Uint8Array;
  readonly eof: boolean;
  readonly ending: Ending;
  /** The code for an end of file before the first byte. */
  readonly atStart?: string | undefined;
  /** How many offsets of the input are looked at, at most. */
  readonly most?: number | undefined;
}

// Wires of vectors are mostly shorter than this, and looked at in every cut.
const MOST_CUTS = 160;
const MOST_CUTS_OF_LONG = 24;
const LONG = 2048;
const TRAILING = "GET";

/** Sweeps over all cuts but the whole input, whose steps are given. */
export function sweep(run: Sweep, whole: Driven): void {
  checkBytes(run, whole);
  const most = run.input.length > LONG
    ? MOST_CUTS_OF_LONG
    : run.most ?? MOST_CUTS;
  for (const at of offsets(run.input.length, most)) {
    const { make, input, eof } = run;
    const options = { eof, detach: true };
    same(`cut at ${at}`, whole, () => drive(make(), input, [at], options));
  }
  if (!run.eof) checkTrailing(run, whole);
  for (const at of [0, ...offsets(run.input.length, most)]) {
    checkShort(run, whole, at);
  }
}

function checkBytes({ make, input, eof, ending }: Sweep, whole: Driven): void {
  const cuts = byteByByte(input.length);
  const run = (options: DriveOptions) => () =>
    drive(make(), input, cuts, { eof, ...options });
  const polite = same("byte by byte", whole, run({ nag: true }));
  if (ending.kind !== "eof" && ending.at !== null) {
    equal("bytes until the end", polite.passed, ending.at);
  }
  same("byte by byte, unasked", whole, run({ eager: true }));
}

function checkTrailing({ make, input, ending }: Sweep, whole: Driven): void {
  if (ending.kind === "eof") return;
  const longer = toBytes(toText(input) + TRAILING);
  const steps = ending.kind === "error"
    ? whole.steps
    : whole.steps.map(appendTrailing);
  const expected = { ...whole, steps };
  const { length } = input;
  const single = [[length - 1], [length], [length + 1]];
  for (const cuts of [[], byteByByte(longer.length), ...single]) {
    if (cuts.length === 1 && cuts[0]! <= 0) continue;
    const label = `with bytes behind, cut at ${cuts.slice(0, 2)}`;
    same(label, expected, () => drive(make(), longer, cuts));
  }
}

function appendTrailing(step: PlainStep): PlainStep {
  if (!("remaining" in step)) return step;
  return withRemaining(step, `${step.remaining}${TRAILING}`);
}

/** The step for other bytes after the message, which spoil the connection. */
function withRemaining(step: PlainStep, remaining: string): PlainStep {
  const { closeReason } = step;
  const isOrdinary = closeReason === null || closeReason === "UnexpectedBytes";
  if (!isOrdinary) return { ...step, remaining };
  const keepAlive = remaining === "";
  const reason = keepAlive ? null : "UnexpectedBytes";
  return { ...step, remaining, keepAlive, closeReason: reason };
}

/** Checks the steps if the input ends at an offset. */
function checkShort(run: Sweep, whole: Driven, at: number): void {
  const input = run.input.subarray(0, at);
  const label = `end of file at ${at}`;
  const [open, ended] = [false, true].map((eof) =>
    attempt(label, () => drive(run.make(), input, [], { eof }))
  ) as [Driven, Driven];
  // The end of file brings nothing to light that was there before it.
  equal(`${label}: steps`, ended.steps.slice(0, -1), openSteps(open, ended));
  checkProgress(label, whole, ended);
  checkEnd(label, run, whole, ended.steps.at(-1)!, at);
}

/** The steps before the end of file, without the last one. */
function openSteps(open: Driven, ended: Driven): readonly PlainStep[] {
  const steps = open.steps.slice(0, -1);
  // If end of file ends the body, a redirect is known only then.
  const redirect = ended.steps.at(-2);
  const late = redirect?.type === "WantsRedirect" &&
    open.steps.at(-1)?.type === "WantsRead";
  return late ? [...steps, redirect] : steps;
}

/** Checks that a shorter input gave no other steps than the whole one. */
function checkProgress(label: string, whole: Driven, ended: Driven): void {
  for (const [index, step] of ended.steps.slice(0, -1).entries()) {
    if (step.type === "WantsRedirect") continue;
    const full = whole.steps[index];
    if (full === undefined) throw new Error(`${label}: too many steps`);
    const cut = step.type === "Data"
      ? { ...full, bytes: `${full.bytes}`.slice(0, `${step.bytes}`.length) }
      : full;
    equal(`${label}: step ${index}`, step, cut);
  }
}

function checkEnd(
  label: string,
  { ending, input, atStart = "NoResponse" }: Sweep,
  whole: Driven,
  end: PlainStep,
  at: number,
): void {
  const early = at === 0 ? atStart : "UnexpectedEof";
  if (ending.kind === "error") {
    if (end.type === "Ok" && ending.openEnded) return;
    const codes = ending.at === null
      ? [early, ending.code]
      : [at < ending.at ? early : ending.code];
    if (codes.includes(`${end.error}`)) return;
    throw new Error(`${label}: ${show(end)} is none of ${show(codes)}`);
  }
  if (at < ending.at) {
    equal(label, [end.type, end.error], ["Err", early]);
    return;
  }
  const full = whole.steps.at(-1)!;
  const read = toText(input.subarray(ending.at, at));
  equal(
    label,
    end,
    ending.kind === "eof" ? withBody(full, read) : withRemaining(full, read),
  );
}

/** The step with another body: all bytes read until end of file. */
function withBody(step: PlainStep, body: string): PlainStep {
  if (!("response" in step)) return step;
  const response = step.response as Record<string, unknown>;
  return { ...step, response: { ...response, body } };
}

function same(label: string, expected: Driven, run: () => Driven): Driven {
  const driven = attempt(label, run);
  equal(label, driven.steps, expected.steps);
  return driven;
}

/** Runs something, and puts a label before the message of its error. */
export function attempt<T>(label: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    const message = error instanceof Error ? error.message : "";
    throw new Error(`${label}: ${message}`, { cause: error });
  }
}

/** Compares plain data. */
export function equal(label: string, actual: unknown, expected: unknown): void {
  if (JSON.stringify(actual) === JSON.stringify(expected)) return;
  throw new Error(`${label}: got ${show(actual)}, expected ${show(expected)}`);
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? "undefined";
  return text.length > 600 ? `${text.slice(0, 600)}...` : text;
}
