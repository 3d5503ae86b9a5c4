// A server that answers without parsing, so that it is faster than any client
// it serves. It runs in a process of its own, prints its port, and ends when
// its standard input does: with the process that started it, at the latest.
//
//   GET /small       11 bytes of text
//   GET /bytes/N     N bytes
//   POST /           the same as /small, once the chunked body has ended
//
// It relies on its clients: a request's head comes in one read, and nothing is
// sent ahead of an answer.

const READ_BYTES = 4096;
const BLOCK_BYTES = 262144;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

const SMALL = encoder.encode(
  "HTTP/1.1 200 OK\r\n" +
    "Server: canned\r\n" +
    "Date: Mon, 06 Jan 2025 10:00:00 GMT\r\n" +
    "Content-Type: text/plain\r\n" +
    "Content-Length: 11\r\n" +
    "Connection: keep-alive\r\n\r\nhello world",
);
const BLOCK = new Uint8Array(BLOCK_BYTES).fill(0x78);
const LAST_CHUNK = encoder.encode("0\r\n\r\n");

if (import.meta.main) {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  console.log(listener.addr.port);
  exitWithStdin();
  for await (const conn of listener) serve(conn);
}

async function exitWithStdin(): Promise<void> {
  await Deno.stdin.readable.pipeTo(new WritableStream());
  Deno.exit();
}

async function serve(conn: Deno.TcpConn): Promise<void> {
  conn.setNoDelay(true);
  const buffer = new Uint8Array(READ_BYTES);
  try {
    let length = await conn.read(buffer);
    while (length !== null) {
      await answer(conn, buffer.subarray(0, length));
      length = await conn.read(buffer);
    }
    conn.close();
  } catch {
    // The client has gone, as it may at any time.
  }
}

async function answer(conn: Deno.TcpConn, request: Uint8Array): Promise<void> {
  const [isPost, isSmall] = [request[0] === 0x50, request[5] === 0x73];
  if (isPost) await skipBody(conn, request);
  if (isPost || isSmall) return await writeAll(conn, SMALL);
  const [, length] = /^GET \/bytes\/(\d+)/.exec(decoder.decode(request)) ?? [];
  if (length === undefined) throw new Error("Unexpected request");
  await writeBytes(conn, Number(length));
}

async function writeBytes(conn: Deno.TcpConn, length: number): Promise<void> {
  const head = `HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\n\r\n`;
  await writeAll(conn, encoder.encode(head));
  for (let left = length; left > 0; left -= BLOCK_BYTES) {
    await writeAll(conn, BLOCK.subarray(0, left));
  }
}

/** Reads up to the last chunk; nothing else in the body looks like it. */
async function skipBody(conn: Deno.TcpConn, read: Uint8Array): Promise<void> {
  const buffer = new Uint8Array(BLOCK_BYTES);
  let tail = read.slice(-LAST_CHUNK.length);
  while (!LAST_CHUNK.every((byte, i) => byte === tail[i])) {
    const length = await conn.read(buffer);
    if (length === null) throw new Error("The body did not end");
    const end = buffer.subarray(
      Math.max(0, length - LAST_CHUNK.length),
      length,
    );
    tail = new Uint8Array([...tail, ...end]).slice(-LAST_CHUNK.length);
  }
}

async function writeAll(conn: Deno.TcpConn, bytes: Uint8Array): Promise<void> {
  let written = 0;
  while (written < bytes.length) {
    written += await conn.write(bytes.subarray(written));
  }
}
