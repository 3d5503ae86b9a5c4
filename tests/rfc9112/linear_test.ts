// Wires whose bytes a naive reader would look at, or copy, again and again.

import { assertEquals, assertLessOrEqual } from "@std/assert";
import { Http11ReceiveChunks, Http11ReceiveHead } from "../../mod.ts";
import { Input } from "../../core/input.ts";
import { resolveReceiveOptions } from "../../rfc9112/limits.ts";
import { readChunkedBody } from "../../rfc9112/receive_chunks.ts";
import { HeadReader } from "../../rfc9112/receive_head.ts";
import { test } from "../_pure.ts";
import { toBytes } from "../_text.ts";
import { countLooks, countWork } from "../_work.ts";

const OPTIONS = { maxHeaderFields: 10_000 };
const OK = "HTTP/1.1 200 OK\r\n";

const HARD = {
  HeadReader: {
    "one long field": `${OK}A: ${"x".repeat(30_000)}\r\n\r\n`,
    "a long name": `${OK}${"x".repeat(30_000)}: 1\r\n\r\n`,
    "many fields": `${OK}${"A: 1\r\n".repeat(5_000)}\r\n`,
    "many folds": `${OK}A: 1\r\n${" x\r\n".repeat(7_000)}\r\n`,
    "blanks": `${OK}A:${" \t".repeat(15_000)}\r\n\r\n`,
    "a long reason": `HTTP/1.1 200 ${"x".repeat(30_000)}\r\n\r\n`,
    "many empty lines": `${"\r\n".repeat(15_000)}${OK}\r\n`,
  },
  readChunkedBody: {
    "one large chunk": `5000\r\n${"x".repeat(0x5000)}\r\n0\r\n\r\n`,
    "chunks of one byte": `${"1\r\nx\r\n".repeat(3000)}0\r\n\r\n`,
    "extensions": `${"1;a=b\r\nx\r\n".repeat(2000)}0\r\n\r\n`,
    "one long extension": `1;${"x".repeat(16_000)}\r\nx\r\n0\r\n\r\n`,
    "trailers": `0\r\n${"A: 1\r\n".repeat(3000)}\r\n`,
    "one long trailer": `0\r\nA: ${"x".repeat(20_000)}\r\n\r\n`,
  },
};
const MAKERS = {
  HeadReader: {
    read: () => {
      const head = new HeadReader(resolveReceiveOptions(OPTIONS));
      return (input: Input) => head.read(input);
    },
    coroutine: () => new Http11ReceiveHead(OPTIONS),
  },
  readChunkedBody: {
    read: () => readChunkedBody(resolveReceiveOptions(OPTIONS)),
    coroutine: () => new Http11ReceiveChunks(OPTIONS),
  },
};

for (const name of ["HeadReader", "readChunkedBody"] as const) {
  const { read: startReading, coroutine: makeCoroutine } = MAKERS[name];
  for (const [what, wire] of Object.entries(HARD[name])) {
    const array = toBytes(wire);

    test(`${name} looks at each byte of ${what} a few times, byte by byte`, () => {
      const { bytes, looks } = countLooks(array);
      const read = startReading();
      const input = new Input();
      input.bytes = bytes;
      while (input.end < array.length) {
        input.end++;
        read(input);
      }
      assertEquals(input.start, array.length);
      // Seven of them are for the prefix of a status line that is not whole.
      assertLessOrEqual(looks(), 12 * array.length);
    });

    test(`${name} copies ${what} a few times, in any pieces`, () => {
      for (const size of [1, 7, 1000, array.length]) {
        const pieces: Uint8Array[] = [];
        for (let at = 0; at < array.length; at += size) {
          pieces.push(array.subarray(at, at + size));
        }
        const coroutine = makeCoroutine();
        let type = "";
        const { copied, allocated } = countWork(() => {
          for (const piece of pieces) {
            type = coroutine.resume(piece).type;
            while (type === "Data") type = coroutine.resume().type;
          }
        });
        assertEquals(type, "Ok");
        assertLessOrEqual(copied, 4 * array.length);
        assertLessOrEqual(allocated, 6 * array.length + 64);
      }
    });
  }
}
