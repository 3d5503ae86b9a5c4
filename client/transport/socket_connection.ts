// A connection of one of our connectors. A client drives its transport directly; for
// other code it is a pair of streams, made on first use.
//
//            takeTransport
//   unused ───────────────> driven by a client
//    │  └──── startTls ───> used up
//    └── read or written ─> streams
//
// A wrapper such as `{ ...connection }` asks for the streams and may still start
// TLS: streams that nobody has locked or used do not count.
//
// The directions of the streams end one by one: end of file leaves the writable
// half open, closing that half leaves the readable half open, and the second end
// closes the connection. A half that fails has ended as well. A chunk that is not
// bytes ends both, because the peer would wait for what was meant.

import { isBytes } from "../../core/bytes.ts";
import type {
  ByteStream,
  HttpConnection,
  HttpConnectionInfo,
  HttpTlsOptions,
} from "./http_connection.ts";
import { readableFrom } from "./byte_stream.ts";
import {
  readFrom,
  registerTransport,
  type Transport,
  writeTo,
} from "./transport.ts";

/** Options of `HttpConnection.startTls`. */
export type StartTlsOptions = HttpTlsOptions & {
  serverName: string;
  signal?: AbortSignal | undefined;
};

/** A transport over a socket, with more methods. */
export interface SocketTransport extends Transport {
  readonly info: HttpConnectionInfo;
  /** The number of bytes that were read and not taken. */
  readonly unreadBytes: number;
  /**
   * Sends the end of file and leaves the other direction open. No write may be
   * pending.
   */
  closeWrite(): Promise<void>;
  /**
   * Starts TLS. The transport can no longer be used, even if that fails.
   *
   * @param options The options of `HttpConnection.startTls`.
   * @param outer The transport to use instead, which uses this one.
   */
  startTls(
    options: StartTlsOptions,
    outer?: SocketTransport,
  ): Promise<HttpConnection>;
}

type Use = "unused" | "streams" | "client" | "tls";

/**
 * Turns a transport into a connection. Its members do not depend on `this`, so
 * they also work through a Proxy or an object that inherits from it.
 */
export function makeConnection(transport: SocketTransport): HttpConnection {
  let use: Use = "unused";
  let streams: ByteStream | null = null;

  // A rejection without a reason would say nothing.
  function abort(
    reason: unknown = new DOMException(
      "The connection was aborted",
      "AbortError",
    ),
  ): void {
    transport.abort(reason);
  }

  /** Takes the connection away from its streams, which must not be in use. */
  function claim(next: "client" | "tls", action: string): void {
    const { readable, writable } = streams ?? {};
    const isLocked = readable?.locked || writable?.locked;
    if (use !== "unused" || isLocked) {
      throw inUse(action, use === "unused" ? "streams" : use);
    }
    use = next;
  }

  function checkStreams(): void {
    if (use === "client" || use === "tls") throw inUse("read or write", use);
  }

  function openStreams(): ByteStream {
    checkStreams();
    return streams ??= makeStreams({
      use() {
        checkStreams();
        use = "streams";
        return transport;
      },
      abort(reason) {
        if (use === "unused" || use === "streams") abort(reason);
      },
    });
  }

  const connection: HttpConnection = {
    info: transport.info,
    get readable() {
      return openStreams().readable;
    },
    get writable() {
      return openStreams().writable;
    },
    async startTls(options) {
      claim("tls", "start TLS");
      return await transport.startTls(options);
    },
    ref: () => transport.ref(),
    unref: () => transport.unref(),
    abort,
  };
  registerTransport(connection, () => {
    // A client then locks the streams, which throws if they are in use.
    if (use === "streams" || (use === "unused" && streams !== null)) {
      return null;
    }
    claim("client", "take the connection");
    return transport;
  });
  return connection;
}

function inUse(action: string, use: Exclude<Use, "unused">): TypeError {
  const reason = use === "streams"
    ? "its streams are in use"
    : use === "client"
    ? "a client drives it; call its `detach` first"
    : "it was used up by `startTls`, which returned another connection";
  return new TypeError(`Cannot ${action} over this connection: ${reason}`);
}

/** The streams' use of the transport, until it is taken from them. */
interface StreamedTransport {
  /**
   * Returns the transport, which is the streams' from now on.
   *
   * @throws {TypeError} If it was taken away.
   */
  use(): SocketTransport;
  /** Ends the connection at once, unless it was taken away. */
  abort(reason: unknown): void;
}

/** Makes the streams of a socket, which nobody else may read or write. */
function makeStreams({ use, abort }: StreamedTransport): ByteStream {
  let openHalves = 2;

  function endHalf(): void {
    openHalves--;
    if (openHalves === 0) use().close();
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

  const readable = readableFrom({
    async read() {
      const bytes = await orEndHalf(readFrom(use()));
      if (bytes === null) endHalf();
      return bytes;
    },
    recycle: (bytes) => use().recycle(bytes),
    cancel: abort,
  });

  const writable = new WritableStream<Uint8Array>({
    // Not `abort`, which is only called after a write that may be blocked.
    start({ signal }) {
      signal.addEventListener("abort", () => abort(signal.reason));
    },
    write: (bytes) => orEndHalf(writeBytes(use(), bytes)),
    async close() {
      await orEndHalf(use().closeWrite());
      endHalf();
    },
  });

  return { readable, writable };
}

async function writeBytes(
  transport: SocketTransport,
  bytes: unknown,
): Promise<void> {
  if (!isBytes(bytes)) {
    const error = new TypeError("Cannot write: a chunk is not a Uint8Array");
    transport.abort(error);
    throw error;
  }
  await writeTo(transport, [bytes]);
}
