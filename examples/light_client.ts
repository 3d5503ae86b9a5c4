// The light client: over a stream of any kind that you opened.
//
//   deno run --allow-net examples/light_client.ts [URL]

import { HttpRequest } from "@pimalaya/io-http";
import { HttpClient } from "@pimalaya/io-http/client";
import { openOrigin } from "./_server.ts";

await using origin = openOrigin("/hello", Deno.args[0]);

const { protocol, hostname, port } = new URL(origin.url);
const conn = protocol === "https:"
  ? await Deno.connectTls({ hostname, port: Number(port || 443) })
  : await Deno.connect({ hostname, port: Number(port || 80) });
await using client = new HttpClient(conn);

const { response } = await client.send(HttpRequest.get(origin.url));
console.log(response.version, response.status, response.reason);
console.log(response.text());

if (client.reusable) {
  const { response } = await client.send(HttpRequest.head(origin.url));
  console.log("And again over the same connection:", response);
}
