// Chromium without a window: it loads a page, which posts its outcomes, and has
// no sockets: a WebSocket carries its bytes to a port of 127.0.0.1 and back.

import { within } from "../matrix/cells.ts";
import type { Report } from "../matrix/matrix.ts";
import type { Outcome } from "./suite.ts";

// Root has no sandbox, and the browser must not use the network.
const FLAGS = [
  ...["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic"],
  ...["--no-first-run", "--disable-background-networking"],
  ...["--disable-component-update", "--disable-sync"],
];
const PAGE = `<!doctype html><title>Suite</title>
<script type="module" src="/suite.mjs"></script>`;
// The code of a WebSocket whose connection was reset.
const RESET = 4000;

/** Runs a script in a page, until it says that it is done. */
export async function runPage(
  program: string,
  { script, profile, text }: Readonly<
    Record<"script" | "profile" | "text", string>
  >,
  milliseconds: number,
  report: Report,
): Promise<void> {
  const done = Promise.withResolvers<void>();
  const files: Record<string, [body: string, type: string]> = {
    "/": [PAGE, "text/html"],
    "/suite.mjs": [await Deno.readTextFile(script), "text/javascript"],
    "/site": [text, "application/json"],
  };
  const serve = async (request: Request): Promise<Response> => {
    const { pathname, searchParams } = new URL(request.url);
    const [body, type] = files[pathname] ?? [];
    if (body !== undefined) {
      return new Response(body, { headers: { "content-type": type! } });
    }
    if (pathname === "/tunnel") {
      return await openTunnel(request, Number(searchParams.get("port")));
    }
    if (pathname !== "/report") return new Response(null, { status: 404 });
    const outcome: Outcome | string | null = await request.json();
    if (outcome === null) done.resolve();
    else if (typeof outcome === "string") done.reject(new Error(outcome));
    else report(outcome.row, outcome.cell);
    return new Response(null, { status: 204 });
  };
  const where = { hostname: "127.0.0.1", port: 0, onListen() {} };
  await using server = Deno.serve(where, serve);
  const url = `http://127.0.0.1:${server.addr.port}/`;
  const browser = new Deno.Command(program, {
    args: [...FLAGS, `--user-data-dir=${profile}`, url],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  browser.status.then(() => done.reject(new Error("The browser has ended")));
  try {
    await within(milliseconds, done.promise);
  } finally {
    // Its folder is removed next, so it must be gone.
    browser.kill();
    await browser.status;
  }
}

/** Answers a request for a WebSocket with one that is a tunnel. */
async function openTunnel(request: Request, port: number): Promise<Response> {
  const conn = await Deno.connect({ hostname: "127.0.0.1", port });
  const { socket, response } = Deno.upgradeWebSocket(request);
  socket.binaryType = "arraybuffer";
  const writer = conn.writable.getWriter();
  // The end of one side ends the other, and so does a failure.
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
