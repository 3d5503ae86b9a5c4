// What a client needs of a connection, whatever it is underneath.

import { copyBytes } from "./_copy.ts";
import type { ByteStream } from "./stream.ts";

/** A connection. One read and one write may be under way at a time. */
export interface Transport {
  /**
   * Whether what is read stands in storage that nobody else holds, so that it
   * may be handed on without a copy.
   */
  readonly ownsBuffers: boolean;
  /**
   * Whether it is a socket, where nothing answers before it was asked. What is
   * read from a pipe in memory may have been put there before.
   */
  readonly isSocket: boolean;
  /**
   * Reads what is there: never an empty array, and `null` at end of file.
   *
   * @param into Where to read to, which not every transport can.
   */
  read(into?: Uint8Array<ArrayBuffer>): Promise<Uint8Array | null>;
  /** Takes back what was read, once nothing refers to it any more. */
  recycle(bytes: Uint8Array): void;
  /** Writes all of the pieces, in as few writes as is sensible. */
  write(pieces: readonly Uint8Array[]): Promise<void>;
  /** Closes an idle connection in good order. */
  close(): Promise<void>;
  /** Closes a connection at once: what is under way ends. */
  abort(reason: unknown): void;
  /** Gives the connection up as a pair of streams, `unread` first. */
  detach(unread: Uint8Array): ByteStream;
}

/**
 * Gives a stream what was read: as it is where it fills its buffer well, and
 * else as a copy, so that who keeps small pieces does not keep large buffers.
 */
export function lend(
  controller: ReadableByteStreamController,
  bytes: Uint8Array,
  transport: Pick<Transport, "recycle">,
): void {
  if (bytes.length * 2 >= bytes.buffer.byteLength) {
    controller.enqueue(bytes as Uint8Array<ArrayBuffer>);
    return;
  }
  controller.enqueue(copyBytes(bytes));
  transport.recycle(bytes);
}

/** A readable stream that gives `first`, and then what another one gives. */
export function prepend(
  first: Uint8Array,
  rest: ReadableStream<Uint8Array>,
): ReadableStream<Uint8Array> {
  if (first.length === 0) return rest;
  const reader = rest.getReader();
  let unread: Uint8Array | null = first.slice();
  return new ReadableStream({
    type: "bytes",
    async pull(controller) {
      if (unread !== null) {
        controller.enqueue(unread as Uint8Array<ArrayBuffer>);
        unread = null;
        return;
      }
      while (true) {
        const { value, done } = await reader.read();
        if (done) break;
        // An empty piece, legal in other streams, is not in this one.
        if (value.length === 0) continue;
        // A copy: the array may be its producer's, and this stream takes it.
        controller.enqueue(copyBytes(value));
        return;
      }
      controller.close();
      controller.byobRequest?.respond(0);
    },
    cancel: (reason) => reader.cancel(reason),
  }, { highWaterMark: 0 });
}
