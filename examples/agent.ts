// The agent: it takes care of connections, redirects, content codings, and time
// limits.
//
//   deno run --allow-net examples/agent.ts [URL]

import { HttpAgent } from "@pimalaya/io-http/agent";
import { openOrigin } from "./_server.ts";

await using origin = openOrigin("/old", Deno.args[0]);
await using agent = new HttpAgent({ timeouts: { total: 30_000 } });

const { response, url, hops } = await agent.send(origin.url);
console.log(`${response.status} from ${url} after ${hops.length} redirects`);
console.log(response.text());
