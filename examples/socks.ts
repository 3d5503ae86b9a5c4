// SOCKS5: the proxy resolves names, as Tor requires.
//
//   deno run --allow-net examples/socks.ts [URL [PROXY]]

import { HttpAgent } from "@pimalaya/io-http/agent";
import { openOrigin } from "./_server.ts";
import { openSocks } from "./_socks.ts";

await using origin = openOrigin("/hello", Deno.args[0]);
await using proxy = await openSocks(Deno.args[1]);

await using agent = new HttpAgent({ proxy: proxy.url });
for (let i = 0; i < 2; i++) {
  const { response } = await agent.send(origin.url);
  console.log(`${response.status}: ${response.text().trim()}`);
}
console.log("Open connections:", agent.stats().open);
