// The server of the load test, in a process of its own: it then has open files
// of its own as well. It prints its port, and serves until it is ended.
//
//   GET /length, GET /chunked, POST /     an answer of some bytes
//   GET /alone                            the same, once nobody else is connected

import { toBytes, toText } from "../_text.ts";

const LENGTH = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789";
const CHUNKED = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" +
  "4\r\n0123\r\n6\r\n456789\r\n0\r\nA: 1\r\n\r\n";

let connections = 0;
let wakeLoner: () => void = () => {};

async function serve(conn: Deno.TcpConn): Promise<void> {
  connections++;
  conn.setNoDelay(true);
  try {
    while (true) {
      const request = await readRequest(conn);
      if (request === null) break;
      if (request.startsWith("GET /alone ")) await waitUntilAlone();
      await conn.write(
        toBytes(request.startsWith("GET /chunked ") ? CHUNKED : LENGTH),
      );
    }
  } catch {
    // Whatever it is, it is this client's alone.
  }
  conn.close();
  connections--;
  wakeLoner();
}

/** Reads a request whose body, if it has any, is chunked. */
async function readRequest(conn: Deno.Conn): Promise<string | null> {
  const buffer = new Uint8Array(4096);
  let text = "";
  while (true) {
    const length = await conn.read(buffer);
    if (length === null) return null;
    text += toText(buffer.subarray(0, length));
    const end = text.startsWith("POST") ? "\r\n0\r\n\r\n" : "\r\n\r\n";
    if (text.endsWith(end)) return text;
  }
}

async function waitUntilAlone(): Promise<void> {
  while (connections > 1) {
    await new Promise<void>((resolve) => wakeLoner = resolve);
  }
}

if (import.meta.main) {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  console.log(listener.addr.port);
  for await (const conn of listener) serve(conn);
}
