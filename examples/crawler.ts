// A crawler: many pages on a few origins, twenty at a time. The agent pools the
// connections, decodes, retries busy pages, and gives up on pages that hang.
//
//   deno run --allow-net examples/crawler.ts [URL...]

import { HttpAgent } from "@pimalaya/io-http/agent";
import { openPages } from "./_server.ts";

await using pages = await openPages(Deno.args);

await using agent = new HttpAgent({
  timeouts: { head: 10_000, total: 60_000 },
  retry: true,
});
const queue = pages.urls.values();
const counts = new Map<number | string, number>();
await Promise.all(Array.from({ length: 20 }, async () => {
  for (const url of queue) {
    const outcome = await agent.send(url)
      .then(({ response }) => response.status, (error) => error.message);
    counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
  }
}));
console.log(counts);
