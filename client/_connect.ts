// Opening connections: TCP, TLS over TCP, Unix sockets, under one signal.

import { closeConn, sendAtOnce } from "./_conn_transport.ts";
import type { HttpConnectOptions, HttpTlsOptions } from "./connect.ts";

/**
 * Opens a connection for a URL.
 *
 * @throws {TypeError} If the options contradict each other or the URL.
 */
export async function openConn(
  url: URL,
  options: HttpConnectOptions,
): Promise<Deno.Conn> {
  const { signal, unixPath, tls = {} } = options;
  const isTls = url.protocol === "https:";
  signal?.throwIfAborted();
  if (unixPath !== undefined) {
    if (isTls) {
      throw new TypeError("Cannot connect: there is no TLS over Unix sockets");
    }
    if (options.hostname !== undefined || options.port !== undefined) {
      throw new TypeError("Cannot connect: a Unix socket has no host and port");
    }
    const connecting = Deno.connect({ transport: "unix", path: unixPath });
    return await abortable(connecting, signal);
  }
  const hostname = options.hostname ?? bareHost(url);
  const port = options.port ??
    (url.port !== "" ? Number(url.port) : isTls ? 443 : 80);
  if (isTls && hasClientCert(tls)) {
    return await connectWithCert(url, { hostname, port }, tls, signal);
  }
  const connecting = Deno.connect(
    signal === undefined ? { hostname, port } : { hostname, port, signal },
  );
  const tcp = await abortable(connecting, signal);
  return url.protocol === "http:"
    ? tcp
    : await startTls(tcp, bareHost(url), tls, signal);
}

/** The host of a URL, an IPv6 address without its brackets. */
function bareHost(url: URL): string {
  return url.hostname.replace(/^\[(.*)\]$/, "$1");
}

function hasClientCert({ cert, key }: HttpTlsOptions): boolean {
  if ((cert === undefined) !== (key === undefined)) {
    throw new TypeError("Cannot connect: cert and key go together");
  }
  return cert !== undefined;
}

async function startTls(
  tcp: Deno.TcpConn,
  hostname: string,
  { caCerts = [], alpnProtocols = ["http/1.1"] }: HttpTlsOptions,
  signal: AbortSignal | undefined,
): Promise<Deno.Conn> {
  sendAtOnce(tcp);
  const starting = Deno.startTls(tcp, { hostname, caCerts, alpnProtocols });
  // It takes the connection over, unless it refuses the host's name.
  starting.catch(() => closeConn(tcp));
  const conn = await abortable(starting, signal);
  return await finishHandshake(conn, signal);
}

/**
 * Connects with a client certificate, which `Deno.startTls` does not take. The
 * call that does checks the server's certificate against the host that it
 * connects to, so these cannot be two.
 */
async function connectWithCert(
  url: URL,
  where: { hostname: string; port: number },
  { caCerts = [], alpnProtocols = ["http/1.1"], cert = "", key = "" }:
    HttpTlsOptions,
  signal: AbortSignal | undefined,
): Promise<Deno.Conn> {
  if (where.hostname !== bareHost(url)) {
    throw new TypeError(
      "Cannot connect: a client certificate and another host do not go together",
    );
  }
  const connecting = Deno.connectTls(
    { ...where, caCerts, alpnProtocols, cert, key },
  );
  const conn = await abortable(connecting, signal);
  return await finishHandshake(conn, signal);
}

async function finishHandshake(
  conn: Deno.TlsConn,
  signal: AbortSignal | undefined,
): Promise<Deno.Conn> {
  const abort = () => closeConn(conn);
  signal?.addEventListener("abort", abort);
  try {
    signal?.throwIfAborted();
    await conn.handshake();
    signal?.throwIfAborted();
    return conn;
  } catch (error) {
    closeConn(conn);
    signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener("abort", abort);
  }
}

/** Waits for a connection, or closes it when it comes too late. */
async function abortable<Conn extends Deno.Conn>(
  connecting: Promise<Conn>,
  signal: AbortSignal | undefined,
): Promise<Conn> {
  if (signal === undefined) return await connecting;
  let onAbort = () => {};
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener("abort", onAbort);
  });
  try {
    const conn = await Promise.race([connecting, aborted]);
    // In the instant between the connection's opening and this one.
    signal.throwIfAborted();
    return conn;
  } catch (error) {
    connecting.then(closeConn, () => {});
    throw error;
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
