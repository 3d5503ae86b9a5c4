// The reads and writes of a socket of `node:net` or `node:tls`.

import { concat } from "@std/bytes/concat";
import { encodeByteString } from "../../rfc9110/byte_string.ts";
import { ReadSize, takeBuffer } from "./buffers.ts";
import {
  isNode,
  type NodeDuplex,
  type NodeSocket,
  type OnRead,
} from "./node_socket.ts";
import { lengthOf, type Outgoing, type Pending } from "./transport.ts";

// Up to this, copying pieces together costs less than writing them one by one.
const MAX_JOINED_BYTES = 65536 + 64;

// Half of the buffer of Deno's TLS layer.
const MAX_CARRIED_BYTES = 32768;

/**
 * Reads a plain socket on Node into buffers of the pool. Data events cost 1.8 µs more
 * per read, for a buffer of 64 KiB and a pass through a stream.
 */
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

  /** Creates one if the runtime gains from it, which Bun and Deno do not. */
  static create(): PooledReads | null {
    return isNode() ? new PooledReads() : null;
  }
}

/** Writes to a socket, one write at a time. */
export class NodeWrites {
  readonly #socket: NodeSocket;
  readonly #carrier: NodeDuplex | null;
  #pending: Pending<void> | null = null;
  #failure: { readonly error: unknown } | null = null;

  /**
   * @param socket The socket.
   * @param carrier Our duplex stream that it runs over, for TLS.
   */
  constructor(socket: NodeSocket, carrier: NodeDuplex | null) {
    this.#socket = socket;
    this.#carrier = carrier;
  }

  /** Whether a write or the end is pending. */
  get isPending(): boolean {
    return this.#pending !== null;
  }

  /** Starts a write of at least one byte. None may be pending. */
  start(data: Outgoing, pending: Pending<void>): void {
    if (typeof data === "string" && this.#carrier === null) {
      this.#pending = pending;
      this.#socket.write(data, "latin1", this.#onWritten);
      return;
    }
    const pieces = typeof data === "string" ? [encodeByteString(data)] : data;
    const length = lengthOf(pieces);
    const joined = pieces.length > 1 && length <= MAX_JOINED_BYTES
      ? [concat(pieces as Uint8Array[])]
      : pieces;
    if (this.#carrier === null || length <= MAX_CARRIED_BYTES) {
      this.#pending = pending;
      this.#send(joined);
    } else {
      this.#sendCarried(joined).then(
        () => pending.resolve(),
        (error) => pending.reject(error),
      );
    }
  }

  /** Ends this direction. */
  end(pending: Pending<void>): void {
    this.#pending = pending;
    this.#socket.end(() => this.#onWritten());
  }

  /** Fails the pending write, including the parts not yet written. */
  fail(error: unknown): void {
    this.#failure ??= { error };
    this.#pending?.reject(error);
    this.#pending = null;
  }

  // The TLS layer reports everything as written, and keeps the part that does not
  // fit into its own buffer.
  async #sendCarried(pieces: readonly Uint8Array[]): Promise<void> {
    for (const piece of pieces) {
      for (let at = 0; at < piece.length; at += MAX_CARRIED_BYTES) {
        const part = piece.subarray(at, at + MAX_CARRIED_BYTES);
        if (this.#failure !== null) throw this.#failure.error;
        await new Promise<void>((resolve, reject) => {
          this.#pending = { resolve, reject };
          this.#send([part]);
        });
      }
    }
  }

  #send(pieces: readonly Uint8Array[]): void {
    if (pieces.length === 1) {
      this.#socket.write(pieces[0]!, this.#onWritten);
      return;
    }
    this.#socket.cork();
    pieces.forEach((piece, i) => {
      const isLast = i === pieces.length - 1;
      this.#socket.write(piece, isLast ? this.#onWritten : undefined);
    });
    this.#socket.uncork();
  }

  readonly #onWritten = (error?: Error | null): void => {
    const pending = this.#pending;
    if (pending === null) return;
    if (error) {
      this.#pending = null;
      pending.reject(error);
    } else if (this.#carrier === null) {
      this.#pending = null;
      pending.resolve();
    } else {
      this.#awaitCarrier(this.#carrier, pending);
    }
  };

  /** Waits until the encrypted bytes are written as well. */
  #awaitCarrier(carrier: NodeDuplex, pending: Pending<void>): void {
    // The TLS layer passes them on in a microtask.
    queueMicrotask(() => {
      const resolve = () => {
        if (this.#pending !== pending) return;
        this.#pending = null;
        pending.resolve();
      };
      if (carrier.writableNeedDrain) carrier.once("drain", resolve);
      else resolve();
    });
  }
}
