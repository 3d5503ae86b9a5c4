// Presents a client certificate to a server with a private authority.
//
//   deno run --allow-net --allow-read examples/client_certificate.ts [URL CERT KEY [CA]]

import { HttpAgent } from "@pimalaya/io-http/agent";
import { openMutualTlsOrigin } from "./_server.ts";

await using origin = await openMutualTlsOrigin(Deno.args);

await using agent = new HttpAgent({ tls: origin.tls });
const { response, info } = await agent.send(origin.url);
console.log(response.status, response.text());
console.log(info?.tls);
