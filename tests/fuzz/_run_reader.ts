// Runs one reader over one input: whole, byte by byte, in random pieces, unasked,
// and with what it hands out taken away. The driver wipes its buffer after each
// step and resumes after the end. All runs have to tell the same.

import * as api from "../../mod.ts";
import type { HttpLimits } from "../../mod.ts";
import { byteByByte, drive, type Driven, type PlainStep } from "../_cuts.ts";
import {
  CHUNKS_ALONE,
  HEAD_ALONE,
  type Reader,
  RECEIVE,
  SEND,
  summarizeBuffered,
  summarizeStreamed,
} from "../_run_responses.ts";
import { equal } from "../_sweep.ts";
import { toBytes } from "../_text.ts";
import type { ResponseVector } from "../_vectors.ts";
import { countWork } from "../_work.ts";
import { readResponse } from "./_plain_reader.ts";
import { promise } from "./_target.ts";
import { Watched } from "./_watch.ts";

type Limits = Partial<HttpLimits>;

const STREAMING = [HEAD_ALONE.name, CHUNKS_ALONE.name, RECEIVE.name];

/** What is fixed about a run. */
export interface Setup {
  readonly reader: Reader;
  /** Request, limits and end of file; its wire is the input to come. */
  readonly vector: ResponseVector;
  readonly places: readonly number[];
  /** Whether allocations are counted, which takes time. */
  readonly counts: boolean;
}

/**
 * Runs an input.
 *
 * @returns What came of it in short.
 * @throws {Error} If a promise was broken.
 */
export function runReader(setup: Setup, wire: string): string {
  const { vector } = setup;
  const input = toBytes(wire);
  const run = new Runner(setup, input);
  const whole = run.drive("whole", []);
  const last = whole.steps.at(-1)!;
  promise(vector.eof !== true || last.type !== "WantsRead", "Wants no end");
  const cuts = cutsOf(input.length, setup.places);
  const each = byteByByte(input.length);
  const slow = run.same("byte by byte", each, whole);
  run.same("in pieces, asked for twice", cuts, whole, { nag: true });
  run.same("in pieces, unasked", cuts, whole, { eager: true });
  run.same("with its bytes taken away", cuts, whole, { transfers: true });
  if (last.type === "Ok") {
    checkRemaining(wire, last, slow);
    checkBuffered(last, vector.limits ?? {});
  }
  if (setup.reader === RECEIVE) {
    checkFold(setup, input, whole);
    if (vector.limits === undefined) checkPlain(vector, wire, whole);
  }
  return outcomeOf(whole, run.message);
}

interface RunOptions {
  readonly nag?: boolean;
  readonly eager?: boolean;
  readonly transfers?: boolean;
}

/** Runs one input in several ways. */
class Runner {
  /** The message of the first run's error. */
  message = "";
  readonly #setup: Setup;
  readonly #input: Uint8Array;

  constructor(setup: Setup, input: Uint8Array) {
    this.#setup = setup;
    this.#input = input;
  }

  drive(
    label: string,
    cuts: readonly number[],
    options: RunOptions = {},
  ): Driven {
    const { reader, vector, counts } = this.#setup;
    const { eof = false, limits = {} } = vector;
    const watched = new Watched(reader.make(api, vector), {
      types: typesOf(reader),
      // What is passed unasked is held, whatever the limits say.
      maxHeld: options.eager ? Infinity : maxHeld(reader, limits),
      transfers: options.transfers ?? false,
    });
    const run = () => drive(watched, this.#input, cuts, { ...options, eof });
    let driven!: Driven;
    try {
      if (!counts || options.eager) driven = run();
      else {
        const { largest } = countWork(() => driven = run());
        const most = maxArray(reader, limits, longestPiece(this.#input, cuts));
        promise(largest <= most, `Allocates ${largest} bytes, over ${most}`);
      }
    } catch (error) {
      const message = error instanceof Error ? error.message : `${error}`;
      throw new Error(`${reader.name}, ${label}: ${message}`, { cause: error });
    }
    if (this.message === "") this.message = watched.message;
    return driven;
  }

  same(
    label: string,
    cuts: readonly number[],
    whole: Driven,
    options: RunOptions = {},
  ): Driven {
    const driven = this.drive(label, cuts, options);
    const { name } = this.#setup.reader;
    equal(`${name}, ${label}`, driven.steps, whole.steps);
    return driven;
  }
}

function typesOf({ name }: Reader): readonly string[] {
  const always = ["WantsRead", "Err", "Ok"];
  if (name === RECEIVE.name) return [...always, "Interim", "Head", "Data"];
  if (name === CHUNKS_ALONE.name) return [...always, "Data"];
  if (name === HEAD_ALONE.name) return always;
  return [...always, "WantsWrite", "WantsRedirect"];
}

/** How many bytes may be passed without a step that tells something. */
function maxHeld({ name }: Reader, limits: Limits): number {
  const { maxHeadBytes = Infinity, maxTrailerBytes = Infinity } = limits;
  const { maxChunkExtensionBytes = Infinity } = limits;
  // Around the trailer section: CRLF, size and CRLF, and an empty line.
  const coded = maxTrailerBytes + maxChunkExtensionBytes + 24;
  if (name === HEAD_ALONE.name) return maxHeadBytes;
  if (name === CHUNKS_ALONE.name) return coded;
  if (name === RECEIVE.name) return Math.max(maxHeadBytes, coded);
  const { maxInterimResponses = Infinity, maxBodyBytes = Infinity } = limits;
  // A byte of a body takes up to 21, where it is a chunk with a padded size.
  return maxHeadBytes * (maxInterimResponses + 2) + coded + 21 * maxBodyBytes;
}

/** How large an array may be, where storage doubles and a piece is left over. */
function maxArray({ name }: Reader, limits: Limits, piece: number): number {
  const { maxHeadBytes = Infinity, maxTrailerBytes = Infinity } = limits;
  const held = Math.max(maxHeadBytes, maxTrailerBytes + 2) + piece + 2;
  const streams = STREAMING.includes(name);
  // A body's first storage is 4 KiB, or what the limit allows.
  return streams ? 2 * held + 64 : 2 * held + 64 + 4096;
}

function longestPiece(input: Uint8Array, cuts: readonly number[]): number {
  const ends = [...cuts, input.length];
  return Math.max(...ends.map((end, i) => end - (ends[i - 1] ?? 0)));
}

/** Offsets inside of a length, in order and each of them once. */
export function cutsOf(length: number, places: readonly number[]): number[] {
  const cuts = new Set(places.map((place) => place % (length + 1)));
  return [...cuts].filter((at) => at > 0 && at < length)
    .sort((a, b) => a - b);
}

/** Checks that what was used and what remains are the input. */
function checkRemaining(wire: string, last: PlainStep, slow: Driven): void {
  const remaining = `${last.remaining}`;
  promise(wire.endsWith(remaining), "What remains is no end of the input");
  promise(
    slow.passed + remaining.length === wire.length,
    `Uses ${slow.passed} bytes and leaves ${remaining.length}`,
  );
}

/** Checks that what is held in memory is within the limits. */
function checkBuffered(last: PlainStep, limits: Limits): void {
  const { maxBodyBytes = Infinity, maxInterimResponses = Infinity } = limits;
  const { body = "" } = (last.response ?? {}) as { body?: string };
  const { interim = [] } = last as unknown as { interim?: unknown[] };
  promise(body.length <= maxBodyBytes, `Holds ${body.length} bytes`);
  promise(
    interim.length <= maxInterimResponses,
    `Holds ${interim.length} interim responses`,
  );
}

/** Checks that the buffering reader tells what the streaming one does. */
function checkFold(setup: Setup, input: Uint8Array, whole: Driven): void {
  const { vector } = setup;
  const eof = vector.eof ?? false;
  const send = drive(SEND.make(api, vector), input, [], { eof });
  const end = send.steps.at(-1)!;
  if (end.error === "BodyTooLarge") return;
  const streamed = summarizeStreamed(whole.steps);
  equal("ends", [end.type, end.error], [
    whole.steps.at(-1)!.type,
    streamed.error,
  ]);
  if (end.type !== "Ok") return;
  const { interims, head, ...rest } = summarizeBuffered(end);
  equal("interim responses", interims, streamed.interims);
  const { version, status, reason, headers } = head!;
  const { version: v, status: s, reason: r, headers: h } = streamed.head!;
  equal("heads", [version, status, reason, headers], [v, s, r, h]);
  for (
    const key of [
      ..."body trailers remaining keepAlive closeReason upgraded".split(" "),
    ]
  ) equal(key, rest[key], streamed[key]);
}

/** Checks that the reader tells what a plain one does. */
function checkPlain(
  { request, eof = false }: ResponseVector,
  wire: string,
  whole: Driven,
): void {
  const { method = "GET", headers = [] } = request ?? {};
  const names = headers.map(([name]) => name);
  const asksToUpgrade = names.includes("Upgrade");
  const asksToClose = names.includes("Connection");
  const plain = readResponse(
    wire,
    { method, asksToUpgrade, asksToClose },
    eof,
  );
  const last = whole.steps.at(-1)!;
  const read = summarizeStreamed(whole.steps);
  const { head } = read;
  const end = last.type === "Err" ? last.error : last.type;
  equal("end", end, plain.end);
  equal(
    "interim responses",
    read.interims.map(({ status }) => status),
    plain.interims,
  );
  equal("framing", read.framing, plain.framing ?? null);
  equal("body", read.body, plain.body ?? "");
  if (head !== undefined) {
    const { version, status, reason, headers } = head;
    equal("head", { version, status, reason, headers }, plain.head);
  }
  if (end !== "Ok") return;
  for (const key of ["trailers", "remaining", "closeReason"] as const) {
    equal(key, read[key], plain[key]);
  }
}

/** What came of a run in short, values left out. */
function outcomeOf({ steps }: Driven, message: string): string {
  const types = steps.map((step) => {
    const { framing, response, trailers, remaining } = step;
    const { kind } = (framing ?? {}) as { kind?: string };
    const { headers } = (response ?? {}) as { headers?: unknown[] };
    const counts = [headers, trailers].map((fields) =>
      Array.isArray(fields) ? Math.min(fields.length, 3) : ""
    );
    return [
      ...[step.type, kind, step.closeReason, step.error],
      ...[...counts, remaining === "" ? "" : "and more"],
    ].join(" ");
  });
  const distinct = types.filter((type, i) => type !== types[i - 1]);
  const plain = message.replace(/"(?:[^"\\]|\\.)*"|\d+/g, "");
  return `${distinct.join(", ")} ${plain}`;
}
