// The servers that the examples talk to when they are given no URL: those of
// Deno and of Node, on the loopback interface, on a port that was free.

import http from "node:http";
import net from "node:net";
import ca from "../tests/certs/ca.pem" with { type: "text" };
import key from "../tests/certs/server.key" with { type: "text" };
import cert from "../tests/certs/server.pem" with { type: "text" };
import { route } from "./_routes.ts";

/** A server, embedded in the example or somewhere else. */
export interface Server extends AsyncDisposable {
  /** Where it is. */
  readonly url: string;
}

/** A server with TLS. */
export interface TlsServer extends Server {
  /** The authorities to trust besides those of the runtime. */
  readonly caCerts: string[];
}

const LOOPBACK = "127.0.0.1";

/**
 * Starts an origin.
 *
 * @param path A path of `_routes.ts`.
 * @param given The URL of another origin, in place of an embedded one.
 */
export function openOrigin(path: string, given?: string): Server {
  if (given !== undefined) return elsewhere(given);
  const options = { hostname: LOOPBACK, port: 0, onListen() {} };
  const server = Deno.serve(options, route);
  return {
    url: `http://${LOOPBACK}:${server.addr.port}${path}`,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

/** {@linkcode openOrigin} with TLS. */
export function openTlsOrigin(path: string, given?: string): TlsServer {
  if (given !== undefined) return { caCerts: [], ...elsewhere(given) };
  const options = { hostname: LOOPBACK, port: 0, cert, key, onListen() {} };
  const server = Deno.serve(options, route);
  return {
    url: `https://${LOOPBACK}:${server.addr.port}${path}`,
    caCerts: [ca],
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

/** {@linkcode openOrigin} on a Unix socket in a new folder. */
export async function openUnixOrigin(
  given?: string,
): Promise<AsyncDisposable & { readonly path: string }> {
  if (given !== undefined) return { path: given, ...elsewhere(given) };
  const folder = await Deno.makeTempDir();
  const path = `${folder}/origin.sock`;
  const server = Deno.serve({ path, onListen() {} }, route);
  return {
    path,
    async [Symbol.asyncDispose]() {
      await server.shutdown();
      await Deno.remove(folder, { recursive: true });
    },
  };
}

/** Starts an origin that sends 103 (Early Hints) before its page. */
export async function openHintingOrigin(given?: string): Promise<Server> {
  if (given !== undefined) return elsewhere(given);
  const server = http.createServer((_request, response) => {
    const link = [
      "</style.css>; rel=preload; as=style",
      "</app.js>; rel=preload; as=script",
    ];
    response.writeEarlyHints({ link }, () => {
      response.end("<!doctype html><title>Hinted</title>\n");
    });
  });
  return await listen(server);
}

/** Starts a proxy that opens a tunnel to wherever CONNECT says. */
export async function openProxy(given?: string): Promise<Server> {
  if (given !== undefined) return elsewhere(given);
  const server = http.createServer();
  server.on("connect", ({ url = "" }, client) => {
    const [, host = "", port] = /^\[?(.*?)\]?:(\d+)$/.exec(url) ?? [];
    const origin = net.connect(Number(port), host, () => {
      client.write("HTTP/1.1 200 Connection Established\r\n\r\n");
      origin.pipe(client);
      client.pipe(origin);
    });
    origin.on("error", () => client.destroy());
    client.on("error", () => origin.destroy());
  });
  return await listen(server);
}

/** Starts a server of Node's on a free port. */
export async function listen(server: http.Server): Promise<Server> {
  await new Promise<void>((resolve) => server.listen(0, LOOPBACK, resolve));
  const { port } = server.address() as net.AddressInfo;
  return {
    url: `http://${LOOPBACK}:${port}/`,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function elsewhere(url: string): Server {
  return { url, [Symbol.asyncDispose]: () => Promise.resolve() };
}
