// The parser of server-sent events, against one that has the whole stream at
// hand and does it the plain way.

import { SseParser } from "../../mod.ts";
import { byteByByte, drive, type PlainStep } from "../_cuts.ts";
import { readPlainly, type Seen } from "../sse/_streams.ts";
import { equal } from "../_sweep.ts";
import { toBytes } from "../_text.ts";
import { countWork } from "../_work.ts";
import { cutsOf } from "./_run_reader.ts";
import type { Random } from "./_random.ts";
import { EVENT_SEEDS, EVENT_WORDS } from "./_seeds.ts";
import { promise, type Shown, type Target, toLine } from "./_target.ts";
import { Watched } from "./_watch.ts";

const TYPES = ["WantsRead", "Event", "Retry", "Err", "Ok"];

interface Setup {
  readonly maxEventBytes: number | null;
  readonly places: readonly number[];
  /** Whether allocations are counted, which takes time. */
  readonly counts: boolean;
}

/** The target that reads event streams. */
export const EVENTS: Target = {
  name: "SseParser",
  seeds: EVENT_SEEDS,
  words: EVENT_WORDS,
  draw(random: Random) {
    const maxEventBytes = random.once(2) ? random.below(80) : null;
    const counts = random.once(16);
    const setup = { maxEventBytes, places: random.places(6), counts };
    return {
      run: (input) => runParser(setup, input),
      show: (input) => showStream(setup, input),
    };
  },
};

function runParser(setup: Setup, stream: string): string {
  const { maxEventBytes, places } = setup;
  const input = toBytes(stream);
  const cuts = cutsOf(input.length, places);
  const each = byteByByte(input.length);
  const whole = run(setup, input, [], {});
  equal("byte by byte", run(setup, input, each, {}), whole);
  equal("in pieces", run(setup, input, cuts, { nag: true }), whole);
  equal("unasked", run(setup, input, cuts, { eager: true }), whole);
  if (maxEventBytes === null) {
    equal("plain parser", whole.map(seenOf), readPlainly(input).seen);
  } else {
    if (setup.counts) checkMemory(setup, maxEventBytes, input, each);
    for (const { data = "", event = "" } of whole) {
      const { length } = `${data}${event === "message" ? "" : event}`;
      promise(length <= maxEventBytes, "An event is over the limit");
    }
  }
  return whole.slice(0, 5).map(({ type, data = "", event, id }) => {
    const lines = Math.min(3, `${data}`.split("\n").length);
    return [type, lines, event === "message", id === ""].join(" ");
  }).join(", ");
}

/** Checks that no array is larger than doubled storage for one event is. */
function checkMemory(
  setup: Setup,
  maxEventBytes: number,
  input: Uint8Array,
  each: readonly number[],
): void {
  const { largest } = countWork(() => run(setup, input, each, {}));
  const most = Math.max(64, 2 * (maxEventBytes + 2));
  promise(largest <= most, `Allocates ${largest} bytes, over ${most}`);
}

function run(
  { maxEventBytes }: Setup,
  input: Uint8Array,
  cuts: readonly number[],
  options: { nag?: boolean; eager?: boolean },
): readonly PlainStep[] {
  const parser = new SseParser(maxEventBytes === null ? {} : { maxEventBytes });
  const watched = new Watched(parser, { types: TYPES });
  return drive(watched, input, cuts, { ...options, eof: true }).steps;
}

function seenOf({ type, event, data, id, milliseconds }: PlainStep): Seen {
  if (type === "Event") return [`${event}`, `${data}`, `${id}`];
  return type === "Retry" ? { retry: Number(milliseconds) } : "Ok";
}

/** A case has text, in which a bare byte is a char of its own. */
function showStream({ maxEventBytes }: Setup, input: string): Shown {
  const stream = input.replace(
    /[\x80-\xff]/g,
    (char) => String.fromCharCode(0xdc00 | char.charCodeAt(0)),
  );
  const seen = readPlainly(toBytes(input)).seen.slice(0, -1);
  // Cases have no limit: one with a limit is a test of its own.
  const limit = maxEventBytes === null ? {} : { maxEventBytes };
  const file = maxEventBytes === null ? "_cases.ts" : "parser_test.ts";
  const line = toLine({ name: "returns", stream, seen, ...limit });
  return { file: `tests/sse/${file}`, line };
}
