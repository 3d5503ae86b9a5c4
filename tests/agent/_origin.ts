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
  /** The paths that were asked for. */
  readonly asked: string[];
  /** Waits until the response of `/slow` is closed from the other side. */
  readonly slowClosed: Promise<void>;
}

/** Starts an origin. */
export async function startOrigin(): Promise<Origin> {
  const asked: string[] = [];
  const slow = Promise.withResolvers<void>();
  const server = http.createServer((request, response) => {
    asked.push(request.url!);
    if (request.url === "/slow") response.on("close", () => slow.resolve());
    respond(request, response);
  });
  server.on("upgrade", (_, socket) => {
    socket.end("HTTP/1.1 101 OK\r\nConnection: Upgrade\r\nUpgrade: a\r\n\r\n");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    asked,
    slowClosed: slow.promise,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function respond(
  request: http.IncomingMessage,
  response: http.ServerResponse,
): void {
  const [path, query = ""] = request.url!.split("?");
  const [, route, argument] = path!.split("/");
  switch (route) {
    case "echo":
      // It may be aborted.
      return void echo(request, response).catch(() => {});
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
      response.setHeader("Content-Encoding", "gzip");
      response.end(zlib.gzipSync("zipped"));
      return;
    case "cut-gzip":
      response.setHeader("Content-Encoding", "gzip");
      response.end(zlib.gzipSync("zipped").subarray(0, -1));
      return;
    default:
      response.end("text");
  }
}

async function echo(
  request: http.IncomingMessage,
  response: http.ServerResponse,
): Promise<void> {
  const pieces: Uint8Array[] = [];
  for await (const piece of request) pieces.push(piece);
  const body = await new Blob(pieces as BlobPart[]).text();
  const { method, headers } = request;
  response.end(JSON.stringify({ method, headers, body }));
}
