// A connection that a connector of ours returns. A client drives its transport
// directly; for everyone else it is a pair of streams, made on first use.
//
//              takeTransport
//   untouched ───────────────> driven by a client
//       │  └── startTls ─────> used up
//       └── readable, writable ──> streams

import type { HttpConnection, HttpTlsOptions } from "./http_connection.ts";
import { makeStreams, type SocketStreams } from "./socket_streams.ts";
import { registerTransport, type Transport } from "./transport.ts";

/** Options of `HttpConnection.startTls`. */
export type StartTlsOptions = HttpTlsOptions & {
  serverName: string;
  signal?: AbortSignal | undefined;
};

/** What a transport over a socket can do besides. */
export interface SocketTransport extends Transport {
  /** Sends the end of file and leaves the other direction open. */
  closeWrite(): Promise<void>;
  /** Starts TLS; the transport is used up, whatever the outcome. */
  startTls(options: StartTlsOptions): Promise<HttpConnection>;
}

type Use =
  | { readonly kind: "untouched" }
  | { readonly kind: "streams"; readonly streams: SocketStreams }
  | { readonly kind: "client" | "tls" };

/**
 * Turns a transport into a connection. Its members do not depend on `this`, so
 * they also work through a Proxy or an object that inherits from it.
 */
export function makeConnection(transport: SocketTransport): HttpConnection {
  let use: Use = { kind: "untouched" };

  function streams(): SocketStreams {
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
    // A client then locks the streams, which says if they are in use.
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
