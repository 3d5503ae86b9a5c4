// 103 (Early Hints, RFC 8297): links for a page, before the page is ready.
//
//   deno run --allow-net examples/early_hints.ts [URL]

import { HttpRequest } from "@pimalaya/io-http";
import { HttpClient } from "@pimalaya/io-http/client";
import { openHintingOrigin } from "./_server.ts";

await using origin = await openHintingOrigin(Deno.args[0]);
await using client = await HttpClient.connect(origin.url);

const exchange = await client.exchange(HttpRequest.get(origin.url), {
  // Called as soon as a 1xx arrives; `send` returns all of them at the end.
  onInterim({ status, headers }) {
    for (const link of headers.getAll("link")) console.log(status, link);
  },
});

console.log(exchange.response.status, exchange.response.reason);
console.log(await exchange.text());
