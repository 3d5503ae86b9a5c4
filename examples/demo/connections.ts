// The connections of the demo: one to each origin, used for as long as possible,
// with a copy of the bytes sent.

import { type ByteStream, HttpClient } from "@pimalaya/io-http/client";

/** A connection with its number. */
export interface Connection {
  /** Counted from 1. */
  readonly number: number;
  /** The client over it. */
  readonly client: HttpClient;
  /** Returns the bytes sent since the last call. */
  takeSent(): string;
}

/** Opens connections, and keeps them while they can be used. */
export class Connections implements AsyncDisposable {
  /** The number of connections opened. */
  count = 0;
  readonly #caCerts: string[];
  readonly #byOrigin = new Map<string, Connection>();

  constructor(caCerts: string[]) {
    this.#caCerts = caCerts;
  }

  /** Returns a connection to the origin of a URL. */
  async get({ origin, protocol, hostname, port }: URL): Promise<Connection> {
    const kept = this.#byOrigin.get(origin);
    if (kept?.client.reusable) return kept;
    const conn = protocol === "https:"
      ? await Deno.connectTls({
        hostname,
        port: Number(port || 443),
        caCerts: this.#caCerts,
      })
      : await Deno.connect({ hostname, port: Number(port || 80) });
    const decoder = new TextDecoder();
    let sent = "";
    const tapped = tap(conn, (bytes) => {
      sent += decoder.decode(bytes, { stream: true });
    });
    const connection: Connection = {
      number: ++this.count,
      client: new HttpClient(tapped),
      takeSent() {
        const taken = sent;
        sent = "";
        return taken;
      },
    };
    this.#byOrigin.set(origin, connection);
    return connection;
  }

  /** Closes the open connections. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const { client } of this.#byOrigin.values()) await client.close();
  }
}

/** The same stream, with a callback for the bytes written. */
function tap(
  { readable, writable }: ByteStream,
  onWrite: (bytes: Uint8Array) => void,
): ByteStream {
  const writer = writable.getWriter();
  return {
    readable,
    writable: new WritableStream({
      async write(bytes) {
        onWrite(bytes);
        await writer.write(bytes);
      },
      close: () => writer.close(),
      abort: (reason) => writer.abort(reason),
    }),
  };
}
