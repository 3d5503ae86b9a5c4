// Authentication: a challenge, then its answer with Basic, then with Bearer.
// The username and password come from the URL: http://user:password@host/path.
//
//   deno run --allow-net examples/basic_and_bearer.ts [URL [TOKEN]]

import { HttpAuthBasic, HttpAuthBearer, HttpRequest } from "@pimalaya/io-http";
import { HttpClient } from "@pimalaya/io-http/client";
import { openOrigin } from "./_server.ts";

await using origin = openOrigin("/private", Deno.args[0]);
const url = new URL(origin.url);
const username = decodeURIComponent(url.username || "Aladdin");
const password = decodeURIComponent(url.password || "open%20sesame");

/** Sends one request, over its own connection. */
async function ask(authorization?: string) {
  const request = HttpRequest.get(url);
  if (authorization !== undefined) {
    request.header("Authorization", authorization);
  }
  console.log(request.headers); // credentials are shown as [redacted]
  await using client = await HttpClient.connect(url);
  const { response } = await client.send(request);
  console.log(`${response.status} ${response.text()}`);
  return response;
}

const response = await ask();
for (const challenge of response.challenges()) {
  console.log(`It takes ${challenge.scheme} for ${challenge.param("realm")}\n`);
}

const basic = new HttpAuthBasic(username, password);
await ask(basic.toAuthorization());

const bearer = new HttpAuthBearer(Deno.args[1] ?? "a-token");
await ask(bearer.toAuthorization());
