// The parser of server-sent events, against one that has the whole stream.

import { fc } from "../_fast_check.ts";
import { SseParser } from "../../mod.ts";
import { byteByByte, drive, type DriveOptions } from "../_cuts.ts";
import { readPlainly, seenOf } from "../sse/_plain_reader.ts";
import { equal } from "../_sweep.ts";
import { toBytes } from "../_text.ts";
import { EVENTS } from "../_vectors.ts";
import { countWork } from "../_work.ts";
import { mutated, oneOf } from "./_mutations.ts";
import { cutsOf, must, places, property } from "./_property.ts";

const WORDS = ("data|event|id|retry|: |:|\n|\r|\r\n|\n\n|\r\r|\0|1|0|x\n|" +
  "data: x\n\n|id: 1\n|event: e\n|retry: 10\n|: comment\n|\xef\xbb\xbf|" +
  "\xc3\xa9|\xc3|\xe2\x82|\xf0\x9f\x98\x80|\xed\xa0\x80|\x80|\xff").split("|");

const streams = mutated(
  fc.oneof(
    oneOf(EVENTS.map(({ stream }) => stream)),
    fc.array(fc.constantFrom(...WORDS), { maxLength: 40 })
      .map((parts) => parts.join("")),
  ),
  WORDS,
);

property(
  "SseParser returns the same for any bytes in any split, " +
    "as a plain parser does",
  800,
  fc.record({
    stream: streams,
    maxEventBytes: fc.option(fc.nat({ max: 80 }), { nil: undefined }),
    places,
  }),
  ({ stream, maxEventBytes, places }) => {
    const input = toBytes(stream);
    const cuts = cutsOf(input.length, places);
    const each = byteByByte(input.length);
    const run = (cuts: readonly number[], options: DriveOptions = {}) => {
      const parser = new SseParser({ maxEventBytes });
      return drive(parser, input, cuts, { ...options, eof: true }).steps;
    };
    const whole = run([]);
    equal("byte by byte", run(each), whole);
    equal("in pieces", run(cuts, { nag: true }), whole);
    equal("unasked", run(cuts, { eager: true }), whole);
    if (maxEventBytes === undefined) {
      equal("plain parser", whole.map(seenOf), readPlainly(input).seen);
      return;
    }
    const { largest } = countWork(() => run(each));
    // Storage for one event doubles.
    const most = Math.max(64, 2 * (maxEventBytes + 2));
    must(largest <= most, `Allocates ${largest} bytes, over ${most}`);
    for (const { data = "", event = "" } of whole) {
      const { length } = `${data}${event === "message" ? "" : event}`;
      must(length <= maxEventBytes, "An event is over the limit");
    }
  },
);
