// Whatever a peer sends, and however it is cut: the readers end in `Ok`, in an
// `HttpError` or in a wish for more, and they tell the same each time. The
// driver wipes its buffer, resumes after the end, and bounds the steps.

import { assert, assertEquals } from "@std/assert";
import fc, { type Arbitrary } from "fast-check";
import {
  Http10Send,
  Http11Receive,
  Http11ReceiveChunks,
  Http11ReceiveHead,
  Http11Send,
  HttpHeaders,
  HttpRequest,
  WellKnown,
} from "../../mod.ts";
import { type AnyCoroutine, byteByByte, drive } from "../_cuts.ts";
import { test } from "../_pure.ts";
import { toBytes } from "../_text.ts";
import {
  binary,
  nearlyChunked,
  nearlyResponse,
  places,
} from "./_generators.ts";

const URL_TEXT = "http://example.com/a?b#c";
const LIMITS = {
  maxHeadBytes: 200,
  maxTrailerBytes: 40,
  maxChunkExtensionBytes: 12,
  maxInterimResponses: 2,
  maxBodyBytes: 30,
};

const methods = fc.constantFrom("GET", "GET", "GET", "HEAD", "CONNECT", "POST");
const requests = fc.tuple(
  methods,
  fc.constantFrom([], ["Upgrade"], ["Connection"]),
).map(([method, names]) =>
  new HttpRequest(method, URL_TEXT, {
    headers: names.map((name) => [name, "close"] as const),
  })
);
const limits = fc.constantFrom({}, LIMITS);

type Maker = Arbitrary<() => AnyCoroutine>;

const READERS: [name: string, maker: Maker, wires: Arbitrary<string>][] = [
  [
    "Http11ReceiveHead",
    limits.map((limits) => () => new Http11ReceiveHead(limits)),
    nearlyResponse,
  ],
  [
    "Http11ReceiveChunks",
    limits.map((limits) => () => new Http11ReceiveChunks(limits)),
    nearlyChunked,
  ],
  [
    "Http11Receive",
    fc.tuple(requests, limits).map(([{ method, headers }, limits]) => () =>
      new Http11Receive({ method, headers: new HttpHeaders(headers) }, limits)
    ),
    nearlyResponse,
  ],
  [
    "Http11Send",
    fc.tuple(requests, limits).map(([request, limits]) => () =>
      new Http11Send(request, limits)
    ),
    nearlyResponse,
  ],
  [
    "Http10Send",
    fc.tuple(requests, limits).map(([request, limits]) => () =>
      new Http10Send(request, limits)
    ),
    nearlyResponse,
  ],
  [
    "WellKnown",
    fc.constant(() => new WellKnown(URL_TEXT, "x")),
    nearlyResponse,
  ],
];

/** Offsets within the wire, in order and each of them once. */
function cutsOf(length: number, places: readonly number[]): number[] {
  const cuts = new Set(places.map((place) => place % (length + 1)));
  return [...cuts].filter((at) => at > 0 && at < length)
    .sort((a, b) => a - b);
}

function check(
  make: () => AnyCoroutine,
  wire: string,
  places: readonly number[],
  eof: boolean,
): void {
  const input = toBytes(wire);
  const whole = drive(make(), input, [], { eof });
  const last = whole.steps.at(-1)!;
  assert(["Ok", "Err", "WantsRead"].includes(last.type));
  if (eof) assert(last.type !== "WantsRead");
  const cuts = cutsOf(input.length, places);
  for (
    const [where, options] of [
      [cuts, { eof }],
      [cuts, { eof, nag: true }],
      [cuts, { eof, eager: true }],
      [byteByByte(input.length), { eof }],
      [byteByByte(input.length), { eof, eager: true }],
    ] as const
  ) {
    assertEquals(drive(make(), input, where, options).steps, whole.steps);
  }
}

for (const [index, [name, maker, wires]] of READERS.entries()) {
  test(`${name} returns the same for nearly valid bytes in any cut`, () => {
    fc.assert(
      fc.property(maker, wires, places, fc.boolean(), check),
      { seed: 9300 + index, numRuns: 300 },
    );
  });

  test(`${name} returns the same for any bytes in any cut`, () => {
    fc.assert(
      fc.property(maker, binary, places, fc.boolean(), check),
      { seed: 9310 + index, numRuns: 60 },
    );
  });
}
