// A connection with no room in it: each write waits until all of it was read,
// a few bytes at a time, in both directions. Whoever writes and does not read
// comes to a halt.

import type { ByteStream } from "@pimalaya/io-http/client";

/** Makes a connection; both ends are equal. */
export function narrowPipe(
  width: number,
): { client: ByteStream; server: ByteStream } {
  const up = channel(width);
  const down = channel(width);
  return {
    client: { readable: down.readable, writable: up.writable },
    server: { readable: up.readable, writable: down.writable },
  };
}

function channel(width: number): ByteStream {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>(
    {},
    { highWaterMark: 1 },
    { highWaterMark: 0 },
  );
  const writer = writable.getWriter();
  writer.closed.catch(() => {});
  return {
    readable,
    writable: new WritableStream({
      async write(bytes) {
        for (let at = 0; at < bytes.length; at += width) {
          await writer.write(bytes.slice(at, at + width));
        }
      },
      // Whoever reads may have closed both directions at once.
      close: () => writer.close().catch(() => {}),
      abort: (reason) => writer.abort(reason),
    }, { highWaterMark: 0 }),
  };
}
