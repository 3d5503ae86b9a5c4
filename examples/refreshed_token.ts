// An API whose tokens expire. The agent asks for a new one when the API refuses
// the old one, once for all the calls that it refuses.
//
//   deno run --allow-net examples/refreshed_token.ts [URL [TOKEN]]

import { HttpAuthBearer } from "@pimalaya/io-http";
import { HttpAgent } from "@pimalaya/io-http/agent";
import { openApi } from "./_api.ts";

await using api = openApi(Deno.args[0]);

await using agent = new HttpAgent({
  async credentials({ attempt }) {
    // Tokens in a row that are refused will not get better.
    if (attempt > 2) return null;
    const token = Deno.args[1] ?? await api.issueToken();
    console.log(`  (a new token)`);
    return new HttpAuthBearer(token);
  },
});

for (let round = 1; round <= 3; round++) {
  const calls = [1, 2, 3].map(() => agent.send(api.url));
  const statuses = (await Promise.all(calls)).map(({ response }) =>
    response.status
  );
  console.log(`Round ${round}: ${statuses.join(", ")}`);
}
