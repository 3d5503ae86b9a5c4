import v8 from "node:v8";
import { runInNewContext } from "node:vm";
import {
  assert,
  assertEquals,
  assertLess,
  assertLessOrEqual,
  assertNotStrictEquals,
} from "@std/assert";
import { Http11ReceiveHead } from "../../mod.ts";
import { Input } from "../../core/input.ts";
import { resolveReceiveOptions } from "../../rfc9112/limits.ts";
import { HeadReader } from "../../rfc9112/receive_head.ts";
import { endOfFile, test } from "../_pure.ts";
import { toBytes, toText } from "../_text.ts";
import { countLooks, countWork } from "../_work.ts";

const HEAD = "HTTP/1.1 200 OK\r\nA: 1\r\n\r\n";

function ok(wire: string) {
  const step = new Http11ReceiveHead().resume(toBytes(wire));
  assert(step.type === "Ok");
  return step;
}

function err(wire: string, eof = false) {
  const head = new Http11ReceiveHead();
  const first = head.resume(toBytes(wire));
  const step = eof ? head.resume(endOfFile()) : first;
  assert(step.type === "Err", step.type);
  return step.error;
}

test("Http11ReceiveHead returns remaining bytes in storage of their own", () => {
  const wire = toBytes(`${HEAD}rest`);
  const step = new Http11ReceiveHead().resume(wire);
  assert(step.type === "Ok");
  assertNotStrictEquals(step.remaining.buffer, wire.buffer);
  assertEquals(step.remaining.buffer.byteLength, 4);
  wire.fill(0);
  assertEquals(toText(step.remaining), "rest");
});

test("Http11ReceiveHead shares no empty array between heads", () => {
  const [first, second] = [ok(HEAD), ok(HEAD)];
  for (
    const [a, b] of [
      [first.response.body, second.response.body],
      [first.remaining, first.response.body],
    ] as const
  ) {
    assertNotStrictEquals(a.buffer, b.buffer);
  }
});

test("Http11ReceiveHead returns headers that are the caller's to change", () => {
  const { response } = ok(HEAD);
  response.headers.append("B", "2");
  response.trailers.append("C", "3");
  assertEquals([...response.headers], [["A", "1"], ["B", "2"]]);
  assertEquals([...ok(HEAD).response.headers], [["A", "1"]]);
  assertEquals(ok(HEAD).response.trailers.size, 0);
});

test("Http11ReceiveHead rejects a bare CR before the status line at once", () => {
  for (const wire of ["\rH", "\r\r", "\r\n\r\r", "\n\r\0"]) {
    assertEquals(err(wire).code, "InvalidStatusLine");
    const head = new Http11ReceiveHead();
    const types = Array.from(
      wire,
      (char) => head.resume(toBytes(char)).type,
    );
    assertEquals(types.pop(), "Err");
    assertEquals(types.every((type) => type === "WantsRead"), true);
  }
});

test("Http11ReceiveHead is at its limit before any byte where that is 0", () => {
  const step = new Http11ReceiveHead({ maxHeadBytes: 0 }).resume();
  assertEquals(step.type === "Err" && step.error.code, "HeadTooLarge");
});

const MANY_FIELDS = { maxHeaderFields: 10_000 };

/** Heads whose bytes would be looked at again and again by a naive reader. */
const HARD: [what: string, wire: string][] = [
  ["one long field", `HTTP/1.1 200 OK\r\nA: ${"x".repeat(30_000)}\r\n\r\n`],
  ["a long name", `HTTP/1.1 200 OK\r\n${"x".repeat(30_000)}: 1\r\n\r\n`],
  ["many fields", `HTTP/1.1 200 OK\r\n${"A: 1\r\n".repeat(5_000)}\r\n`],
  ["many folds", `HTTP/1.1 200 OK\r\nA: 1\r\n${" x\r\n".repeat(7_000)}\r\n`],
  ["blanks", `HTTP/1.1 200 OK\r\nA:${" \t".repeat(15_000)}\r\n\r\n`],
  ["a long reason", `HTTP/1.1 200 ${"x".repeat(30_000)}\r\n\r\n`],
  ["many empty lines", `${"\r\n".repeat(15_000)}HTTP/1.1 200 OK\r\n\r\n`],
];

for (const [what, wire] of HARD) {
  test(`HeadReader looks at each byte of ${what} a few times, byte by byte`, () => {
    const array = toBytes(wire);
    const { bytes: watched, looks } = countLooks(array);
    const reader = new HeadReader(resolveReceiveOptions(MANY_FIELDS));
    const input = new Input();
    input.bytes = watched;
    let response = null;
    while (response === null && input.end < array.length) {
      input.end++;
      response = reader.read(input);
    }
    assertEquals(response?.status, 200);
    assertEquals(input.start, array.length);
    // Seven of them are for the prefix of a status line that is not whole.
    assertLessOrEqual(looks(), 12 * array.length);
  });

  test(`Http11ReceiveHead copies ${what} a few times, byte by byte`, () => {
    const array = toBytes(wire);
    const pieces = Array.from(array, (byte) => Uint8Array.of(byte));
    const head = new Http11ReceiveHead(MANY_FIELDS);
    let type = "";
    const { copied, allocated } = countWork(() => {
      for (const piece of pieces) type = head.resume(piece).type;
    });
    assertEquals(type, "Ok");
    assertLessOrEqual(copied, 4 * array.length);
    assertLessOrEqual(allocated, 6 * array.length);
  });
}

test("Http11ReceiveHead holds no more than its limit and one piece", () => {
  const head = new Http11ReceiveHead({ maxHeadBytes: 10_000 });
  const piece = toBytes("HTTP/1.1 200 OK\r\nA: ".padEnd(1000, "x"));
  let passed = 0;
  const { allocated } = countWork(() => {
    while (head.resume(piece).type === "WantsRead") {
      passed += piece.length;
      piece.fill(0x78);
      assertLessOrEqual(passed, 10_000);
    }
  });
  assertEquals(passed, 9000);
  assertLessOrEqual(allocated, 4 * 10_000);
});

test("A string kept from a head does not keep the head alive", () => {
  const padding = "X-Padding: 0123456789abcdef\r\n".repeat(280);
  const kept: string[][] = [];
  const before = heapUsed();
  for (let i = 0; i < 2500; i++) {
    const wire = toBytes(
      `HTTP/1.1 200 A reason of 20 chars\r\nX-Entity-Tag-${i}: "${i}--------------"\r\n${padding}\r\n`,
    );
    const step = new Http11ReceiveHead().resume(wire);
    assert(step.type === "Ok");
    const { headers, reason } = step.response;
    const name = `x-entity-tag-${i}`;
    const [pair] = headers;
    kept.push([headers.get(name)!, ...headers.getAll(name), ...pair!, reason]);
  }
  // Together, the heads have 20 MB.
  assertLess(heapUsed() - before, 5e6);
  assertEquals(kept[7], [
    ...Array(2).fill('"7--------------"'),
    "X-Entity-Tag-7",
    '"7--------------"',
    "A reason of 20 chars",
  ]);
});

/** The bytes alive after a garbage collection. */
function heapUsed(): number {
  v8.setFlagsFromString("--expose-gc");
  runInNewContext("gc")();
  return v8.getHeapStatistics().used_heap_size;
}
