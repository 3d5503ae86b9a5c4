// A connection of one of our connectors. A client drives its transport directly; for
// other code it is a pair of streams, made on first use.
//
//              takeTransport
//   untouched ───────────────> driven by a client
//       │  └── startTls ─────> used up
//       └── readable, writable ──> streams
//
// The directions of the streams end one by one: end of file leaves the writable
// half open, closing that half leaves the readable half open, and the second end
// closes the connection. A half that fails has ended as well.

import type {
  ByteStream,
  HttpConnection,
  HttpTlsOptions,
} from "./http_connection.ts";
import { registerTransport, type Transport } from "./transport.ts";

/** Options of `HttpConnection.startTls`. */
export type StartTlsOptions = HttpTlsOptions & {
  serverName: string;
  signal?: AbortSignal | undefined;
};

/** A transport over a socket, with more methods. */
export interface SocketTransport extends Transport {
  /** Sends the end of file and leaves the other direction open. */
  closeWrite(): Promise<void>;
  /** Starts TLS. The transport can no longer be used, even if that fails. */
  startTls(options: StartTlsOptions): Promise<HttpConnection>;
}

type Bytes = Uint8Array<ArrayBuffer>;

type Use =
  | { readonly kind: "untouched" }
  | { readonly kind: "streams"; readonly streams: ByteStream }
  | { readonly kind: "client" | "tls" };

/**
 * Turns a transport into a connection. Its members do not depend on `this`, so
 * they also work through a Proxy or an object that inherits from it.
 */
export function makeConnection(transport: SocketTransport): HttpConnection {
  let use: Use = { kind: "untouched" };

  function streams(): ByteStream {
    if (use.kind === "untouched") {
      use = { kind: "streams", streams: makeStreams(transport) };
    }
    if (use.kind !== "streams") throw inUse("read or write", use);
    return use.streams;
  }

  const connection: HttpConnection = {
    info: transport.info!,
    get readable() {
      return streams().readable;
    },
    get writable() {
      return streams().writable;
    },
    async startTls(options) {
      if (use.kind !== "untouched") throw inUse("start TLS", use);
      use = { kind: "tls" };
      return await transport.startTls(options);
    },
    ref: () => transport.ref(),
    unref: () => transport.unref(),
    abort: (reason) => transport.abort(reason),
  };
  registerTransport(connection, () => {
    // A client then locks the streams, which throws if they are in use.
    if (use.kind === "streams") return null;
    if (use.kind !== "untouched") throw inUse("take the connection", use);
    use = { kind: "client" };
    return transport;
  });
  return connection;
}

function inUse(action: string, { kind }: Use): TypeError {
  const reason = kind === "streams"
    ? "its streams are in use"
    : kind === "client"
    ? "a client drives it; call its `detach` first"
    : "it was used up by `startTls`, which returned another connection";
  return new TypeError(`Cannot ${action} over this connection: ${reason}`);
}

/** Makes the streams of a socket, which nobody else may read or write. */
function makeStreams(
  transport: SocketTransport,
): ByteStream {
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
        // A stream transfers its buffers, and its reader may see all of them.
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

/** Input that a client read before it gave up its connection. It comes first. */
export class ReadAhead {
  #reads: Promise<Bytes | null>[] = [];
  /** The number of bytes that were read and not used. */
  readonly unreadBytes: number;

  /**
   * Stores the input.
   *
   * @param unread The bytes that come first.
   * @param pending The pending read, if any.
   */
  constructor(unread: Bytes, pending: Promise<Bytes | null> | null) {
    this.unreadBytes = unread.length;
    // A copy, because the bytes may be in a buffer of the pool.
    if (unread.length > 0) this.#reads.push(Promise.resolve(unread.slice()));
    if (pending !== null) {
      // It may never be awaited.
      pending.catch(() => {});
      this.#reads.push(pending);
    }
  }

  /** Takes the next read, or returns `null` if there is none left. */
  take(): Promise<Bytes | null> | null {
    return this.#reads.shift() ?? null;
  }
}
