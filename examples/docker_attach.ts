// Attaches to the output of a container: Docker upgrades the connection of a
// request to a raw stream over its Unix socket.
//
//   deno run --allow-net --allow-read --allow-write examples/docker_attach.ts [SOCKET [CONTAINER]]

import { HttpRequest } from "@pimalaya/io-http";
import { HttpClient } from "@pimalaya/io-http/client";
import { openDocker } from "./_server.ts";

await using docker = await openDocker(Deno.args[0]);
const container = Deno.args[1] ?? "web";

await using client = await HttpClient.connect("http://docker", {
  unixPath: docker.path,
});
const path = `/containers/${container}/attach?stream=1&stdout=1&stderr=1`;
const exchange = await client.exchange(
  HttpRequest.post(`http://docker${path}`)
    .header("Upgrade", "tcp")
    .header("Connection", "Upgrade"),
);
if (!exchange.upgraded) throw new Error(await exchange.text());

// Each frame has a head of eight bytes: its stream and its length.
const { readable, writable } = exchange.detach();
const reader = readable.getReader({ mode: "byob" });
while (true) {
  const head = await read(8);
  if (head.length < 8) break;
  const stream = head[0] === 2 ? "stderr" : "stdout";
  const length = new DataView(head.buffer, head.byteOffset).getUint32(4);
  const text = new TextDecoder().decode(await read(length));
  console.log(`${stream}: ${text.trimEnd()}`);
}
await writable.close();

/** Reads the given number of bytes, or fewer at the end. */
async function read(length: number): Promise<Uint8Array> {
  if (length === 0) return new Uint8Array(0);
  const { value } = await reader.read(new Uint8Array(length), { min: length });
  return value ?? new Uint8Array(0);
}
