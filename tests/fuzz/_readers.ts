// The readers of responses, over whatever a peer may send, for all requests and
// under all limits.

import type { HttpLimits } from "../../mod.ts";
import {
  CHUNKS_ALONE,
  HEAD_ALONE,
  type Reader,
  RECEIVE,
  SEND,
  SEND_10,
} from "../_run_responses.ts";
import type { Random } from "./_random.ts";
import { runReader, type Setup } from "./_run_reader.ts";
import { CHUNKED_SEEDS, RESPONSE_SEEDS, RESPONSE_WORDS } from "./_seeds.ts";
import { showChunked, showResponse } from "./_show.ts";
import type { Target, Trial } from "./_target.ts";

const WELL_KNOWN: Reader = {
  ...SEND,
  name: "WellKnown",
  make: (api) => new api.WellKnown("https://example.com/", "x"),
};

/** The targets that read responses, or parts of them. */
export const READERS: readonly Target[] = [
  target(HEAD_ALONE, RESPONSE_SEEDS),
  target(CHUNKS_ALONE, CHUNKED_SEEDS),
  target(RECEIVE, RESPONSE_SEEDS),
  target(SEND, RESPONSE_SEEDS),
  target(SEND_10, RESPONSE_SEEDS),
  target(WELL_KNOWN, RESPONSE_SEEDS, () => undefined),
];

function target(
  reader: Reader,
  seeds: readonly string[],
  limitsOf = drawLimits,
): Target {
  return {
    name: reader.name,
    seeds,
    words: RESPONSE_WORDS,
    draw(random) {
      const limits = random.once(2) ? limitsOf(random) : undefined;
      return makeTrial(drawSetup(reader, limits, random));
    },
  };
}

/** Makes the trial of a reader. */
export function makeTrial(setup: Setup): Trial {
  const { reader, vector } = setup;
  const showVector = reader === CHUNKS_ALONE ? showChunked : showResponse;
  return {
    run: (input) => runReader(setup, input),
    show: (input) => showVector({ ...vector, wire: input }),
  };
}

function drawSetup(
  reader: Reader,
  limits: HttpLimits | undefined,
  random: Random,
): Setup {
  const method = random.pick(["GET", "GET", "GET", "POST", "HEAD", "CONNECT"]);
  const headers = random.pick(
    [
      [],
      [["Upgrade", "x"]],
      [["Connection", "a, close"]],
    ] as const,
  );
  const eof = random.once(2);
  const vector = {
    name: "",
    rfc: "",
    request: { method, ...(headers.length === 0 ? {} : { headers }) },
    ...(limits === undefined ? {} : { limits }),
    wire: "",
    ...(eof ? { eof } : {}),
    expect: {},
  };
  const counts = limits !== undefined && random.once(32);
  return { reader, vector, places: random.places(6), counts };
}

function drawLimits(random: Random): HttpLimits | undefined {
  return {
    maxHeadBytes: 16 + random.below(240),
    maxTrailerBytes: random.below(60),
    maxChunkExtensionBytes: random.below(30),
    maxInterimResponses: random.below(4),
    maxBodyBytes: random.below(60),
  };
}
