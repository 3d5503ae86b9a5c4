// Streams over a socket of Node's, by hand, as programs have them: what is read
// are Node's own `Buffer`s, of which `slice` gives views.

import type { Socket } from "node:net";
import type { ByteStream } from "../../../client/mod.ts";

/** Makes streams of a socket that is connected. */
export function streamsOf(socket: Socket): ByteStream {
  return { readable: readableOf(socket), writable: writableOf(socket) };
}

function readableOf(socket: Socket): ReadableStream<Uint8Array> {
  let isOver = false;
  return new ReadableStream<Uint8Array>({
    start(controller) {
      const finish = (settle: () => void) => {
        if (!isOver) settle();
        isOver = true;
      };
      socket.on("data", (bytes: Uint8Array) => {
        if (isOver) return;
        controller.enqueue(bytes);
        socket.pause();
      });
      socket.on("end", () => finish(() => controller.close()));
      socket.on("close", () => finish(() => controller.close()));
      socket.on("error", (error) => finish(() => controller.error(error)));
    },
    pull() {
      socket.resume();
    },
    cancel() {
      isOver = true;
      socket.destroy();
    },
  });
}

function writableOf(socket: Socket): WritableStream<Uint8Array> {
  return new WritableStream<Uint8Array>({
    write: (bytes) =>
      new Promise((resolve, reject) => {
        socket.write(bytes, (error) => error ? reject(error) : resolve());
      }),
    close() {
      socket.end();
    },
    abort() {
      socket.destroy();
    },
  });
}
