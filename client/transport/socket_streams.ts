// The streams of a socket, whose directions end one by one: end of file leaves
// the writable half open, closing that half leaves the readable half open, and
// the second end closes the connection. A half that fails has ended as well.

import type { ByteStream } from "./http_connection.ts";
import type { Transport } from "./transport.ts";

/** The streams of a socket. */
export type SocketStreams = ByteStream;

/** Makes the streams of a socket, which nobody else may read or write. */
export function makeStreams(
  transport: Transport & { closeWrite(): Promise<void> },
): SocketStreams {
  let openHalves = 2;

  function endHalf(): void {
    openHalves--;
    if (openHalves === 0) transport.close();
  }

  /** Awaits a step of one half, which ends that half if it fails. */
  async function orEndHalf<T>(step: Promise<T>): Promise<T> {
    try {
      return await step;
    } catch (error) {
      endHalf();
      throw error;
    }
  }

  const readable = new ReadableStream({
    type: "bytes",
    async pull(controller) {
      const bytes = await orEndHalf(transport.read());
      if (bytes !== null) {
        // A stream transfers what it is given, and its reader may see all of it.
        controller.enqueue(bytes.slice());
        transport.recycle(bytes);
        return;
      }
      endHalf();
      // Last, since it throws at an end inside an element of a reader's view.
      controller.close();
      controller.byobRequest?.respond(0);
    },
    cancel: (reason) => transport.abort(reason),
  }, { highWaterMark: 0 });

  const writable = new WritableStream<Uint8Array>({
    // Not `abort`, which is only called after a write that may be blocked.
    start({ signal }) {
      signal.addEventListener("abort", () => transport.abort(signal.reason));
    },
    write: (bytes) => orEndHalf(transport.write([bytes])),
    async close() {
      await orEndHalf(transport.closeWrite());
      endHalf();
    },
  });

  return { readable, writable };
}
