// HTTP/1.0: a connection carries one exchange, unless both sides say `keep-alive`.
//
//   deno run --allow-net examples/http10.ts [URL]

import { HttpRequest } from "@pimalaya/io-http";
import { HttpClient } from "@pimalaya/io-http/client";
import { openOrigin } from "./_server.ts";

await using origin = openOrigin("/hello", Deno.args[0]);
await using client = await HttpClient.connect(origin.url);

const request = HttpRequest.get(origin.url);
const { response, closeReason } = await client.sendHttp10(request);

console.log(response.version, response.status, response.reason);
console.log(response.text());
console.log("Why the connection is not reused:", closeReason ?? "it may be");
