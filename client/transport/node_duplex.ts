// A transport as a `stream.Duplex`, so that `node:tls` can run over it.
//
// On Deno, sockets of `node:tls` keep reading while they are paused, and end in the
// same way after a close_notify, a mere end of file, and a reset. With our own duplex
// stream under them, we can pause their input, and see how it ends.

import { loadNode, type NodeDuplex } from "./node_socket.ts";
import type { SocketTransport } from "./socket_connection.ts";
import { readFrom, writeTo } from "./transport.ts";

/** Turns a transport that is not in use into a duplex stream. */
export function makeDuplex(transport: SocketTransport): NodeDuplex {
  const { Duplex } = loadNode("node:stream");
  const duplex = new Duplex({
    // So that `writableNeedDrain` is true until everything is written.
    writableHighWaterMark: 1,
    read() {
      readFrom(transport).then(
        (bytes) => {
          // A copy, because the stream may keep it for any time.
          this.push(bytes === null ? null : bytes.slice());
          if (bytes !== null) transport.recycle(bytes);
        },
        (error) => this.destroy(error),
      );
    },
    write(bytes, _encoding, callback) {
      writeTo(transport, [bytes]).then(() => callback(), callback);
    },
    final(callback) {
      transport.closeWrite().then(() => callback(), callback);
    },
    destroy(error, callback) {
      transport.abort(error);
      callback(error);
    },
  });
  // Its user may stop listening before it fails.
  duplex.on("error", () => {});
  return Object.assign(duplex, {
    mayHaveMore: () => transport.mayHaveMore ?? false,
    ref() {
      transport.ref();
      return duplex;
    },
    unref() {
      transport.unref();
      return duplex;
    },
  });
}
