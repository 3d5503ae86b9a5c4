// An origin over loopback, by node:http, for the tests of fetch:
//
//   /echo                       the method, the headers, and the body, as JSON
//   /status/NNN                 that status, with the reason and the body "Odd"
//   /to/NNN?LOCATION            that status, with that Location
//   /twice                      fields that come more than once
//   /text                       "text", whole
//   /slow                       "a", and no end
//   /cut                        "a", and the end of the connection
//   /gzip, /cut-gzip            "zipped", in gzip; the same but for its end

import http from "node:http";
import type { AddressInfo } from "node:net";
import zlib from "node:zlib";

export interface Origin extends AsyncDisposable {
  readonly url: string;
  /** Resolves when the response of `/slow` is closed from the other side. */
  readonly slowClosed: Promise<void>;
}

/** A server that listens. */
export interface Listening extends AsyncDisposable {
  /** Its port, if it has one. */
  readonly port: number;
}

/** Makes a server listen on a free port, or on a Unix socket. */
export async function listen(
  server: http.Server,
  unixPath?: string,
): Promise<Listening> {
  const where = unixPath === undefined
    ? { port: 0, host: "127.0.0.1" }
    : { path: unixPath };
  await new Promise<void>((resolve) => server.listen(where, resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** Reads the body of a request, as far as it came. */
export async function readText(request: http.IncomingMessage): Promise<string> {
  const pieces: BlobPart[] = [];
  try {
    for await (const piece of request) pieces.push(piece);
  } catch {
    // It was aborted.
  }
  return await new Blob(pieces).text();
}

/** Starts an origin. */
export async function startOrigin(): Promise<Origin> {
  const slow = Promise.withResolvers<void>();
  const server = http.createServer((request, response) => {
    if (request.url === "/slow") response.on("close", () => slow.resolve());
    respond(request, response);
  });
  server.on("upgrade", (_, socket) => {
    socket.end("HTTP/1.1 101 OK\r\nConnection: Upgrade\r\nUpgrade: a\r\n\r\n");
  });
  const { port, [Symbol.asyncDispose]: dispose } = await listen(server);
  return {
    url: `http://127.0.0.1:${port}`,
    slowClosed: slow.promise,
    [Symbol.asyncDispose]: dispose,
  };
}

async function respond(
  request: http.IncomingMessage,
  response: http.ServerResponse,
): Promise<void> {
  const [path, query = ""] = request.url!.split("?");
  const [, route, argument] = path!.split("/");
  switch (route) {
    case "echo": {
      const { method, headers } = request;
      const body = await readText(request);
      response.end(JSON.stringify({ method, headers, body }));
      return;
    }
    case "status":
      response.writeHead(Number(argument), "Odd").end("Odd");
      return;
    case "to":
      if (query !== "") {
        response.setHeader("Location", decodeURIComponent(query));
      }
      response.writeHead(Number(argument)).end("moved");
      return;
    case "twice":
      response.setHeader("X-Twice", ["1", "2"]);
      response.setHeader("Set-Cookie", ["a=1", "b=2"]);
      response.end();
      return;
    case "slow":
      response.write("a");
      return;
    case "cut":
      response.write("a", () => response.destroy());
      return;
    case "gzip":
    case "cut-gzip": {
      const zipped = zlib.gzipSync("zipped");
      response.setHeader("Content-Encoding", "gzip");
      response.end(route === "gzip" ? zipped : zipped.subarray(0, -1));
      return;
    }
    default:
      response.end("text");
  }
}
