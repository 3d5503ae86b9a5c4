// Downloads into a file, piece by piece: memory does not grow with the body.
//
//   deno run --allow-net --allow-write examples/download.ts [URL [FILE]]

import { HttpRequest } from "@pimalaya/io-http";
import { HttpClient } from "@pimalaya/io-http/client";
import { ProgressLine } from "./_progress.ts";
import { openOrigin } from "./_server.ts";

await using origin = openOrigin("/download", Deno.args[0]);
await using client = await HttpClient.connect(origin.url);

const { response, body } = await client.exchange(HttpRequest.get(origin.url));
if (!response.isSuccess) throw new Error(`The answer is ${response.status}`);

const path = Deno.args[1] ?? await Deno.makeTempFile({ suffix: ".download" });
using file = await Deno.open(path, {
  write: true,
  truncate: true,
  create: true,
});
const progress = new ProgressLine(response.header("content-length"));
await body.pipeThrough(progress).pipeTo(file.writable);

console.log(`${progress.bytes} bytes in ${path}`);
