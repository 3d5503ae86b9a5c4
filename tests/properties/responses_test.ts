// The readers of responses: any bytes, in any split, end in `Ok`, `WantsRead`, or
// an `HttpError`, the same for each split, within the limits, and as the plain
// reader reads them.

import { fc } from "../_fast_check.ts";
import * as api from "../../mod.ts";
import type { HttpLimits } from "../../mod.ts";
import { byteByByte, drive } from "../_cuts.ts";
import type { Driven, DriveOptions, PlainStep } from "../_cuts.ts";
import {
  CHUNKS_ALONE,
  HEAD_ALONE,
  type Reader,
  RECEIVE,
  SEND,
  SEND_10,
  summarizeBuffered,
  summarizeStreamed,
} from "../_run_responses.ts";
import { attempt, equal } from "../_sweep.ts";
import { toBytes } from "../_text.ts";
import {
  CHUNKED,
  expand,
  RESPONSES,
  type ResponseVector,
} from "../_vectors.ts";
import { countWork } from "../_work.ts";
import { binary, chunkedBodies, message, responses } from "./_generators.ts";
import { mutated, oneOf } from "./_mutations.ts";
import { readResponse } from "./_plain_reader.ts";
import { cutsOf, must, places, property } from "./_property.ts";

const WELL_KNOWN: Reader = {
  ...SEND,
  name: "WellKnown",
  make: (api) => new api.WellKnown("https://example.com/", "x"),
};
const STREAMING = [HEAD_ALONE, CHUNKS_ALONE, RECEIVE];
const CHUNKED_HEAD = "HTTP/1.1 200\r\nTransfer-Encoding: chunked\r\n\r\n";

const WORDS = [
  ...'\r|\n|\r\n|\r\n\r\n|\0| |\t|:|;|,|=|"|0|1|a|F|-|+|x|\x7f|\x80|\xff'
    .split("|"),
  ...["HTTP/1.", "HTTP/2", "HTTP/1.1 200\n\n", "HTTP/1.1 200 OK\r\n"],
  ...["HTTP/1.0 200 OK\r\n\r\n", "HTTP/1.1 100 \r\n\r\n"],
  ...["HTTP/1.1 101 \r\n\r\n", "HTTP/1.1 204\r\n\r\n", "HTTP/1.1 304\r\n\r\n"],
  ...["HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n", "Trailer: A\r\n"],
  ...["HTTP/1.1 303 See Other\r\n", "Location: /next#frag\r\n"],
  ...["Location: http://\xc3\xa9/\r\n", "Content-Length: 5\r\n"],
  ...["Content-Length: 5, 5\r\n", "content-length: 9007199254740991\r\n"],
  ...["Content-Length: -1\r\n", "Transfer-Encoding: chunked\r\n"],
  ...["Transfer-Encoding: identity\r\n", "Transfer-Encoding: ,\r\n"],
  ...["Transfer-Encoding: gzip, chunked\r\n", "Connection: close\r\n"],
  ...["Connection: keep-alive, close\r\n", "Set-Cookie: a=secret\r\n"],
  ...["www-authenticate: Basic realm=x\r\n", "A: 1\r\n", "A:\r\n"],
  ...[" fold\r\n", " \r\n", "\t x\n", "5\r\nhello\r\n", "0\r\n\r\n"],
  ...["ffffffffffffffff\r\n", "1;a=b\r\n", ';a="b;\\"c"'],
  ...["000000000000000a", "1fffffffffffff"],
];

const wires = mutated(
  fc.oneof(
    responses,
    oneOf([
      ...Object.values(RESPONSES).flat().map(({ wire }) => expand(wire)),
      ...CHUNKED.map(({ wire }) => CHUNKED_HEAD + expand(wire)),
    ]),
  ),
  WORDS,
);
const bodies = mutated(
  fc.oneof(chunkedBodies, oneOf(CHUNKED.map(({ wire }) => expand(wire)))),
  WORDS,
);
const limits = fc.record<Partial<HttpLimits>>({
  maxHeadBytes: fc.integer({ min: 16, max: 256 }),
  maxTrailerBytes: fc.nat({ max: 60 }),
  maxChunkExtensionBytes: fc.nat({ max: 30 }),
  maxInterimResponses: fc.nat({ max: 4 }),
  maxHeaderFields: fc.nat({ max: 12 }),
  maxBodyBytes: fc.nat({ max: 60 }),
});

const setups = fc.record({
  method: fc.constantFrom("GET", "GET", "GET", "POST", "HEAD", "CONNECT"),
  headers: fc.constantFrom(
    [],
    [["Upgrade", "x"] as const],
    [["Connection", "a, close"] as const],
  ),
  limits: fc.option(limits, { nil: undefined }),
  eof: fc.boolean(),
  places,
  /** Whether to count allocations, which takes time. */
  counts: fc.nat({ max: 15 }).map((n) => n === 0),
});

interface Setup {
  readonly reader: Reader;
  /** The request, the limits, and whether end of file follows. */
  readonly vector: ResponseVector;
  readonly places: readonly number[];
  readonly counts: boolean;
}

for (
  const reader of [HEAD_ALONE, CHUNKS_ALONE, RECEIVE, SEND, SEND_10, WELL_KNOWN]
) {
  property(
    `${reader.name} returns the same for any bytes in any split, ` +
      "as a plain reader does",
    reader === RECEIVE ? 3000 : 500,
    fc.tuple(
      setups,
      fc.oneof(
        { arbitrary: reader === CHUNKS_ALONE ? bodies : wires, weight: 9 },
        binary,
      ),
    ),
    ([{ method, headers, limits, eof, places, counts }, wire]) => {
      const vector = {
        ...{ name: "", rfc: "", wire: "", expect: {} },
        request: { method, headers },
        ...(limits && reader !== WELL_KNOWN ? { limits } : {}),
        ...(eof ? { eof } : {}),
      };
      runReader({ reader, vector, places, counts }, wire);
    },
  );
}

property(
  "A reader returns what a valid response says, and what follows it",
  300,
  fc.tuple(message, binary, places),
  ([message, after, places]) => {
    const { status, reason, headers, body, trailers, open } = message;
    const input = toBytes(message.wire + (open ? "" : after));
    const cuts = cutsOf(input.length, places);
    const vector = { name: "", rfc: "", wire: "", expect: {} };
    const head = { version: "HTTP/1.1", status, reason, headers };
    const remaining = open ? "" : after;
    for (const reader of [RECEIVE, SEND]) {
      const run = drive(reader.make(api, vector), input, cuts, { eof: open });
      const found = reader === RECEIVE
        ? summarizeStreamed(run.steps)
        : summarizeBuffered(run.steps.at(-1)!);
      const { version, status, reason, headers } = found.head ?? {};
      equal("head", { version, status, reason, headers }, head);
      equal("body", found.body, body);
      equal("trailers", found.trailers, trailers);
      equal("remaining", found.remaining, remaining);
    }
  },
);

function runReader(setup: Setup, wire: string): void {
  const { vector, reader } = setup;
  const input = toBytes(wire);
  const run = (label: string, cuts: readonly number[], options = {}) =>
    runOnce(setup, input, label, cuts, options);
  const whole = run("whole", []);
  const last = whole.steps.at(-1)!;
  must(vector.eof !== true || last.type !== "WantsRead", "Never ends");
  const cuts = cutsOf(input.length, setup.places);
  const slow = run("byte by byte", byteByByte(input.length));
  for (
    const [label, driven] of [
      ["byte by byte", slow],
      ["in pieces, asked twice", run("nagged", cuts, { nag: true })],
      ["in pieces, unasked", run("eager", cuts, { eager: true })],
      ["detached", run("detached", cuts, { detach: true })],
    ] as const
  ) equal(`${reader.name}, ${label}`, driven.steps, whole.steps);
  if (last.type === "Ok") {
    checkRemaining(wire, last, slow);
    checkBuffered(last, vector.limits ?? {});
  }
  if (reader === RECEIVE) {
    checkFold(setup, input, whole);
    if (vector.limits === undefined) checkPlain(vector, wire, whole);
  }
}

function runOnce(
  { reader, vector, counts }: Setup,
  input: Uint8Array,
  label: string,
  cuts: readonly number[],
  options: DriveOptions,
): Driven {
  const { eof = false, limits = {} } = vector;
  // Input that was not asked for is held, with any limits.
  const most = options.eager ? Infinity : maxHeld(reader, limits);
  const coroutine = reader.make(api, vector);
  let driven!: Driven;
  const run = () =>
    driven = drive(coroutine, input, cuts, { ...options, eof, maxHeld: most });
  return attempt(`${reader.name}, ${label}`, () => {
    if (!counts || options.eager) return run();
    const { largest } = countWork(run);
    const most = maxArray(reader, limits, longestPiece(input, cuts));
    must(largest <= most, `Allocates ${largest} bytes, over ${most}`);
    return driven;
  });
}

/** How many bytes may be passed without a step that carries something. */
function maxHeld(reader: Reader, limits: Partial<HttpLimits>): number {
  const { maxHeadBytes = Infinity, maxTrailerBytes = Infinity } = limits;
  const { maxChunkExtensionBytes = Infinity } = limits;
  // Around the trailer section: CRLF, size and CRLF, and an empty line.
  const coded = maxTrailerBytes + maxChunkExtensionBytes + 24;
  if (reader === HEAD_ALONE) return maxHeadBytes;
  if (reader === CHUNKS_ALONE) return coded;
  if (reader === RECEIVE) return Math.max(maxHeadBytes, coded);
  const { maxInterimResponses = Infinity, maxBodyBytes = Infinity } = limits;
  // A byte of a body takes up to 21, in a chunk with a padded size.
  return maxHeadBytes * (maxInterimResponses + 2) + coded + 21 * maxBodyBytes;
}

/** How large an array may be, if storage doubles and a piece is left over. */
function maxArray(
  reader: Reader,
  limits: Partial<HttpLimits>,
  piece: number,
): number {
  const { maxHeadBytes = Infinity, maxTrailerBytes = Infinity } = limits;
  const held = Math.max(maxHeadBytes, maxTrailerBytes + 2) + piece + 2;
  // A body's first storage is 4 KiB, or as large as the limit allows.
  return 2 * held + 64 + (STREAMING.includes(reader) ? 0 : 4096);
}

function longestPiece(input: Uint8Array, cuts: readonly number[]): number {
  const ends = [...cuts, input.length];
  return Math.max(...ends.map((end, i) => end - (ends[i - 1] ?? 0)));
}

/** Checks that the bytes used and the bytes remaining are the input. */
function checkRemaining(wire: string, last: PlainStep, slow: Driven): void {
  const remaining = `${last.remaining}`;
  must(wire.endsWith(remaining), "The remaining bytes do not end the input");
  must(
    slow.passed + remaining.length === wire.length,
    `Uses ${slow.passed} bytes and leaves ${remaining.length}`,
  );
}

/** Checks that the bytes held in memory are within the limits. */
function checkBuffered(last: PlainStep, limits: Partial<HttpLimits>): void {
  const { maxBodyBytes = Infinity, maxInterimResponses = Infinity } = limits;
  const { body = "" } = (last.response ?? {}) as { body?: string };
  const { interim = [] } = last as unknown as { interim?: unknown[] };
  must(body.length <= maxBodyBytes, `Holds ${body.length} bytes`);
  must(interim.length <= maxInterimResponses, `Holds ${interim.length} heads`);
}

/** Checks that the buffering reader and the streaming one agree. */
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

/** Checks that the reader and the plain one agree. */
function checkPlain(
  { request, eof = false }: ResponseVector,
  wire: string,
  whole: Driven,
): void {
  const { method = "GET", headers = [] } = request ?? {};
  const names = headers.map(([name]) => name);
  const asksToUpgrade = names.includes("Upgrade");
  const asksToClose = names.includes("Connection");
  const asked = { method, asksToUpgrade, asksToClose };
  const plain = readResponse(wire, asked, eof);
  const last = whole.steps.at(-1)!;
  const read = summarizeStreamed(whole.steps);
  const end = last.type === "Err" ? last.error : last.type;
  equal("end", end, plain.end);
  const statuses = read.interims.map(({ status }) => status);
  equal("interim responses", statuses, plain.interims);
  equal("framing", read.framing, plain.framing ?? null);
  equal("body", read.body, plain.body ?? "");
  if (read.head !== undefined) {
    const { version, status, reason, headers } = read.head;
    equal("head", { version, status, reason, headers }, plain.head);
  }
  if (end !== "Ok") return;
  for (const key of ["trailers", "remaining", "closeReason"] as const) {
    equal(key, read[key], plain[key]);
  }
}
