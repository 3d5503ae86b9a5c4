// The bytes of a connection as a byte stream.

import { makeByteStream } from "./byte_stream.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** Where the bytes of a stream come from. */
export interface ReadableSource {
  /** Reads at least one byte, or `null` at end of file. */
  read(): Promise<Bytes | null>;
  /** Takes back bytes that a read returned. */
  recycle(bytes: Bytes): void;
  /** Learns that nobody reads any longer. */
  cancel(reason: unknown): void | Promise<void>;
}

/** Makes a stream, which reads when it is asked to. */
export function readableFrom(
  { read, recycle, cancel }: ReadableSource,
): ReadableStream<Bytes> {
  return makeByteStream({
    async pull(controller) {
      const bytes = await read();
      if (bytes !== null) {
        // A copy, because a stream transfers its buffers, and its reader may see
        // all of them. Not `slice`, which returns a view of a `Buffer`.
        controller.enqueue(new Uint8Array(bytes));
        recycle(bytes);
        return;
      }
      // It throws at an end inside an element of a reader's view.
      controller.close();
      controller.byobRequest?.respond(0);
    },
    cancel,
  });
}
