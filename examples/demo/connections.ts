// The connections of the demo: one to each origin, used as long as it may be,
// with a tap on what is sent.

import { type ByteStream, HttpClient } from "@pimalaya/io-http/client";

/** A connection under its number. */
export interface Connection {
  /** Counted from 1 on. */
  readonly number: number;
  /** The client that works over it. */
  readonly client: HttpClient;
  /** Gives what was sent since it was last asked. */
  takeSent(): string;
}

/** Opens connections, and keeps them until they may not be used any more. */
export class Connections implements AsyncDisposable {
  /** How many were opened. */
  count = 0;
  readonly #caCerts: string[];
  readonly #byOrigin = new Map<string, Connection>();

  constructor(caCerts: string[]) {
    this.#caCerts = caCerts;
  }

  /** Gives a connection to the origin of a URL. */
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

  /** Closes those that are open. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const { client } of this.#byOrigin.values()) await client.close();
  }
}

/** The same stream, telling of what is written. */
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
