// Runs the suite in a page, which has no sockets: its streams are in memory, and
// a WebSocket carries what goes in and out to the server (`../_tunnel.ts`).

import type { ByteStream } from "../../../client/mod.ts";
import { runSuite } from "../suite.ts";

const { host, searchParams } = new URL(location.href);

const outcome = await runSuite({
  "byte streams in memory": (port) => open(port, "bytes"),
  "other streams in memory": (port) => open(port),
}, Number(searchParams.get("port"))).catch(String);
await fetch("/report", { method: "POST", body: JSON.stringify(outcome) });

async function open(port: number, type?: "bytes"): Promise<ByteStream> {
  const socket = new WebSocket(`ws://${host}/tunnel?port=${port}`);
  socket.binaryType = "arraybuffer";
  await new Promise((resolve, reject) => {
    socket.onopen = resolve;
    socket.onerror = () => reject(new Error("There is no tunnel"));
  });
  return {
    readable: readableOf(socket, type),
    writable: new WritableStream<Uint8Array>({
      write: (bytes) => socket.send(bytes as Uint8Array<ArrayBuffer>),
      close: () => socket.close(),
      abort: () => socket.close(),
    }),
  };
}

function readableOf(
  socket: WebSocket,
  type: "bytes" | undefined,
): ReadableStream<Uint8Array> {
  let isOver = false;
  const start = (
    controller:
      | ReadableByteStreamController
      | ReadableStreamDefaultController<Uint8Array>,
  ) => {
    socket.onmessage = ({ data }) => {
      if (!isOver) controller.enqueue(new Uint8Array(data as ArrayBuffer));
    };
    socket.onclose = () => {
      if (isOver) return;
      isOver = true;
      controller.close();
      if ("byobRequest" in controller) controller.byobRequest?.respond(0);
    };
  };
  const cancel = () => {
    isOver = true;
    socket.close();
  };
  return type === "bytes"
    ? new ReadableStream({ type, start, cancel })
    : new ReadableStream({ start, cancel });
}
