// Uploads a file, piece by piece, with its Content-Length.
//
//   deno run --allow-net --allow-read examples/upload.ts [URL [FILE]]

import { HttpRequest } from "@pimalaya/io-http";
import { HttpClient } from "@pimalaya/io-http/client";
import { openOrigin } from "./_server.ts";

await using origin = openOrigin("/upload", Deno.args[0]);
await using client = await HttpClient.connect(origin.url);

using file = await Deno.open(Deno.args[1] ?? new URL(import.meta.url));
const { size } = await file.stat();

// Without a Content-Length, the body would be chunked.
const request = HttpRequest.put(origin.url)
  .header("Content-Type", "application/octet-stream")
  .header("Content-Length", `${size}`);
const exchange = await client.exchange(request, { body: file.readable });

const { status, reason } = exchange.response;
console.log(`Sent ${size} bytes: ${status} ${reason}`);
console.log(await exchange.text());
