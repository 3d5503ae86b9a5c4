// Byte streams that read only when they are asked to.

type Bytes = Uint8Array<ArrayBuffer>;

interface PullSource {
  pull(controller: ReadableByteStreamController): void | Promise<void>;
  cancel(reason: unknown): void | Promise<void>;
}

/**
 * Makes a byte stream. It works even if a program has added members such as `start` or
 * `size` to all objects, which a stream would take for its own.
 */
export function makeByteStream(
  { pull, cancel }: PullSource,
): ReadableStream<Bytes> {
  const source = { __proto__: null, type: "bytes", pull, cancel } as const;
  const strategy = { __proto__: null, highWaterMark: 0 };
  return new ReadableStream(source, strategy);
}

/** The source of the bytes of a stream. */
export interface ReadSource {
  /** Reads at least one byte, or `null` at the end. */
  read(): Promise<Bytes | null>;
  /** Takes back the bytes of a read. Without it, they belong to the stream. */
  recycle?(bytes: Bytes): void;
  /** Learns that nobody reads any longer. */
  cancel(reason: unknown): void | Promise<void>;
}

/** Makes a byte stream of reads. */
export function readableFrom(
  { read, recycle, cancel }: ReadSource,
): ReadableStream<Bytes> {
  return makeByteStream({
    async pull(controller) {
      const bytes = await read();
      if (bytes === null) {
        // It throws at an end inside an element of a reader's view.
        controller.close();
        controller.byobRequest?.respond(0);
      } else if (recycle === undefined) {
        controller.enqueue(bytes);
      } else {
        // A copy, because a stream transfers its buffers, and its reader may see
        // all of them. Not `slice`, which returns a view of a `Buffer`.
        controller.enqueue(new Uint8Array(bytes));
        recycle(bytes);
      }
    },
    cancel,
  });
}
