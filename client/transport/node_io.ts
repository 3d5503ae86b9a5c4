// The reads and writes of a socket of `node:net` or `node:tls`.

import { concat } from "@std/bytes/concat";
import { encodeByteString } from "../../rfc9110/byte_string.ts";
import { ReadSize, takeBuffer } from "./buffers.ts";
import type { NodeDuplex, NodeSocket, OnRead } from "./node_socket.ts";
import type { Under } from "./node_tls.ts";
import { lengthOf, type Outgoing, type Pending } from "./transport.ts";

// Up to this, copying pieces together costs less than writing them one by one.
const MAX_JOINED_BYTES = 65536 + 64;

// Less than Deno's TLS layer takes from a write at a time.
const MAX_PART_BYTES = 32768;

/**
 * Reads a plain socket on Node into buffers of the pool. Data events cost 1.8 µs more
 * per read, for a buffer of 64 KiB and a pass through a stream.
 */
export class PooledReads {
  /** Takes bytes, and returns false to pause. */
  onBytes: (bytes: Uint8Array<ArrayBuffer>) => boolean = () => false;
  readonly onread: OnRead;
  readonly size = new ReadSize();
  /** Whether the last read filled its buffer. */
  isFull = false;

  constructor() {
    const { size } = this;
    this.onread = {
      buffer: () => takeBuffer(size.bytes),
      callback: (length, buffer) => {
        size.adapt(length);
        this.isFull = length === buffer.length;
        const { buffer: all } = buffer as Uint8Array<ArrayBuffer>;
        return this.onBytes(new Uint8Array(all, 0, length));
      },
    };
  }
}

/** Writes to a socket, one write at a time. */
export class NodeWrites {
  readonly #socket: NodeSocket;
  readonly #carrier: NodeDuplex | null;
  readonly #isInParts: boolean;
  readonly #onError: (error: Error) => void;
  #pending: Pending<void> | null = null;
  /** The rest of the pending write, if that is in parts. */
  #rest: Uint8Array[] = [];

  /**
   * @param socket The socket.
   * @param under The layers under it, for TLS.
   * @param onError Called if a write fails, right before that destroys the socket.
   */
  constructor(
    socket: NodeSocket,
    under: Under | undefined,
    onError: (error: Error) => void,
  ) {
    this.#socket = socket;
    this.#onError = onError;
    this.#carrier = under?.carrier ?? null;
    this.#isInParts = under?.carrier !== undefined || under?.wire !== undefined;
  }

  /** Whether a write, or the end, is not done yet. */
  get isPending(): boolean {
    return this.#pending !== null;
  }

  /** Starts a write of at least one byte. None may be pending. */
  start(data: Outgoing, pending: Pending<void>): void {
    this.#pending = pending;
    if (typeof data === "string") {
      if (this.#carrier === null) {
        this.#socket.write(data, "latin1", this.#onWritten);
        return;
      }
      data = [encodeByteString(data)];
    }
    const pieces = data.length > 1 && lengthOf(data) <= MAX_JOINED_BYTES
      ? [concat(data as Uint8Array[])]
      : data;
    if (!this.#isInParts) return this.#send(pieces);
    this.#rest = pieces.filter(({ length }) => length > 0);
    this.#sendPart();
  }

  /** Ends this direction. No write may be pending. */
  end(pending: Pending<void>): void {
    this.#pending = pending;
    this.#socket.end(this.#onWritten);
  }

  /** Fails the pending write, and drops the rest of it. */
  fail(error: unknown): void {
    const pending = this.#pending;
    this.#pending = null;
    this.#rest = [];
    pending?.reject(error);
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

  // Deno's TLS layer copies all of a write first. Over a carrier, it also reports
  // everything as written, and keeps the part that does not fit into its own buffer.
  #sendPart(): void {
    const piece = this.#rest[0]!;
    if (piece.length > MAX_PART_BYTES) {
      this.#rest[0] = piece.subarray(MAX_PART_BYTES);
    } else this.#rest.shift();
    this.#socket.write(piece.subarray(0, MAX_PART_BYTES), this.#onWritten);
  }

  readonly #onWritten = (error?: Error | null): void => {
    if (this.#pending === null) return;
    if (error) this.#onError(error);
    else if (this.#carrier === null) this.#goOn();
    else this.#awaitCarrier(this.#carrier, this.#pending);
  };

  /** Waits until the encrypted bytes are written as well. */
  #awaitCarrier(carrier: NodeDuplex, pending: Pending<void>): void {
    // The TLS layer passes them on in a microtask.
    queueMicrotask(() => {
      const goOn = () => {
        if (this.#pending === pending) this.#goOn();
      };
      if (carrier.writableNeedDrain) carrier.once("drain", goOn);
      else goOn();
    });
  }

  #goOn(): void {
    if (this.#rest.length > 0) return this.#sendPart();
    const pending = this.#pending;
    this.#pending = null;
    pending?.resolve();
  }
}

/**
 * Keeps a socket that Node is about to destroy after a failed write: the bytes that the
 * peer sent before it stopped reading are still in the kernel.
 */
export function keepOpen(socket: Partial<NodeSocket>): void {
  socket.destroy = () => socket as NodeSocket;
  queueMicrotask(() => delete socket.destroy);
}
