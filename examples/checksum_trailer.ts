// Uploads to S3 with a checksum that is known only after the last byte. S3 wants
// chunks inside the body (`aws-chunked`), in the same format as HTTP's own, so
// `Http11ChunkEncoder` encodes them. Plain HTTP trailers are the option `trailers`.
//
//   deno run --allow-net --allow-read examples/checksum_trailer.ts [URL [FILE]]

import { createHash } from "node:crypto";
import { Http11ChunkEncoder, HttpRequest } from "@pimalaya/io-http";
import { HttpAgent } from "@pimalaya/io-http/agent";
import { openOrigin } from "./_server.ts";

const CHECKSUM = "x-amz-checksum-sha256";

await using origin = openOrigin("/bucket/key", Deno.args[0]);
await using agent = new HttpAgent();
using file = await Deno.open(Deno.args[1] ?? new URL(import.meta.url));
const { size } = await file.stat();

// A real upload also has a signature over the head, in `Authorization`.
const request = HttpRequest.put(origin.url, {
  headers: {
    "Content-Encoding": "aws-chunked",
    "X-Amz-Content-Sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
    "X-Amz-Decoded-Content-Length": `${size}`,
    "X-Amz-Trailer": CHECKSUM,
  },
});
const exchange = await agent.exchange(request, {
  body: awsChunked(file.readable),
});
console.log(exchange.response.status, await exchange.text());

/** Puts the pieces of a body into chunks, and their checksum into a trailer. */
async function* awsChunked(source: ReadableStream<Uint8Array>) {
  const hash = createHash("sha256");
  const encoder = new Http11ChunkEncoder();
  for await (const bytes of source) {
    hash.update(bytes);
    yield* encoder.chunk(bytes);
  }
  yield encoder.end({ [CHECKSUM]: hash.digest("base64") });
}
