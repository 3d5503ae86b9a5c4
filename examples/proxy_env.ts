// A program behind a proxy: `proxy: "env"` follows `http_proxy`, `https_proxy`,
// `all_proxy`, and `no_proxy`. Without a URL, it starts its own proxy.
//
//   deno run --allow-net --allow-env examples/proxy_env.ts [URL]

import { HttpAgent } from "@pimalaya/io-http/agent";
import { openOrigin, openProxy } from "./_server.ts";

await using origin = openOrigin("/hello", Deno.args[0]);
await using proxy = await openProxy();
if (Deno.args[0] === undefined) Deno.env.set("http_proxy", proxy.url);

await using agent = new HttpAgent({ proxy: "env" });
const { response, info } = await agent.send(origin.url);

console.log(
  `${response.status} ${response.reason}, via ${response.header("Via")}`,
);
console.log("Connected to", info?.remote);
console.log(response.text());
