// Failing inputs as cases for the files of tests. What is expected is what came
// of it in one piece, which somebody has to look at.

import * as api from "../../mod.ts";
import { drive, type PlainStep } from "../_cuts.ts";
import { CHUNKS_ALONE, type Reader, RECEIVE } from "../_run_responses.ts";
import { summarizeStreamed } from "../_run_responses.ts";
import { toBytes } from "../_text.ts";
import type { ResponseVector } from "../_vectors.ts";
import { type Shown, toLine } from "./_target.ts";

const NAME = "What it is, and its outcome";

/** Shows a response as a vector. */
export function showResponse(vector: ResponseVector): Shown {
  const { expect: _, name: _name, rfc: _rfc, ...given } = vector;
  return showWire("framing", "RFC 9112 §6.3", RECEIVE, given);
}

/** Shows a chunked body as a vector. */
export function showChunked(vector: ResponseVector): Shown {
  const { wire, limits, eof } = vector;
  const given = {
    ...(limits === undefined ? {} : { limits }),
    wire,
    ...(eof === undefined ? {} : { eof }),
  };
  return showWire("chunked", "RFC 9112 §7.1", CHUNKS_ALONE, given);
}

/** Shows a case of any other file. */
export function show(file: string, rfc: string, fields: object): Shown {
  const line = toLine({ name: NAME, rfc, ...fields });
  return { file: `tests/vectors/${file}.json`, line };
}

function showWire(
  file: string,
  rfc: string,
  reader: Reader,
  given: Omit<ResponseVector, "name" | "rfc" | "expect">,
): Shown {
  // A vector has an end: where more is wanted, that is the end of file.
  const open = { name: NAME, rfc, ...given, expect: {} };
  const closed = { ...open, eof: true };
  const [asked, ended] = [open, closed].map((vector) =>
    stepsOf(reader, vector)
  );
  const wantsMore = asked?.at(-1)?.type === "WantsRead";
  const { expect: _, ...vector } = wantsMore ? closed : open;
  const steps = wantsMore ? ended : asked;
  const line = toLine({ ...vector, expect: expectationOf(steps) });
  return { file: `tests/vectors/${file}.json`, line };
}

function stepsOf(
  reader: Reader,
  vector: ResponseVector,
): readonly PlainStep[] | undefined {
  const { wire, eof = false } = vector;
  try {
    return drive(reader.make(api, vector), toBytes(`${wire}`), [], { eof })
      .steps;
  } catch {
    // It may be that run itself that fails.
    return undefined;
  }
}

function expectationOf(steps: readonly PlainStep[] | undefined): object {
  if (steps === undefined) return {};
  const { interims, head, error, ...rest } = summarizeStreamed(steps);
  const early = {
    ...(interims.length === 0
      ? {}
      : { interim: interims.map(({ status }) => status) }),
    ...(rest.framing === null ? {} : { framing: rest.framing }),
    ...(rest.body === "" ? {} : { body: rest.body }),
  };
  if (error !== undefined) return { ...early, error };
  const { trailers, remaining, upgraded, keepAlive, closeReason } = rest;
  return {
    ...early,
    ...(head === undefined ? {} : { head: { status: head.status } }),
    ...((trailers as unknown[]).length === 0 ? {} : { trailers }),
    ...(remaining === "" ? {} : { remaining }),
    ...(upgraded ? { upgraded } : {}),
    ...(keepAlive === undefined ? {} : { keepAlive, closeReason }),
  };
}
