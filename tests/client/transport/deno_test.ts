import { assertEquals } from "@std/assert";
import { takeBuffer } from "../../../client/transport/buffers.ts";
import {
  type DenoConn,
  DenoTransport,
} from "../../../client/transport/deno.ts";

/** A connection whose reads return these lengths, and then end of file. */
function connOf(...lengths: number[]): DenoConn {
  const address = { hostname: "127.0.0.1", port: 1 };
  return {
    localAddr: address,
    remoteAddr: address,
    read: () => Promise.resolve(lengths.shift() ?? null),
    write: ({ length }) => Promise.resolve(length),
    closeWrite: () => Promise.resolve(),
    close() {},
    ref() {},
    unref() {},
  };
}

Deno.test("DenoTransport keeps no buffer of its caller's", async () => {
  for (const size of [4096, 65536, 262144]) {
    const transport = new DenoTransport(connOf(1));
    const into = new Uint8Array(size);
    assertEquals((await transport.read(into))?.buffer, into.buffer);
    assertEquals(await transport.read(into), null);
    // More than the pool holds of any size.
    const pooled = Array.from({ length: 100 }, () => takeBuffer(size).buffer);
    assertEquals(pooled.includes(into.buffer), false);
  }
});

Deno.test("DenoTransport lends a buffer to one reader at a time", async () => {
  const transport = new DenoTransport(connOf(1, 1, 1));
  const first = (await transport.read())!;
  const second = (await transport.read())!;
  assertEquals(first.buffer === second.buffer, false);
  transport.recycle(second);
  const third = (await transport.read())!;
  assertEquals(third.buffer === second.buffer, true);
  assertEquals(await transport.read(), null);
});
