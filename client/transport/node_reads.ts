// Reads of a plain socket on Node into buffers of the pool. An event for each
// read costs 1.8 µs more: a buffer of 64 KiB, and a pass through a stream.

import { ReadSize, takeBuffer } from "./buffers.ts";
import { isNode, type OnRead } from "./node_socket.ts";

/** Passes on what a socket reads. */
export class PooledReads {
  /** Takes bytes, and returns false to pause. */
  onBytes: (bytes: Uint8Array<ArrayBuffer>) => boolean = () => false;
  readonly onread: OnRead;
  readonly size = new ReadSize();

  constructor() {
    const { size } = this;
    this.onread = {
      buffer: () => takeBuffer(size.bytes),
      callback: (length, buffer) => {
        size.adapt(length);
        const { buffer: all } = buffer as Uint8Array<ArrayBuffer>;
        return this.onBytes(new Uint8Array(all, 0, length));
      },
    };
  }

  /** Creates one if the runtime gains from it: not Bun, and not Deno. */
  static create(): PooledReads | null {
    return isNode() ? new PooledReads() : null;
  }
}
