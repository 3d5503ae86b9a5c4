// How a connection over TLS ended. Anyone on the way can end a TCP connection,
// but only the peer can say by close_notify that it has sent everything.
//
// Sockets of `node:tls` show an end without close_notify like any other, and in
// Deno even a reset. So we look at the moment at which the end of the encrypted
// bytes reaches the TLS layer: has the end of the decrypted ones come before?
// Node and Bun do not let us see that moment for a TCP socket.

import type { NodeSocket, NodeTlsSocket } from "./node_socket.ts";
import { MissingCloseNotifyError } from "./transport.ts";

/** Returns why a socket ended, or `null` for an orderly end. */
export type WhyEnded = () => Error | null;

/** The internals of a socket of Deno's that we look at, if they are there. */
interface DenoSocket extends NodeSocket {
  readonly _readableState?: { readonly ended?: boolean };
  readonly _handle?: {
    /** Tells the TLS layer that the connection was ended or reset. */
    emitEof?(): unknown;
    /** Returns a negative number if the socket is not connected. */
    getpeername?(into: object): number;
  } | null;
}

/**
 * Watches how a socket ends.
 *
 * @param socket The socket of `node:tls`.
 * @param under The socket that carries its encrypted bytes.
 */
export function watchEnd(
  socket: NodeTlsSocket & DenoSocket,
  under: DenoSocket,
): WhyEnded {
  let why: Error | null = null;

  function noteEnd(): void {
    if (socket._readableState?.ended !== false || why !== null) return;
    // A socket that was reset has no peer anymore.
    const isReset = (under._handle?.getpeername?.({}) ?? 0) < 0;
    why = isReset
      ? Object.assign(new Error("The peer reset the connection"), {
        code: "ECONNRESET",
      })
      : new MissingCloseNotifyError();
  }

  // A duplex stream: its listener was added before the one of the TLS layer only
  // if the runtime adds that later, so it goes to the front.
  const { prependListener } = under as NodeSocket & {
    prependListener?(event: "end", listener: () => void): unknown;
  };
  prependListener?.call(under, "end", noteEnd);

  const handle = socket._handle;
  const emitEof = handle?.emitEof;
  if (handle && typeof emitEof === "function") {
    handle.emitEof = function () {
      noteEnd();
      return emitEof.call(handle);
    };
  }
  return () => why;
}
