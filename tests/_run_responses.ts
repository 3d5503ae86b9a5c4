// Runs the vectors of responses and of chunked bodies through every reader that
// they concern, streaming and buffering.

import type { Err } from "../coroutine.ts";
import { toBytes } from "./_text.ts";
import { expand, RESPONSES } from "./_vectors.ts";
import type { ChunkedVector, ResponseVector } from "./_vectors.ts";
import type { ExpectedHead, ExpectedResponse } from "./_vectors.ts";
import { drive } from "./_cuts.ts";
import type { AnyCoroutine, Driven, PlainStep } from "./_cuts.ts";
import { attempt, equal, sweep } from "./_sweep.ts";
import type { Ending } from "./_sweep.ts";

/** The pure entry point, which each runtime loads in its own way. */
export type Api = typeof import("../mod.ts");

const URL_OF_ALL = "http://example.com/";
const CHUNKED_HEAD = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
const HEAD_CODES = ["InvalidStatusLine", "InvalidHeader", "HeadTooLarge"];

/** A coroutine that reads responses, or a part of them. */
export interface Reader {
  readonly name: string;
  /** The results it reports on the way, and with its `Ok`. */
  readonly early: readonly string[];
  readonly late: readonly string[];
  /** Fewer cuts, if another reader of the same kind is swept in all. */
  readonly most?: number;
  /** The code for an end of file before the first byte. */
  readonly atStart?: string;
  /** Adapts the expectation of a vector to this reader. */
  expect?(expect: ExpectedResponse): ExpectedResponse;
  make(api: Api, vector: ResponseVector): AnyCoroutine;
}

const ENDING = ["trailers", "remaining"];
const PERSISTENCE = ["keepAlive", "closeReason", "upgraded"];

/** Reads responses, streamed. */
export const RECEIVE: Reader = {
  name: "Http11Receive",
  early: ["interims", "framing", "body"],
  late: ["head", ...ENDING, ...PERSISTENCE],
  make: (api, vector) =>
    new api.Http11Receive({
      method: vector.request?.method ?? "GET",
      headers: new api.HttpHeaders(vector.request?.headers),
    }, optionsOf(vector)),
};
/** Reads responses into memory. */
export const SEND: Reader = {
  name: "Http11Send",
  early: [],
  late: ["interims", "head", "body", ...ENDING, ...PERSISTENCE],
  make: (api, vector) =>
    new api.Http11Send(makeRequest(api, vector), optionsOf(vector)),
};
/** The same over HTTP/1.0. */
export const SEND_10: Reader = {
  ...SEND,
  name: "Http10Send",
  most: 24,
  expect: expectHttp10,
  make: (api, vector) =>
    new api.Http10Send(makeRequest(api, vector), optionsOf(vector)),
};
/** Reads one head. */
export const HEAD_ALONE: Reader = {
  name: "Http11ReceiveHead",
  early: [],
  late: ["head", "remaining"],
  make: (api, vector) => new api.Http11ReceiveHead(optionsOf(vector)),
};
/** Reads one chunked body. */
export const CHUNKS_ALONE: Reader = {
  name: "Http11ReceiveChunks",
  atStart: "UnexpectedEof",
  early: ["body"],
  late: ENDING,
  make: (api, vector) => new api.Http11ReceiveChunks(optionsOf(vector)),
};

function optionsOf({ limits, lenient }: ResponseVector) {
  return { ...limits, lenient };
}

function makeRequest(api: Api, { request }: ResponseVector) {
  const method = request?.method ?? "GET";
  const headers = request?.headers ?? [];
  return new api.HttpRequest(method, URL_OF_ALL, { headers });
}

function expectHttp10(expect: ExpectedResponse): ExpectedResponse {
  const { closeReason, http10 } = expect;
  if (closeReason !== null && closeReason !== "UnexpectedBytes") return expect;
  const reason = http10 === undefined ? "Http10" : http10;
  return { ...expect, closeReason: reason, keepAlive: reason === null };
}

/** Runs a vector of a whole response. */
export function runResponse(api: Api, vector: ResponseVector): void {
  const streaming = vector.via !== "send";
  const buffering = vector.via !== "receive";
  if (streaming) runReader(api, vector, RECEIVE);
  if (buffering) runReader(api, vector, SEND);
  if (buffering) runReader(api, vector, SEND_10);
  if ("message" in vector.expect) checkFault(api, vector, vector.expect);
  if (RESPONSES.response_head?.includes(vector)) runHead(api, vector);
}

/** Checks the error of a wire in one piece: its message, and the response. */
function checkFault(
  api: Api,
  vector: ResponseVector,
  { message, framing }: ExpectedResponse,
): void {
  const send = SEND.make(api, vector);
  send.resume();
  send.resume();
  let step: object = send.resume(toBytes(expand(vector.wire)));
  if (!("error" in step)) step = send.resume(null);
  const { error } = step as Err;
  equal("message", error.message, message);
  const isOfHead = HEAD_CODES.includes(error.code) ||
    ["NoResponse", "TooManyInterimResponses"].includes(error.code) ||
    (error.code === "UnexpectedEof" && framing === undefined);
  equal("has a response", error.response !== null, !isOfHead);
}

/** Runs a vector of a chunked body, bare and behind a head. */
export function runChunked(api: Api, vector: ChunkedVector): void {
  runReader(api, vector, CHUNKS_ALONE);
  if ("throws" in vector.expect) {
    runReader(api, vector, RECEIVE);
    return;
  }
  const { at, ...expect } = vector.expect;
  const closeReason = expect.remaining === undefined ? null : "UnexpectedBytes";
  runResponse(api, {
    ...vector,
    wire: CHUNKED_HEAD + expand(vector.wire),
    expect: {
      framing: { kind: "chunked" },
      ...expect,
      ...(expect.error ? {} : { keepAlive: closeReason === null, closeReason }),
      ...(at === undefined ? {} : { at: CHUNKED_HEAD.length + at }),
    },
  });
}

function runHead(api: Api, vector: ResponseVector): void {
  const { expect } = vector;
  if ("throws" in expect) {
    runReader(api, vector, HEAD_ALONE);
    return;
  }
  if (expect.error !== undefined) {
    const ofHead = [...HEAD_CODES, "UnexpectedEof"].includes(expect.error);
    if (ofHead) runReader(api, vector, HEAD_ALONE);
    return;
  }
  // To a reader of heads, everything after the head is remaining.
  const rest = expand(expect.body ?? "") + expand(expect.remaining ?? "");
  const { head } = expect;
  const alone: ExpectedResponse = {
    ...(head === undefined ? {} : { head }),
    framing: { kind: "none" },
    remaining: rest,
  };
  runReader(api, { ...vector, expect: alone }, HEAD_ALONE);
}

function runReader(api: Api, vector: ResponseVector, reader: Reader): void {
  if ("throws" in vector.expect) {
    const { throws } = vector.expect;
    expectThrow(reader.name, throws, () => reader.make(api, vector));
    return;
  }
  const expect = reader.expect?.(vector.expect) ?? vector.expect;
  const input = toBytes(expand(vector.wire));
  const eof = vector.eof ?? false;
  const make = () => reader.make(api, vector);
  attempt(reader.name, () => {
    const whole = drive(make(), input, [], { eof });
    checkWhole(reader, whole, expect);
    const ending = endingOf(expect, input.length);
    const { most, atStart } = reader;
    sweep({ make, input, eof, ending, most, atStart }, whole);
  });
}

/** Checks that something throws an error of a class, and returns it. */
export function expectThrow(
  label: string,
  name: "TypeError" | "RangeError",
  run: () => unknown,
): Error {
  let result: unknown;
  try {
    result = run();
  } catch (error) {
    // By class, not by name: other errors may call themselves a TypeError.
    const expected = name === "TypeError" ? TypeError : RangeError;
    if (error instanceof expected) return error;
    throw new Error(`${label}: throws ${error}, not a ${name}`);
  }
  throw new Error(`${label}: returns ${typeof result}, throws no ${name}`);
}

function endingOf(expect: ExpectedResponse, length: number): Ending {
  const openEnded = expect.framing?.kind === "close";
  if (expect.error !== undefined) {
    const at = expect.at ?? null;
    return { kind: "error", code: expect.error, at, openEnded };
  }
  const after = openEnded ? expect.body : expect.remaining;
  const at = length - expand(after ?? "").length;
  return { kind: openEnded ? "eof" : "message", at };
}

/** The response that the steps of a run returned. */
export interface Summary {
  interims: ExpectedHead[];
  head: ExpectedHead | undefined;
  [field: string]: unknown;
}

function checkWhole(
  reader: Reader,
  whole: Driven,
  expect: ExpectedResponse,
): void {
  const end = whole.steps.at(-1)!;
  const error = end.type === "Ok" ? undefined : end.error ?? end.type;
  equal("error", error, expect.error);
  const found = "response" in end
    ? summarizeBuffered(end)
    : summarizeStreamed(whole.steps);
  const told = error === undefined
    ? [...reader.early, ...reader.late]
    : reader.early;
  const { trailers = [], interim = [], head = {} } = expect;
  const fields: Record<string, unknown> = {
    framing: expect.framing ?? null,
    body: expand(expect.body ?? ""),
    trailers: trailers.map(([name, value]) => [name, expand(value)]),
    remaining: expand(expect.remaining ?? ""),
    upgraded: expect.upgraded ?? false,
    keepAlive: expect.keepAlive,
    closeReason: expect.closeReason,
    interims: interim.map((head) =>
      typeof head === "number" ? { status: head } : head
    ),
    head,
  };
  for (const key of told) {
    const isHead = key === "interims" || key === "head";
    const value = isHead ? pick(found[key], fields[key]) : found[key];
    equal(key, value, fields[key]);
  }
}

/** Reduces heads to the parts that are expected of them. */
function pick(found: unknown, expected: unknown): unknown {
  if (Array.isArray(expected) && Array.isArray(found)) {
    return found.map((each, i) => pick(each, expected[i]));
  }
  if (!isRecord(found) || !isRecord(expected)) return found;
  return Object.fromEntries(
    Object.keys(expected).map((key) => [key, found[key]]),
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The response that `Http11Receive`, or its part for chunks, returned. */
export function summarizeStreamed(steps: readonly PlainStep[]): Summary {
  const heads = steps.filter((step) => step.type === "Head");
  const interims = steps.filter((step) => step.type === "Interim");
  const data = steps.filter((step) => step.type === "Data");
  if (heads.length > 1 || data.length > 1) {
    throw new Error("Gives a second head, or something between its data");
  }
  const early = [...interims, ...heads].map((step) => step.response);
  for (const response of early as Record<string, unknown>[]) {
    // Neither has come yet.
    equal("body of a head", response.body, "");
    equal("trailers of a head", response.trailers, []);
  }
  return {
    ...steps.at(-1)!,
    interims: interims.map((step) => step.response as ExpectedHead),
    head: heads[0]?.response as ExpectedHead | undefined,
    framing: heads[0]?.framing ?? null,
    body: data[0]?.bytes ?? "",
  };
}

/** Summarizes an `Ok` with a response: only a head, or a whole response. */
export function summarizeBuffered(end: PlainStep): Summary {
  const response = end.response as Record<string, unknown>;
  return {
    ...end,
    interims: (end.interim ?? []) as ExpectedHead[],
    head: response,
    body: response.body,
    trailers: response.trailers,
  };
}
