// A Cloudflare Worker. A socket belongs to the request that opened it, and a request
// may have six, so each request has its own small agent. It is not closed: the body
// streams after the handler has returned, and the sockets end with the request. In
// the Worker itself, `connect` is imported:
//
//   import { connect } from "cloudflare:sockets";
//   export default { fetch: (request) => handle(request, connect) };
//
// Here, a stand-in opens the sockets, so that the example runs anywhere:
//
//   deno run --allow-net examples/worker.ts [URL]

import { HttpAgent } from "@pimalaya/io-http/agent";
import { cloudflareConnector } from "@pimalaya/io-http/client";
import { connectStandIn, endStandIns, openOrigin } from "./_server.ts";

await using origin = openOrigin("/hello", Deno.args[0]);

async function handle(
  request: Request,
  connect: Parameters<typeof cloudflareConnector>[0],
): Promise<Response> {
  const agent = new HttpAgent({
    connector: cloudflareConnector(connect),
    pool: { maxConnections: 6 },
  });
  const exchange = await agent.exchange(request.url);
  return exchange.toResponse();
}

const response = await handle(new Request(origin.url), connectStandIn);
console.log(response.status, await response.text());
await endStandIns();
