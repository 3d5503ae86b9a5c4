// Sockets of Node's that nobody reads, and those whose writes fail.

import { assertEquals, assertRejects } from "@std/assert";
import { NodeTransport } from "../../../client/transport/node.ts";
import { PooledReads } from "../../../client/transport/node_io.ts";
import type { NodeSocket } from "../../../client/transport/node_socket.ts";
import { readFrom, writeTo } from "../../../client/transport/transport.ts";
import { toBytes, toText } from "../../_text.ts";

const INFO = { remote: null, local: null, tls: null };

for (const length of [1, 20_000, 65536]) {
  Deno.test(`NodeTransport keeps few reads of ${length} bytes, and lets go of all of them`, async () => {
    const calls: string[] = [];
    const reads = new PooledReads();
    const socket = {
      on: () => socket,
      pause: () => void calls.push("pause"),
      resume: () => void calls.push("resume"),
    } as unknown as NodeSocket;
    const transport = new NodeTransport(socket, INFO, { reads });
    let kept = 0;
    let buffers = 0;
    for (let goesOn = true; goesOn; kept++) {
      const buffer = reads.onread.buffer();
      buffers += buffer.length;
      goesOn = reads.onread.callback(Math.min(length, buffer.length), buffer);
    }
    // Each of them holds a whole buffer.
    assertEquals(buffers < 300_000, true, `${buffers} bytes`);
    assertEquals(calls, ["pause"]);
    for (let left = kept; left > 0; left--) await readFrom(transport);
    assertEquals(calls, ["pause", "resume"]);
    assertEquals(transport.unreadBytes, 0);
  });
}

Deno.test("NodeTransport reads what came before a failed write, and closes at the end", async () => {
  const reads = new PooledReads();
  const listeners: Record<string, () => void> = {};
  let destroyed = 0;
  const prototype = {
    destroyed: false,
    on: (event: string, listener: () => void) => listeners[event] = listener,
    // Node destroys the socket right after it has called back.
    write(_bytes: unknown, onWritten: (error: Error) => void) {
      const error = new Error("write EPIPE");
      onWritten(error);
      socket.destroy(error);
    },
    destroy: () => void destroyed++,
  };
  const socket = Object.create(prototype) as NodeSocket;
  const transport = new NodeTransport(socket, INFO, { reads });
  const write = () => writeTo(transport, [toBytes("x")]);
  await assertRejects(write, Error, "EPIPE");
  reads.onread.callback(5, toBytes("early"));
  assertEquals(destroyed, 0);
  listeners.end!();
  assertEquals(destroyed, 1);
  assertEquals(toText((await readFrom(transport))!), "early");
  assertEquals(await readFrom(transport), null);
  await assertRejects(write, Error, "EPIPE");
  await assertRejects(() => transport.closeWrite(), Error, "EPIPE");
});
