import {
  assert,
  assertEquals,
  assertLessOrEqual,
  assertNotStrictEquals,
  assertStrictEquals,
} from "@std/assert";
import { Http11ReceiveChunks, type HttpLimits } from "../../mod.ts";
import { Input } from "../../core/input.ts";
import { ChunkReader } from "../../rfc9112/receive_chunks.ts";
import { resolveReceiveOptions } from "../../rfc9112/limits.ts";
import { test, transfer } from "../_pure.ts";
import { toBytes, toText } from "../_text.ts";
import { countLooks, countWork } from "../_work.ts";

const HELLO = "5\r\nhello\r\n";
const END = "0\r\nA: 1\r\n\r\n";

/** The steps over a wire in one piece, in short. */
function read(wire: string, limits?: Partial<HttpLimits>): string[] {
  const chunks = new Http11ReceiveChunks(limits);
  const seen: string[] = [];
  let step = chunks.resume(toBytes(wire));
  while (step.type === "Data") {
    seen.push(toText(step.bytes));
    step = chunks.resume();
  }
  return [...seen, step.type === "Err" ? step.error.code : step.type];
}

test("Http11ReceiveChunks returns a large chunk without a copy", () => {
  const wire = toBytes(`10000\r\n${"x".repeat(0x10000)}\r\n`);
  const chunks = new Http11ReceiveChunks();
  let step = null;
  const { allocated, copied } = countWork(() => {
    step = chunks.resume(wire);
  });
  assertEquals([allocated, copied], [0, 0]);
  const { type, bytes: data } = step! as { type: string; bytes: Uint8Array };
  assertEquals([type, data.length], ["Data", 0x10000]);
  assertStrictEquals(data.buffer, wire.buffer);
});

test("Http11ReceiveChunks returns the data of many chunks in one step", () => {
  assertEquals(read(HELLO.repeat(1000) + END), ["hello".repeat(1000), "Ok"]);
});

test("Http11ReceiveChunks returns the data before a fault, then the fault", () => {
  assertEquals(read(`${HELLO}${HELLO}x`), ["hellohello", "InvalidChunkSize"]);
  assertEquals(read(`${HELLO}5\r\nhelloX`), [
    "hellohello",
    "InvalidChunkTerminator",
  ]);
  const limits = { maxChunkExtensionBytes: 2 };
  assertEquals(read(`${HELLO}1;abc`, limits), [
    "hello",
    "ChunkExtensionsTooLarge",
  ]);
});

test("Http11ReceiveChunks returns the fault although more input came", () => {
  const chunks = new Http11ReceiveChunks();
  assertEquals(chunks.resume(toBytes(`${HELLO}x`)).type, "Data");
  const step = chunks.resume(toBytes(END));
  assertEquals(step.type === "Err" && step.error.code, "InvalidChunkSize");
});

test("Http11ReceiveChunks goes on where all that it returned is taken away", () => {
  const chunks = new Http11ReceiveChunks();
  const seen: string[] = [];
  // One run, several runs, and the end behind the data of the same piece.
  for (const piece of [HELLO, HELLO.repeat(3), HELLO + HELLO + END + "rest"]) {
    let step = chunks.resume(toBytes(piece));
    while (step.type === "Data") {
      seen.push(toText(step.bytes));
      transfer(step.bytes);
      step = chunks.resume();
    }
    if (step.type !== "Ok") continue;
    assertEquals([...step.trailers], [["A", "1"]]);
    assertEquals(toText(step.remaining), "rest");
    transfer(step.remaining);
    assertStrictEquals(chunks.resume(), step);
    seen.push(step.type);
  }
  const [one, two] = ["hello", "hellohello"];
  assertEquals(seen, [one, one + two, two, "Ok"]);
});

test("Http11ReceiveChunks shares nothing between bodies", () => {
  const ends = [1, 2].map(() => new Http11ReceiveChunks().resume(toBytes(END)));
  const [first, second] = ends;
  assert(first?.type === "Ok" && second?.type === "Ok");
  assertNotStrictEquals(first.remaining, second.remaining);
  first.trailers.append("B", "2");
  assertEquals([...second.trailers], [["A", "1"]]);
});

test("Http11ReceiveChunks counts the trailers alone, not the line that ends them", () => {
  const limits = { maxTrailerBytes: 5 };
  // The lines are counted whichever way the section ends.
  for (const end of ["\r\n", "\n"]) {
    assertEquals(read(`0\r\nX: a\n${end}`, limits), ["Ok"]);
    assertEquals(read(`0\r\nX: ab\n${end}`, limits), ["TrailersTooLarge"]);
    assertEquals(read(`0\r\nX: a\r\n${end}`, limits), ["TrailersTooLarge"]);
    assertEquals(read(`0\r\n${end}`, { maxTrailerBytes: 0 }), ["Ok"]);
  }
  assertEquals(read("0\r\n\n\n", { maxTrailerBytes: 0 }), ["Ok"]);
});

test("Http11ReceiveChunks rejects trailers above the limit however they are cut", () => {
  const wire = toBytes("0\r\nX: ab\n\n");
  for (let at = 1; at < wire.length; at++) {
    const chunks = new Http11ReceiveChunks({ maxTrailerBytes: 5 });
    chunks.resume(wire.subarray(0, at));
    const step = chunks.resume(wire.subarray(at));
    assertEquals(step.type === "Err" && step.error.code, "TrailersTooLarge");
  }
});

const MANY_FIELDS = { maxHeaderFields: 10_000 };

const HARD: [what: string, wire: string][] = [
  ["one large chunk", `5000\r\n${"x".repeat(0x5000)}\r\n0\r\n\r\n`],
  ["chunks of one byte", `${"1\r\nx\r\n".repeat(3000)}0\r\n\r\n`],
  ["extensions", `${"1;a=b\r\nx\r\n".repeat(2000)}0\r\n\r\n`],
  ["one long extension", `1;${"x".repeat(16_000)}\r\nx\r\n0\r\n\r\n`],
  ["trailers", `0\r\n${"A: 1\r\n".repeat(3000)}\r\n`],
  ["one long trailer", `0\r\nA: ${"x".repeat(20_000)}\r\n\r\n`],
];

for (const [what, wire] of HARD) {
  test(`ChunkReader looks at each byte of ${what} a few times, byte by byte`, () => {
    const array = toBytes(wire);
    const { bytes: watched, looks } = countLooks(array);
    const reader = new ChunkReader(resolveReceiveOptions(MANY_FIELDS));
    const input = new Input();
    input.bytes = watched;
    while (input.end < array.length) {
      input.end++;
      reader.read(input);
    }
    assertEquals(input.start, array.length);
    assert(reader.trailers !== null);
    assertLessOrEqual(looks(), 12 * array.length);
  });

  test(`Http11ReceiveChunks copies ${what} a few times, in any pieces`, () => {
    const array = toBytes(wire);
    for (const size of [1, 7, 1000, array.length]) {
      const chunks = new Http11ReceiveChunks(MANY_FIELDS);
      let type = "";
      const { copied, allocated } = countWork(() => {
        for (let at = 0; at < array.length; at += size) {
          type = chunks.resume(array.subarray(at, at + size)).type;
          while (type === "Data") type = chunks.resume().type;
        }
      });
      assertEquals(type, "Ok");
      assertLessOrEqual(copied, 4 * array.length);
      assertLessOrEqual(allocated, 6 * array.length + 64);
    }
  });
}
