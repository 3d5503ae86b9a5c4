// The servers of examples that are given no URL: servers of Deno and of Node, on the
// loopback interface, on a free port.

import http from "node:http";
import https from "node:https";
import net from "node:net";
import type { TLSSocket } from "node:tls";
import { gzipSync } from "node:zlib";
import ca from "../tests/certs/ca.pem" with { type: "text" };
import clientKey from "../tests/certs/client.key" with { type: "text" };
import clientCert from "../tests/certs/client.pem" with { type: "text" };
import key from "../tests/certs/server.key" with { type: "text" };
import cert from "../tests/certs/server.pem" with { type: "text" };
import { route } from "./_routes.ts";

/** A server, embedded in the example or somewhere else. */
export interface Server extends AsyncDisposable {
  /** Its URL. */
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

/** Starts a proxy that forwards requests, and opens a tunnel for CONNECT. */
export async function openProxy(given?: string): Promise<Server> {
  if (given !== undefined) return elsewhere(given);
  const server = http.createServer(
    ({ method, url = "", headers }, response) => {
      http.request(url, { method, headers }, (answer) => {
        const { statusCode = 502, headers } = answer;
        response.writeHead(statusCode, { ...headers, Via: "1.1 example" });
        answer.pipe(response);
      }).end();
    },
  );
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

/** Starts a stand-in for Docker on a Unix socket, with one container. */
export async function openDocker(
  given?: string,
): Promise<AsyncDisposable & { readonly path: string }> {
  if (given !== undefined) return { path: given, ...elsewhere(given) };
  const folder = await Deno.makeTempDir();
  const path = `${folder}/docker.sock`;
  const server = http.createServer();
  server.on("upgrade", (_request, socket) => {
    socket.write(
      "HTTP/1.1 101 UPGRADED\r\n" +
        "Content-Type: application/vnd.docker.multiplexed-stream\r\n" +
        "Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n",
    );
    socket.write(dockerFrame(1, "Hello from the container\n"));
    socket.end(dockerFrame(2, "It has nothing more to say\n"));
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return {
    path,
    async [Symbol.asyncDispose]() {
      await stop(server);
      await Deno.remove(folder, { recursive: true });
    },
  };
}

function dockerFrame(stream: number, text: string): Uint8Array {
  const data = new TextEncoder().encode(text);
  return Uint8Array.of(stream, 0, 0, 0, 0, 0, 0, data.length, ...data);
}

/** Starts an origin that asks for a client certificate of our own authority. */
export async function openMutualTlsOrigin(
  [url, certFile, keyFile, caFile]: readonly string[],
): Promise<
  Server & {
    readonly tls: {
      readonly cert: string;
      readonly key: string;
      readonly caCerts: string[];
    };
  }
> {
  if (url !== undefined) {
    const caCerts = caFile === undefined
      ? []
      : [await Deno.readTextFile(caFile)];
    const cert = await Deno.readTextFile(certFile!);
    return {
      tls: { cert, key: await Deno.readTextFile(keyFile!), caCerts },
      ...elsewhere(url),
    };
  }
  const options = { ca, cert, key, requestCert: true };
  const server = https.createServer(options, (request, response) => {
    const { subject } = (request.socket as TLSSocket).getPeerCertificate();
    response.end(`Welcome, ${subject.CN}\n`);
  });
  const { url: plain, ...rest } = await listen(server);
  const tls = { cert: clientCert, key: clientKey, caCerts: [ca] };
  return { ...rest, url: plain.replace("http:", "https:"), tls };
}

/** Starts origins with pages for a crawler, some of which are busy at first. */
export async function openPages(
  given: readonly string[],
): Promise<AsyncDisposable & { readonly urls: readonly string[] }> {
  if (given.length > 0) return { urls: given, ...elsewhere("") };
  const seen = new Set<string>();
  const servers = await Promise.all([1, 2, 3].map(() => {
    const server = http.createServer((request, response) => {
      const { url = "", headers } = request;
      const isBusy = url.endsWith("7") && !seen.has(headers.host + url);
      seen.add(headers.host + url);
      if (isBusy) {
        response.writeHead(503, { "Retry-After": "0" }).end();
      } else {
        response.writeHead(200, { "Content-Encoding": "gzip" });
        response.end(gzipSync(`<p>This is ${url}</p>`));
      }
    });
    return listen(server);
  }));
  const urls = servers.flatMap(({ url }) =>
    Array.from({ length: 167 }, (_, i) => `${url}pages/${i}`)
  ).slice(0, 500);
  return {
    urls,
    async [Symbol.asyncDispose]() {
      for (const server of servers) await server[Symbol.asyncDispose]();
    },
  };
}

/** Opens sockets as `connect` of `cloudflare:sockets` does, without TLS. */
export function connectStandIn(
  { hostname, port }: { hostname: string; port: number },
) {
  const conn = Deno.connect({ hostname, port });
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const incoming = new TransformStream<Uint8Array, Uint8Array>();
  const closed = conn.then(async (conn) => {
    const sent = readable.pipeTo(conn.writable).catch(() => {});
    await conn.readable.pipeTo(incoming.writable).catch(() => {});
    await sent;
  });
  const close = () => conn.then((conn) => conn.close()).catch(() => {});
  standIns.push(close);
  return {
    readable: incoming.readable,
    writable,
    opened: conn.then(() => ({})),
    closed,
    close,
    startTls: () => {
      throw new TypeError("The stand-in has no TLS");
    },
  };
}

const standIns: (() => Promise<void>)[] = [];

/** Ends the sockets of the stand-in, as Cloudflare does at the end of a request. */
export async function endStandIns(): Promise<void> {
  await Promise.all(standIns.map((close) => close()));
}

/** Starts a `node:http` server on a free port. */
export async function listen(
  server: http.Server | https.Server,
): Promise<Server> {
  await new Promise<void>((resolve) => server.listen(0, LOOPBACK, resolve));
  const { port } = server.address() as net.AddressInfo;
  return {
    url: `http://${LOOPBACK}:${port}/`,
    [Symbol.asyncDispose]: () => stop(server),
  };
}

function stop(server: http.Server | https.Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

/** A server that runs somewhere else. */
export function elsewhere(url: string): Server {
  return { url, [Symbol.asyncDispose]: () => Promise.resolve() };
}
