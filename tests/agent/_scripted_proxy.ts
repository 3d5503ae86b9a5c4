// A proxy that does as a script says, for what no real one does.

import { SERVER } from "../_tls.ts";
import { toBytes, toText } from "../_text.ts";

/** What a script does with one connection, which is then closed. */
export type Script = (conn: ProxyConn) => Promise<void>;

/** A connection, from the proxy's side. */
export class ProxyConn {
  readonly #conn: Deno.Conn;
  #unread = "";

  constructor(conn: Deno.Conn) {
    this.#conn = conn;
  }

  /** Reads the head of a request. */
  async readHead(): Promise<string> {
    while (!this.#unread.includes("\r\n\r\n")) {
      const more = await this.#read();
      if (more === "") throw new Error(`No head: ${this.#unread}`);
      this.#unread += more;
    }
    const end = this.#unread.indexOf("\r\n\r\n") + 4;
    const head = this.#unread.slice(0, end);
    this.#unread = this.#unread.slice(end);
    return head;
  }

  /** Reads that many bytes. */
  async readBytes(count: number): Promise<string> {
    while (this.#unread.length < count) {
      const more = await this.#read();
      if (more === "") throw new Error(`Too few bytes: ${this.#unread}`);
      this.#unread += more;
    }
    const bytes = this.#unread.slice(0, count);
    this.#unread = this.#unread.slice(count);
    return bytes;
  }

  /** Reads up to the end of file. */
  async readToEnd(): Promise<string> {
    let more;
    do {
      more = await this.#read();
      this.#unread += more;
    } while (more !== "");
    return this.#unread;
  }

  async write(text: string): Promise<void> {
    let bytes = toBytes(text);
    while (bytes.length > 0) {
      bytes = bytes.subarray(await this.#conn.write(bytes));
    }
  }

  /** Copies bytes both ways between the client and a port. */
  async tunnelTo(port: number): Promise<void> {
    const origin = await Deno.connect({ hostname: "127.0.0.1", port });
    const client = this.#conn;
    const copies = [copy(client, origin), copy(origin, client)];
    await Promise.all(copies);
    close(origin);
  }

  async #read(): Promise<string> {
    const buffer = new Uint8Array(65536);
    const length = await this.#conn.read(buffer);
    return toText(buffer.subarray(0, length ?? 0));
  }
}

/** Copies one direction, and its end of file. */
async function copy(from: Deno.Conn, to: Deno.Conn): Promise<void> {
  const buffer = new Uint8Array(65536);
  try {
    for (let n; (n = await from.read(buffer)) !== null;) {
      let bytes = buffer.subarray(0, n);
      while (bytes.length > 0) bytes = bytes.subarray(await to.write(bytes));
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

/** A proxy on a port of its own. */
export class ScriptedProxy implements AsyncDisposable {
  /** How many connections there were. */
  connections = 0;
  readonly #listener: Deno.Listener;
  readonly #running: Promise<void>[] = [];
  readonly #accepting: Promise<void>;
  readonly #host: string;

  /** Runs a script for each connection, the last one for those after it. */
  constructor(scripts: Script | readonly Script[], { tls = false } = {}) {
    const options = { hostname: "127.0.0.1", port: 0 };
    this.#listener = tls
      ? Deno.listenTls({ ...options, ...SERVER })
      : Deno.listen(options);
    const { port } = this.#listener.addr as Deno.NetAddr;
    this.#host = `127.0.0.1:${port}`;
    this.#accepting = this.#accept([scripts].flat());
  }

  /** Its URL with a scheme and userinfo. */
  url(start: string): URL {
    return new URL(`${start}${this.#host}`);
  }

  /** Ends it. Throws what a script has thrown. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    await this.#accepting;
    await Promise.all(this.#running);
  }

  async #accept(scripts: readonly Script[]): Promise<void> {
    while (true) {
      let conn: Deno.Conn;
      try {
        conn = await this.#listener.accept();
      } catch {
        return;
      }
      const script = scripts[Math.min(this.connections++, scripts.length - 1)]!;
      this.#running.push(this.#run(conn, script));
    }
  }

  async #run(conn: Deno.Conn, script: Script): Promise<void> {
    try {
      await script(new ProxyConn(conn));
    } finally {
      close(conn);
    }
  }
}
