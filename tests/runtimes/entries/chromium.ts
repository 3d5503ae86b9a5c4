// Runs the suite in a page, which has no sockets: its streams are in memory, and
// a WebSocket carries their bytes to the server (`../_page.ts`).

import type { ByteStream } from "../../../client/mod.ts";
import { type Outcome, runSuite } from "../suite.ts";

const lack = "a page has no sockets";
const done = await runSuite({
  site: await (await fetch("/site")).json(),
  lacks: {
    ...{ sockets: lack, tls: lack, transport: lack, unix: lack },
    ...{ clientCertificate: lack, closeNotify: lack },
    backpressure: "a WebSocket takes all that is written",
  },
  links: {
    "byte streams in memory": (port) => open(port, "bytes"),
    "other streams in memory": (port) => open(port),
  },
  report: post,
}).then(() => null, String);
await post(done);

async function post(value: Outcome | string | null): Promise<void> {
  await fetch("/report", { method: "POST", body: JSON.stringify(value) });
}

async function open(port: number, type?: "bytes"): Promise<ByteStream> {
  const socket = new WebSocket(`ws://${location.host}/tunnel?port=${port}`);
  socket.binaryType = "arraybuffer";
  await new Promise((resolve, reject) => {
    socket.onopen = resolve;
    socket.onerror = () => reject(new Error("The tunnel does not open"));
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
  const start = (
    controller:
      | ReadableByteStreamController
      | ReadableStreamDefaultController<Uint8Array>,
  ) => {
    socket.onmessage = ({ data }) => controller.enqueue(new Uint8Array(data));
    socket.onclose = ({ code }) => {
      // `../_page.ts` reports a reset like this.
      if (code === 4000) return controller.error(new Error("A reset"));
      controller.close();
      if ("byobRequest" in controller) controller.byobRequest?.respond(0);
    };
  };
  const cancel = () => {
    socket.onmessage = socket.onclose = null;
    socket.close();
  };
  return type === "bytes"
    ? new ReadableStream({ type, start, cancel })
    : new ReadableStream({ start, cancel });
}
