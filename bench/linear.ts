// Whether the time for input that comes one byte a call grows with its length,
// and no faster. Twice the bytes should take twice the time.

import {
  Http11ReceiveChunks,
  Http11ReceiveHead,
  type HttpCoroutine,
} from "@pimalaya/io-http";
import { printGroup } from "./_group.ts";
import { type Contender, measure, type Result } from "./_measure.ts";
import { milliseconds, type Row } from "./_table.ts";
import { spreadOf } from "./_measure.ts";

const TITLE = "linear: input in memory that comes one byte a call; the time " +
  "for 64 KiB, divided by that for 32 KiB";

const KIB = 1024;
const HEAD = "HTTP/1.1 200 OK\r\n";
const LINE = "X-Field: " + "v".repeat(53) + "\r\n";
const LIMITS = {
  maxHeaderFields: Infinity,
  maxHeadBytes: 64 * KIB,
  maxTrailerBytes: 64 * KIB,
  maxChunkExtensionBytes: 64 * KIB,
};

/** Input whose long part has the length asked for. */
interface Shape {
  readonly what: string;
  make(length: number): string;
  receive(): HttpCoroutine<{ readonly type: string }>;
}

const SHAPES: readonly Shape[] = [
  {
    what: "head of many fields",
    make: (length) => HEAD + makeLines(length - HEAD.length) + "\r\n",
    receive: () => new Http11ReceiveHead(LIMITS),
  },
  {
    what: "head of one long field",
    make: (length) => HEAD + makeLine(length - HEAD.length - 2) + "\r\n",
    receive: () => new Http11ReceiveHead(LIMITS),
  },
  {
    what: "one long chunk extension",
    make: (length) => `0${makeExtension(length)}\r\n\r\n`,
    receive: () => new Http11ReceiveChunks(LIMITS),
  },
  {
    what: "many chunks with extensions",
    make: (length) =>
      `1${makeExtension(64)}\r\nx\r\n`.repeat(length / 64) + "0\r\n\r\n",
    receive: () => new Http11ReceiveChunks(LIMITS),
  },
  {
    what: "trailers of many fields",
    make: (length) => `0\r\n${makeLines(length)}\r\n`,
    receive: () => new Http11ReceiveChunks(LIMITS),
  },
  {
    what: "trailer of one long field",
    make: (length) => `0\r\n${makeLine(length)}\r\n`,
    receive: () => new Http11ReceiveChunks(LIMITS),
  },
];

if (import.meta.main) await printGroup(TITLE, measureLinear);

async function measureLinear(): Promise<Row[]> {
  const rows: Row[] = [];
  for (const shape of SHAPES) {
    const [long, short] = await measure([
      makeContender("64 KiB", shape, 64 * KIB),
      makeContender("32 KiB", shape, 32 * KIB),
    ], { rounds: 15, sampleMilliseconds: 100, warmUpMilliseconds: 500 });
    rows.push(makeRow(shape.what, long!, short!));
  }
  return rows;
}

function makeRow(what: string, long: Result, short: Result): Row {
  return {
    what,
    ours: milliseconds(spreadOf(long.speeds).median),
    peer: short.name,
    theirs: milliseconds(spreadOf(short.speeds).median),
    value: spreadOf(short.speeds.map((speed, i) => speed / long.speeds[i]!)),
    unit: "x",
    target: { atMost: 2.3 },
  };
}

function makeContender(
  name: string,
  shape: Shape,
  length: number,
): Contender {
  const bytes = new TextEncoder().encode(shape.make(length));
  return {
    name,
    run(times) {
      for (let i = 0; i < times; i++) feed(shape, bytes);
    },
  };
}

/** Feeds a coroutine one byte a call, up to its end. */
function feed(shape: Shape, bytes: Uint8Array): void {
  const receive = shape.receive();
  const one = new Uint8Array(1);
  let type = "";
  for (const byte of bytes) {
    one[0] = byte;
    type = receive.resume(one).type;
  }
  if (type !== "Ok") throw new Error(`Expected Ok at the end, got ${type}`);
}

/** Field lines of the given total length, without the CRLF at the section's end. */
function makeLines(length: number): string {
  const count = Math.floor((length - 2) / LINE.length) - 1;
  return LINE.repeat(count) + makeLine(length - 2 - count * LINE.length);
}

function makeLine(length: number): string {
  return `X-Field: ${"v".repeat(length - "X-Field: \r\n".length)}\r\n`;
}

function makeExtension(length: number): string {
  return `;${"e".repeat(length - 1)}`;
}
