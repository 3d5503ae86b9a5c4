// Byte streams that read only when they are asked to.

/** Where the bytes of a stream come from. */
interface ByteSource {
  pull(controller: ReadableByteStreamController): void | Promise<void>;
  cancel(reason: unknown): void | Promise<void>;
}

/**
 * Makes a byte stream. It works even if a program has added members such as `start` or
 * `size` to all objects, which a stream would take for its own.
 */
export function makeByteStream(
  { pull, cancel }: ByteSource,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const source = { __proto__: null, type: "bytes", pull, cancel } as const;
  const strategy = { __proto__: null, highWaterMark: 0 };
  return new ReadableStream(source, strategy);
}
