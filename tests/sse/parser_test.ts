import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  HttpError,
  SseParser,
  type SseParserOptions,
} from "@pimalaya/io-http/sse";
import { CASES } from "./_cases.ts";
import { bytesOf, cuts, feed, readAll, readPlainly } from "./_streams.ts";

const EOF = null;

function test(name: string, fn: () => void): void {
  Deno.test({ name: `SseParser ${name}`, permissions: "none", fn });
}

for (const { name, stream, seen, lastEventId = "", incomplete } of CASES) {
  test(name, () => {
    const end = incomplete ? "Ok, incomplete" : "Ok";
    const expected = { seen: [...seen, end], lastEventId };
    const bytes = bytesOf(stream);
    assertEquals(readAll([bytes].filter((b) => b.length > 0)), expected);
    assertEquals(readPlainly(bytes), expected, "the plain parser");
    for (const pieces of cuts(bytes)) {
      const sizes = pieces.map((piece) => piece.length).join("+");
      assertEquals(readAll(pieces), expected, `cut into ${sizes}`);
    }
  });

  test(`${name}, as far as it got before end of file`, () => {
    const bytes = bytesOf(stream);
    for (let length = 0; length < bytes.length; length++) {
      const short = bytes.subarray(0, length);
      const expected = readPlainly(short);
      assertEquals(readAll(cutIntoBytes(short)), expected, `${length} bytes`);
      if (length > 0) assertEquals(readAll([short]), expected);
    }
  });
}

test("returns an event at a CR, without waiting for the LF", () => {
  const parser = new SseParser();
  assertEquals(feed(parser, [bytesOf("data: 1\r\r")]), [["message", "1", ""]]);
  assertEquals(feed(parser, [bytesOf("\ndata: 2\r")]), []);
  assertEquals(feed(parser, [bytesOf("\n"), bytesOf("\r")]), [
    ["message", "2", ""],
  ]);
  assertEquals(feed(parser, [bytesOf("\n"), EOF]), ["Ok"]);
});

test("returns WantsRead until there is a step", () => {
  const parser = new SseParser();
  assertEquals(parser.resume(), { type: "WantsRead" });
  assertEquals(parser.resume(), { type: "WantsRead" });
  assertEquals(parser.resume(bytesOf("data: 1\n")), { type: "WantsRead" });
  assertEquals(parser.resume(), { type: "WantsRead" });
  assertEquals(parser.resume(bytesOf("\n")), {
    type: "Event",
    event: "message",
    data: "1",
    id: "",
  });
  assertEquals(parser.resume(), { type: "WantsRead" });
  assertEquals(parser.resume(bytesOf("retry: 5\n")), {
    type: "Retry",
    milliseconds: 5,
  });
});

test("takes bytes while it still has events to return", () => {
  const parser = new SseParser();
  const steps = [
    parser.resume(bytesOf("data: 1\n\ndata: 2\n\nda")),
    parser.resume(bytesOf("ta: 3\n\n")),
    parser.resume(EOF),
    parser.resume(),
  ];
  assertEquals(
    steps.map((step) => step.type === "Event" ? step.data : step.type),
    ["1", "2", "3", "Ok"],
  );
});

test("returns the same Ok for good", () => {
  const parser = new SseParser();
  const ok = parser.resume(null);
  assertEquals(ok, { type: "Ok", incomplete: false });
  assert(parser.resume() === ok);
  assert(parser.resume(bytesOf("data: 1\n\n")) === ok);
});

test("sets lastEventId when the event is returned", () => {
  const parser = new SseParser();
  parser.resume(bytesOf("id: 1\ndata\n\nid: 2\ndata\n\nid: 3\n\nid: 4\n"));
  assertEquals(parser.lastEventId, "1");
  parser.resume();
  assertEquals(parser.lastEventId, "2");
  assertEquals(parser.resume().type, "WantsRead");
  assertEquals(parser.lastEventId, "3");
  assertEquals(parser.resume(EOF).type, "Ok");
  assertEquals(parser.lastEventId, "3");
});

test("starts with the last event ID that it is given", () => {
  const stream = bytesOf("data\n\nid: \u00e9\ndata\n\n");
  assertEquals(readAll([stream], { lastEventId: "\u00fc" }), {
    seen: [["message", "", "\u00fc"], ["message", "", "\u00e9"], "Ok"],
    lastEventId: "\u00e9",
  });
  assertEquals(readAll([], { lastEventId: "7" }).lastEventId, "7");
});

test("throws a TypeError for a last event ID that cannot be one", () => {
  for (const lastEventId of ["a\0", "a\rb", "\n", 5 as never]) {
    assertThrows(
      () => new SseParser({ lastEventId }),
      TypeError,
      "Invalid lastEventId",
    );
  }
});

test("throws a RangeError for a limit that is not a whole number", () => {
  for (const maxEventBytes of [-1, 1.5, NaN, -Infinity]) {
    assertThrows(
      () => new SseParser({ maxEventBytes }),
      RangeError,
      "Invalid maxEventBytes",
    );
  }
});

test("accepts Infinity as a limit", () => {
  const { seen } = readAll([bytesOf("data: 1\n\n")], {
    maxEventBytes: Infinity,
  });
  assertEquals(seen, [["message", "1", ""], "Ok"]);
});

test("decodes characters wherever they are in a long stream", () => {
  // What is decoded at once ends at a power of two, so one of these is cut.
  for (let length = 4080; length < 4100; length++) {
    const text = `data: a\ndata: ${"x".repeat(length)}\u00e9\ndata: b\n\n`;
    const bytes = bytesOf(text);
    assertEquals(readAll([bytes]), readPlainly(bytes));
  }
});

/** Streams, and whether an event of at most 12 bytes holds what they hold. */
const LIMIT_CASES: readonly (readonly [string, boolean])[] = [
  ["data: 123456\n\n", true],
  ["data: 1234567\n\n", false],
  ["data: 1234567", false],
  ["data: 123456\r\n\r\n", true],
  ["data: 12\nid: \n\n", true],
  ["data: 12\nid: 3\n\n", false],
  ["data: \u00e9\u00e9\u00e9\n\n", true],
  ["data: \u00e9\u00e9\u00e9x\n\n", false],
  ["\ufeffdata: 123456\n\n", true],
  ["unknown: field\n\n", false],
  ["data\ndata\ndata\n\n", true],
  ["data\ndata\ndata\nx\n\n", false],
  ["data: 123456\n\ndata: 123456\n\nid: 12345678\n\n", true],
  ["retry: 12345\ndata\n\n", false],
  [": a comment that is longer than that\n", true],
  [": a comment that is longer than that", true],
  ["data: 1\n: a comment that is longer than that\nid: 2\n\n", true],
  ["data: 123456\n:\n:\n:\n:\n\n", true],
];

for (const [stream, fits] of LIMIT_CASES) {
  const outcome = fits ? "accepts" : "rejects";
  test(`${outcome} ${JSON.stringify(stream)} in events of 12 bytes`, () => {
    const bytes = bytesOf(stream);
    const expected = readAll([bytes], { maxEventBytes: 12 });
    assertEquals(
      expected.seen.at(-1),
      fits ? readPlainly(bytes).seen.at(-1) : { error: "EventTooLarge" },
    );
    if (fits) assertEquals(expected, readPlainly(bytes));
    for (const pieces of cuts(bytes)) {
      assertEquals(readAll(pieces, { maxEventBytes: 12 }), expected);
    }
  });
}

test("returns the same EventTooLarge for good, after the events before", () => {
  const parser = new SseParser({ maxEventBytes: 10 });
  const first = parser.resume(bytesOf("data: 1\n\ndata: 23456\n\ndata: 3\n\n"));
  assertEquals(first.type, "Event");
  const step = parser.resume();
  assert(step.type === "Err");
  assert(step.error instanceof HttpError);
  assertEquals(step.error.code, "EventTooLarge");
  assertEquals(
    step.error.message,
    "Cannot read the event: it has more than 10 bytes (maxEventBytes)",
  );
  assert(parser.resume(EOF) === step);
});

test("rejects any field line, and accepts comments, with a limit of 0", () => {
  const options: SseParserOptions = { maxEventBytes: 0 };
  assertEquals(readAll([bytesOf(":\n\n: a\n")], options).seen, ["Ok"]);
  assertEquals(readAll([bytesOf("\nx")], options).seen, [
    { error: "EventTooLarge" },
  ]);
});

test("rejects an event above 16 MiB unless it is told otherwise", () => {
  const mebibyte = new Uint8Array(2 ** 20).fill(0x78);
  const largest = [
    bytesOf("data: "),
    ...Array(15).fill(mebibyte),
    mebibyte.subarray(6),
  ];
  const [event] = readAll([...largest, bytesOf("\n\n")]).seen;
  assertEquals(Array.isArray(event) && event[1].length, 2 ** 24 - 6);
  assertEquals(readAll([...largest, bytesOf("x")]).seen, [
    { error: "EventTooLarge" },
  ]);
});

function* cutIntoBytes(bytes: Uint8Array): Iterable<Uint8Array> {
  for (const value of bytes) yield Uint8Array.of(value);
}
