// Runs every wire vector against one build of the pure entry point. Nothing
// here is specific to one runtime: the same runner is bundled for others.

import {
  AUTH,
  BODIES,
  CHUNKED,
  EARLY,
  EVENTS,
  REDIRECTS,
  REQUESTS,
  RESPONSES,
  WELL_KNOWN,
} from "./_vectors.ts";
import type { Vector } from "./_vectors.ts";
import { runEarly, runEvents } from "./_run_streams.ts";
import { runChunked, runResponse } from "./_run_responses.ts";
import type { Api } from "./_run_responses.ts";
import {
  runAuth,
  runEncode,
  runRedirect,
  runWellKnown,
} from "./_run_values.ts";

/** One vector, ready to run. */
export interface VectorCase {
  /** The file that contains the vector. */
  readonly file: string;
  readonly vector: Vector;
  /** The vector's name, and the section that decides it. */
  readonly name: string;
  /** Throws if the outcome is not the vector's. */
  run(): void;
}

/** How one vector went. */
export interface VectorResult {
  readonly name: string;
  readonly ok: boolean;
  /** The difference, if it is not ok. */
  readonly detail?: string;
}

/** The files about heads, which are half of the work. */
export const HEAD_FILES: readonly string[] = [
  "response_head",
  "interim",
  "framing",
];

/** Creates a case for each vector. */
export function vectorCases(api: Api): VectorCase[] {
  const responses = Object.entries(RESPONSES).flatMap(([file, vectors]) =>
    casesOf(file, vectors, (vector) => runResponse(api, vector))
  );
  return [
    ...responses,
    ...casesOf("chunked", CHUNKED, (vector) => runChunked(api, vector)),
    ...casesOf("early", EARLY, (vector) => runEarly(api, vector)),
    ...casesOf("sse", EVENTS, (vector) => runEvents(api, vector)),
    ...casesOf("bodies", BODIES, (vector) => runEncode(api, vector)),
    ...casesOf("requests", REQUESTS, (vector) => runEncode(api, vector)),
    ...casesOf("redirects", REDIRECTS, (vector) => runRedirect(api, vector)),
    ...casesOf("auth", AUTH, (vector) => runAuth(api, vector)),
    ...casesOf("well_known", WELL_KNOWN, (vector) => runWellKnown(api, vector)),
  ];
}

/** Runs all vectors, each in every cut. */
export function runVectors(api: Api): VectorResult[] {
  return vectorCases(api).map(({ name, run }) => {
    try {
      run();
      return { name, ok: true };
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error);
      return { name, ok: false, detail };
    }
  });
}

function casesOf<V extends Vector>(
  file: string,
  vectors: readonly V[],
  run: (vector: V) => void,
): VectorCase[] {
  return vectors.map((vector) => ({
    file,
    vector,
    name: `${vector.name} (${vector.rfc})`,
    run: () => run(vector),
  }));
}
