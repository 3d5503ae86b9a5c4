// A Cloudflare Worker. A socket belongs to the request that opened it, so each
// request has its own agent. In the Worker itself, `connect` is imported:
//
//   import { connect } from "cloudflare:sockets";
//   export default { fetch: (request) => handle(request, connect) };
//
// Here, a stand-in opens the sockets, so that the example runs anywhere:
//
//   deno run --allow-net examples/worker.ts [URL]

import { HttpAgent } from "@pimalaya/io-http/agent";
import { cloudflareConnector } from "@pimalaya/io-http/client";
import { connectStandIn, openOrigin } from "./_server.ts";

await using origin = openOrigin("/hello", Deno.args[0]);

async function handle(
  request: Request,
  connect: Parameters<typeof cloudflareConnector>[0],
): Promise<Response> {
  await using agent = new HttpAgent({
    connector: cloudflareConnector(connect),
  });
  const { response } = await agent.send(request.url);
  return response.toResponse();
}

const response = await handle(new Request(origin.url), connectStandIn);
console.log(response.status, await response.text());
