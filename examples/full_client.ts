// The full client: it opens the connection, here with TLS, and has a time limit.
//
//   deno run --allow-net examples/full_client.ts [URL]

import { HttpRequest } from "@pimalaya/io-http";
import { HttpClient } from "@pimalaya/io-http/client";
import { openTlsOrigin } from "./_server.ts";

await using origin = openTlsOrigin("/hello", Deno.args[0]);

const signal = AbortSignal.timeout(10_000);
await using client = await HttpClient.connect(origin.url, {
  // The authority of the embedded origin, which no system trusts.
  tls: { caCerts: origin.caCerts },
  signal,
});

const request = HttpRequest.get(origin.url).header("Accept", "text/*");
const { response } = await client.send(request, { signal });

console.log(`${request.url.origin}: ${response.status} ${response.reason}`);
console.log(response.text());
