// An API whose tokens expire. When the API refuses a token, the agent asks for a
// new one, once for all calls.
//
//   deno run --allow-net examples/refreshed_token.ts [URL [TOKEN]]

import { HttpAuthBearer } from "@pimalaya/io-http";
import { HttpAgent } from "@pimalaya/io-http/agent";
import { openApi } from "./_api.ts";

await using api = openApi(Deno.args[0]);

await using agent = new HttpAgent({
  async credentials({ url, attempt }) {
    // Any origin may ask, after a redirect for example: give none to others.
    if (url.origin !== new URL(api.url).origin) return null;
    // The third refusal in a row is final: another token would not help.
    if (attempt > 2) return null;
    const token = Deno.args[1] ?? await api.issueToken();
    console.log("  (a new token)");
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
