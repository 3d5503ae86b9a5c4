// Runs the suite in Node and in Bun: `node bundle.mjs SITE` prints the outcomes.

import { connect, type Socket } from "node:net";
import process from "node:process";
import { Duplex } from "node:stream";
import type { ByteStream } from "../../../client/mod.ts";
import { nodeConnector } from "../../../client/connect/node.ts";
import { runSuite } from "../suite.ts";

await runSuite({
  site: JSON.parse(process.argv[2]!),
  lacks: { closeNotify: "its TLS hides an end without close_notify" },
  links: {
    nodeConnector,
    "Duplex.toWeb": async (port) => Duplex.toWeb(await open(port)),
    "streams by events": async (port) => streamsOf(await open(port)),
  },
  report: (outcome) => console.log(JSON.stringify(outcome)),
});

async function open(port: number): Promise<Socket> {
  const socket = connect({ host: "127.0.0.1", port });
  await new Promise((resolve, reject) => {
    socket.once("connect", resolve);
    socket.once("error", reject);
  });
  return socket;
}

/**
 * Streams as programs make them by hand: reads return Node's own `Buffer`s, whose
 * `slice` returns views.
 */
function streamsOf(socket: Socket): ByteStream {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const received = writable.getWriter();
  received.closed.catch(() => socket.destroy());
  const end = () => received.close().catch(() => {});
  socket.on("data", (bytes: Uint8Array) => {
    socket.pause();
    received.write(bytes).then(() => socket.resume(), () => {});
  }).on("end", end).on("close", end);
  socket.on("error", (error) => received.abort(error).catch(() => {}));
  return {
    readable,
    writable: new WritableStream<Uint8Array>({
      write: (bytes) =>
        new Promise((resolve, reject) => {
          socket.write(bytes, (error) => error ? reject(error) : resolve());
        }),
      close: () => void socket.end(),
      abort: () => void socket.destroy(),
    }),
  };
}
