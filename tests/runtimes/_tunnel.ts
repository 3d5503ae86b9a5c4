// Carries a page's bytes to a port of 127.0.0.1 and back: a page has no sockets.

// The code of a WebSocket whose connection was reset.
const RESET = 4000;

/** Answers a request for a WebSocket with one that is such a tunnel. */
export async function openTunnel(
  request: Request,
  port: number,
): Promise<Response> {
  const conn = await Deno.connect({ hostname: "127.0.0.1", port });
  const { socket, response } = Deno.upgradeWebSocket(request);
  socket.binaryType = "arraybuffer";
  const writer = conn.writable.getWriter();
  // The end of one side is the end of the other; that it fails is an end as well.
  socket.onmessage = ({ data }) => {
    writer.write(new Uint8Array(data)).catch(() => socket.close());
  };
  socket.onclose = () => writer.abort().catch(() => {});
  socket.onopen = () =>
    carryBack(conn, socket).catch(() => socket.close(RESET));
  return response;
}

async function carryBack(conn: Deno.TcpConn, socket: WebSocket): Promise<void> {
  for await (const bytes of conn.readable) {
    if (socket.readyState !== WebSocket.OPEN) return;
    socket.send(bytes);
  }
  socket.close();
}
