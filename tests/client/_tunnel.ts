// A proxy that makes tunnels, and TLS over any pair of streams, both by Node's
// modules.

import { createServer, type IncomingMessage } from "node:http";
import { type AddressInfo, connect as connectTcp } from "node:net";
import { Duplex } from "node:stream";
import { connect as connectTls } from "node:tls";
import type { ByteStream } from "@pimalaya/io-http/client";

/** A proxy for CONNECT alone. */
export interface Proxy extends AsyncDisposable {
  readonly url: string;
  /** The targets that it was asked for. */
  readonly targets: string[];
}

/** Starts a proxy. It refuses the hosts of the top-level domain `invalid`. */
export async function startProxy(): Promise<Proxy> {
  const server = createServer();
  const targets: string[] = [];
  server.on(
    "connect",
    ({ url = "" }: IncomingMessage, down: Duplex, early: Uint8Array) => {
      targets.push(url);
      const [hostname = "", port = ""] = url.split(":");
      if (hostname.endsWith(".invalid")) {
        const text = `No way to ${url}`;
        down.end(
          "HTTP/1.1 502 Bad Gateway\r\n" +
            `Content-Length: ${text.length}\r\n\r\n${text}`,
        );
        return;
      }
      const up = connectTcp(Number(port), hostname, () => {
        down.write("HTTP/1.1 200 Connection established\r\n\r\n");
        up.write(early);
        up.pipe(down).pipe(up);
      });
      up.on("error", () => down.destroy());
      down.on("error", () => up.destroy());
    },
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    targets,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => server.close(() => resolve())),
  };
}

/** Does the handshake of TLS over a pair of streams; gives what it protects. */
export async function overTls(
  { readable, writable }: ByteStream,
  options: { servername: string; ca: string },
): Promise<ByteStream> {
  type NodeStreams = Parameters<typeof Duplex.fromWeb>[0];
  const socket = connectTls({
    socket: Duplex.fromWeb({ readable, writable } as NodeStreams),
    ALPNProtocols: ["http/1.1"],
    ...options,
  });
  await new Promise<void>((resolve, reject) => {
    socket.once("secureConnect", resolve);
    socket.once("error", reject);
  });
  return Duplex.toWeb(socket) as unknown as ByteStream;
}
