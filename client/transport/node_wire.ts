// A socket of `node:net` under TLS on Deno.
//
// On Deno, a socket of `node:tls` reads on while it is paused, and ends in the same way
// after a close_notify, a mere end of file, and a reset. The handle of the socket under
// it stops, and shows how the bytes end. Nothing documents the handle. If it is not as
// expected, TLS runs over a stream of ours (see `node_duplex.ts`), and costs twice as
// much.

import type { NodeSocket, NodeTlsSocket } from "./node_socket.ts";

/** The handle of a socket. */
interface Handle {
  /** Takes bytes, or nothing at the end. The runtime knows the kind of end. */
  onread: (this: Handle, bytes?: ArrayBuffer) => void;
  /** Starts to read, and to call `onread` as it is now. */
  readStart(): void;
  readStop(): void;
}

// Deno reads into as large a buffer. It decrypts all of a read before it delivers any.
const READ_BYTES = 65536;

/** Whether TLS takes its bytes from the handle, as far as is known. */
let isVisible = true;

/** A socket that TLS is about to run over. */
export class Wire {
  /** Called at an end of file that no close_notify came before. */
  onCut: () => void = () => {};
  /** Whether the last read filled its buffer. */
  isLastFull = false;
  readonly #socket: NodeSocket;
  readonly #handle: Handle;
  readonly #onread: Handle["onread"];

  private constructor(socket: NodeSocket, handle: Handle) {
    this.#socket = socket;
    this.#handle = handle;
    this.#onread = handle.onread;
  }

  /** Takes a connected socket; `null` if it would not show its end. */
  static of(socket: NodeSocket): Wire | null {
    const { _handle: handle } = socket as { _handle?: Partial<Handle> | null };
    const isKnown = typeof handle?.onread === "function" &&
      typeof handle.readStart === "function" &&
      typeof handle.readStop === "function";
    return isVisible && isKnown ? new Wire(socket, handle as Handle) : null;
  }

  /** Watches the bytes for a TLS socket that was just put over this one. */
  watch(secure: NodeTlsSocket): void {
    const handle = this.#handle;
    const { onread } = handle;
    if (onread === this.#onread) {
      // This connection has to do without, as all do on Node.
      isVisible = false;
      return;
    }
    handle.onread = (bytes) => {
      this.isLastFull = (bytes?.byteLength ?? 0) >= READ_BYTES;
      // By now, a close_notify would have ended the decrypted bytes.
      if (bytes === undefined && secure._readableState?.ended === false) {
        // This destroys one of the sockets, unless it is an end of file.
        this.#onread.call(handle);
        if (!secure.destroyed && !this.#socket.destroyed) this.onCut();
      }
      onread.call(handle, bytes);
    };
    this.pause();
    this.resume();
  }

  /** Stops reading. The socket's own `pause` relies on a flag that TLS changes. */
  pause(): void {
    if (!this.#socket.destroyed) this.#handle.readStop();
  }

  /** Reads on. */
  resume(): void {
    if (!this.#socket.destroyed) this.#handle.readStart();
  }
}
