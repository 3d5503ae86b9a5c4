// Handles of sockets that are not as expected.

import { assertEquals } from "@std/assert";
import type {
  NodeSocket,
  NodeTlsSocket,
} from "../../../client/transport/node_socket.ts";
import { Wire } from "../../../client/transport/node_wire.ts";

const SECURE = { destroyed: false, _readableState: { ended: false } };

/** A socket with a handle, and a spy on what is called. */
function socketOf(handle: object | null): NodeSocket {
  return { destroyed: false, _handle: handle } as unknown as NodeSocket;
}

Deno.test("Wire takes only a socket whose handle it knows", () => {
  const readStart = () => {};
  const readStop = () => {};
  const onread = () => {};
  const known = { onread, readStart, readStop };
  assertEquals(Wire.of(socketOf(known)) !== null, true);
  for (
    const handle of [
      null,
      { ...known, onread: undefined },
      { ...known, readStart: 1 },
      { ...known, readStop: null },
    ]
  ) assertEquals(Wire.of(socketOf(handle)), null);
});

Deno.test("Wire takes no more sockets once TLS gets its bytes in another way", () => {
  const calls: string[] = [];
  const handle = {
    onread: () => {},
    readStart: () => calls.push("start"),
    readStop: () => calls.push("stop"),
  };
  const wire = Wire.of(socketOf(handle))!;
  const { onread } = handle;
  wire.watch(SECURE as unknown as NodeTlsSocket);
  assertEquals(handle.onread, onread);
  wire.pause();
  wire.resume();
  assertEquals(calls, ["stop", "start"]);
  assertEquals(Wire.of(socketOf(handle)), null);
});
