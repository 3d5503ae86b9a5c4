// A proxy that follows a script, for cases that no real one shows.

import { SERVER } from "../_tls.ts";
import { toBytes } from "../_text.ts";
import { TextReader } from "./_reader.ts";

/** Plays a script on one connection, which is then closed. */
export type Script = (conn: ProxyConn) => Promise<void>;

/** A connection, from the proxy's side. */
export class ProxyConn {
  readonly reader: TextReader;
  readonly #conn: Deno.Conn;

  constructor(conn: Deno.Conn) {
    this.#conn = conn;
    const buffer = new Uint8Array(65536);
    this.reader = new TextReader(async () => {
      const length = await conn.read(buffer);
      return length === null ? null : buffer.subarray(0, length);
    });
  }

  /** Reads the head of a request. */
  readHead(): Promise<string> {
    return this.reader.until("\r\n\r\n");
  }

  async write(text: string): Promise<void> {
    await writeAll(this.#conn, toBytes(text));
  }

  /** Copies bytes both ways between the client and a port. */
  async tunnelTo(port: number): Promise<void> {
    const origin = await Deno.connect({ hostname: "127.0.0.1", port });
    const client = this.#conn;
    await Promise.all([copy(client, origin), copy(origin, client)]);
    close(origin);
  }
}

async function writeAll(conn: Deno.Conn, bytes: Uint8Array): Promise<void> {
  let rest = bytes;
  while (rest.length > 0) rest = rest.subarray(await conn.write(rest));
}

/** Copies one direction, and its end of file. */
async function copy(from: Deno.Conn, to: Deno.Conn): Promise<void> {
  const buffer = new Uint8Array(65536);
  try {
    for (let n; (n = await from.read(buffer)) !== null;) {
      await writeAll(to, buffer.subarray(0, n));
    }
    await to.closeWrite();
  } catch {
    // One side has gone: let the other side know.
    close(to);
  }
}

function close(conn: Deno.Conn): void {
  try {
    conn.close();
  } catch {
    // The other direction has closed it.
  }
}

/** A proxy on a free port. */
export class ScriptedProxy implements AsyncDisposable {
  /** How many connections there were. */
  connections = 0;
  readonly #listener: Deno.Listener;
  readonly #serving: Promise<unknown>;
  readonly #host: string;

  /** Runs a script for each connection, the last one for those after it. */
  constructor(scripts: Script | readonly Script[], { tls = false } = {}) {
    const options = { hostname: "127.0.0.1", port: 0 };
    this.#listener = tls
      ? Deno.listenTls({ ...options, ...SERVER })
      : Deno.listen(options);
    const { port } = this.#listener.addr as Deno.NetAddr;
    this.#host = `127.0.0.1:${port}`;
    this.#serving = this.#serve([scripts].flat());
  }

  /** Its URL with a scheme and userinfo. */
  url(start: string): URL {
    return new URL(`${start}${this.#host}`);
  }

  /** Ends it. Throws the error of a script, if any. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    await this.#serving;
  }

  async #serve(scripts: readonly Script[]): Promise<void> {
    const running: Promise<void>[] = [];
    for await (const conn of this.#listener) {
      const script = scripts[Math.min(this.connections++, scripts.length - 1)]!;
      running.push(script(new ProxyConn(conn)).finally(() => close(conn)));
    }
    await Promise.all(running);
  }
}
