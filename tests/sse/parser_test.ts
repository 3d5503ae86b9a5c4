import { assert, assertEquals, assertThrows } from "@std/assert";
import { SseParser } from "@pimalaya/io-http/sse";
import { Input } from "../../core/input.ts";
import { LineReader } from "../../sse/_lines.ts";
import { byteByByte, drive } from "../_cuts.ts";
import { test } from "../_pure.ts";
import { toBytes } from "../_text.ts";
import { readPlainly, seenOf } from "./_plain_reader.ts";

// tests/vectors/sse.json has one case for each rule. Here is the rest.

/** The steps over a stream and its end, in short. */
function readAll(stream: Uint8Array, cuts: readonly number[] = []) {
  const { steps } = drive(new SseParser(), stream, cuts, { eof: true });
  return steps.map(seenOf);
}

/** Passes pieces, and returns the data of each step, or its type. */
function play(parser: SseParser, pieces: readonly (string | null)[]): string[] {
  return pieces.map((piece) => {
    const input = piece === null ? null : undefined;
    const step = parser.resume(piece ? toBytes(piece) : input);
    return step.type === "Event" ? step.data : step.type;
  });
}

test("SseParser returns an event at a CR, without waiting for the LF", () => {
  const pieces = ["data: 1\r\r", "\ndata: 2\r", "\n", "\r", "\n", null];
  assertEquals(play(new SseParser(), pieces), [
    ...["1", "WantsRead", "WantsRead", "2", "WantsRead", "Ok"],
  ]);
});

test("SseParser takes bytes while it still has events to return", () => {
  const pieces = ["data: 1\n\ndata: 2\n\nda", "ta: 3\n\n", null, ""];
  assertEquals(play(new SseParser(), pieces), ["1", "2", "3", "Ok"]);
});

test("SseParser sets lastEventId when the event is returned", () => {
  const parser = new SseParser({ lastEventId: "\u00fc" });
  const ids = ["data\n\nid: 1\ndata\n\nid: 3\n\nid: 4\n", "", "", null]
    .map((piece) => {
      play(parser, [piece]);
      return parser.lastEventId;
    });
  assertEquals(ids, ["\u00fc", "1", "3", "3"]);
});

test("SseParser gives the ID that it starts with to the first events", () => {
  const parser = new SseParser({ lastEventId: "\u00fc" });
  const step = parser.resume(toBytes("data\n\n"));
  assertEquals(step, {
    type: "Event",
    event: "message",
    data: "",
    id: "\u00fc",
  });
});

test("SseParser rejects options that are out of range", () => {
  for (const lastEventId of ["a\0", "a\rb", "\n", 5 as never]) {
    const make = () => new SseParser({ lastEventId });
    assertThrows(make, TypeError, "Invalid lastEventId");
  }
  for (const maxEventBytes of [-1, 1.5, NaN, -Infinity]) {
    const make = () => new SseParser({ maxEventBytes });
    assertThrows(make, RangeError, "Invalid maxEventBytes");
  }
  const unlimited = new SseParser({ maxEventBytes: Infinity });
  assertEquals(play(unlimited, ["data: 1\n\n"]), ["1"]);
});

test("SseParser decodes characters wherever they are in a long stream", () => {
  // Text is decoded up to a power of two at once, so one of these is cut.
  for (let length = 4080; length < 4100; length++) {
    const long = "x".repeat(length);
    const bytes = toBytes(`data: a\ndata: ${long}\xc3\xa9\ndata: b\n\n`);
    assertEquals(readAll(bytes), readPlainly(bytes).seen);
  }
});

test("SseParser names the limit in its error, after the events before", () => {
  const parser = new SseParser({ maxEventBytes: 10 });
  const stream = "data: 1\n\ndata: 23456\n\ndata: 3\n\n";
  assertEquals(play(parser, [stream]), ["1"]);
  const step = parser.resume();
  assert(step.type === "Err");
  assertEquals(
    step.error.message,
    "Cannot read the event: it has more than 10 bytes (maxEventBytes)",
  );
});

test("SseParser rejects an event above 16 MiB unless it is told otherwise", () => {
  const piece = "x".repeat(2 ** 24 - 6);
  const parser = new SseParser();
  const [, event] = play(parser, ["data: ", `${piece}\n\n`]);
  assertEquals(event?.length, 2 ** 24 - 6);
  assertEquals(play(parser, ["data: ", `${piece}x`]), ["WantsRead", "Err"]);
});

// At these sizes, quadratic cost would take minutes.

for (
  const [what, stream, count, isSlow] of [
    [
      "a line of 1 MiB, one byte a call",
      `data:${"x".repeat(2 ** 20)}\n\n`,
      2,
      true,
    ],
    ["200,000 events", "data: 1\nid: \xc3\xa9\n\n".repeat(200_000), 200_001],
    ["200,000 data fields", `${"data: 12\n".repeat(200_000)}\n`, 2],
  ] as const
) {
  test(`SseParser reads ${what}`, () => {
    const bytes = toBytes(stream);
    const seen = readAll(bytes, isSlow ? byteByByte(bytes.length) : []);
    assertEquals(seen.length, count);
    assert(JSON.stringify(seen) === JSON.stringify(readPlainly(bytes).seen));
  });
}

test("LineReader uses up what there is of a comment, and keeps a field line", () => {
  const lines = new LineReader(16);
  const input = new Input();
  for (const piece of [": a", "x".repeat(2 ** 16), ": data: 1", "\r", ":"]) {
    input.push(toBytes(piece));
    assertEquals(lines.next(input), false);
    assertEquals(input.start, input.end);
    input.settle();
  }
  input.push(toBytes("\nda"));
  assertEquals(lines.next(input), false);
  assertEquals(input.end - input.start, 2);
  input.settle();
  input.push(toBytes("ta\r\n"));
  assertEquals([lines.next(input), lines.end - lines.start], [true, 4]);
  assertEquals(input.start, input.end);
});
