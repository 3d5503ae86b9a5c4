// A transport as a `stream.Duplex` of Node's, so that `node:tls` runs over it.
//
// On Deno, sockets of `node:tls` read on while they are paused, and end alike
// after a close_notify, a mere end of file, and a reset. Over a duplex stream of
// ours we can pause what they read from, and see how it ends.

import { loadNode, type NodeDuplex } from "./node_socket.ts";
import type { SocketTransport } from "./socket_connection.ts";

/** Turns a transport, which nobody else may use, into a duplex stream. */
export function makeDuplex(
  transport: Omit<SocketTransport, "startTls">,
): NodeDuplex {
  const { Duplex } = loadNode("node:stream");
  const duplex = new Duplex({
    // So that `writableNeedDrain` is true until all is written.
    writableHighWaterMark: 1,
    read() {
      transport.read().then(
        (bytes) => {
          // A copy, since the stream keeps it for as long as it likes.
          this.push(bytes === null ? null : bytes.slice());
          if (bytes !== null) transport.recycle(bytes);
        },
        (error) => this.destroy(error),
      );
    },
    write(bytes, _encoding, callback) {
      transport.write([bytes]).then(() => callback(), callback);
    },
    final(callback) {
      transport.closeWrite().then(() => callback(), callback);
    },
    destroy(error, callback) {
      transport.abort(error);
      callback(error);
    },
  });
  // Whoever uses it may stop listening before it fails.
  duplex.on("error", () => {});
  return Object.assign(duplex, {
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
