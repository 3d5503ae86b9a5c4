// A SOCKS5 proxy (RFC 1928) that connects to names and IPv4 addresses, for anyone.

import { elsewhere, type Server } from "./_server.ts";
import net from "node:net";

const GREETING = 3;
const NAME = 3;

/** Starts a SOCKS5 proxy. */
export async function openSocks(given?: string): Promise<Server> {
  if (given !== undefined) return elsewhere(given);
  const sockets = new Set<net.Socket>();
  const server = net.createServer((client) => {
    sockets.add(client);
    client.on("close", () => sockets.delete(client));
    serve(client).catch(() => client.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as net.AddressInfo;
  return {
    url: `socks5://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

async function serve(client: net.Socket): Promise<void> {
  await read(client, GREETING);
  client.write(new Uint8Array([5, 0]));
  const [, , , type] = await read(client, 4);
  const length = type === NAME ? (await read(client, 1))[0]! : 4;
  const address = await read(client, length);
  const [high, low] = await read(client, 2) as unknown as [number, number];
  const host = type === NAME
    ? new TextDecoder().decode(address)
    : address.join(".");
  const origin = net.connect(high * 256 + low, host);
  origin.on("connect", () => {
    client.write(new Uint8Array([5, 0, 0, 1, 0, 0, 0, 0, 0, 0]));
    client.pipe(origin).pipe(client);
  });
  origin.on("error", () => client.destroy());
  client.on("close", () => origin.destroy());
}

/** Reads the given number of bytes. */
async function read(socket: net.Socket, count: number): Promise<Uint8Array> {
  while (true) {
    const bytes = socket.read(count);
    if (bytes !== null) return bytes;
    await new Promise((resolve) => socket.once("readable", resolve));
  }
}
