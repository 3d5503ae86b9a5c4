// The client never follows a redirect: you see each one, and decide.
//
//   deno run --allow-net examples/redirect.ts [URL]

import { HttpRequest, redirectRequest } from "@pimalaya/io-http";
import { HttpClient } from "@pimalaya/io-http/client";
import { openOrigin } from "./_server.ts";

const MAX_REDIRECTS = 10;

await using origin = openOrigin("/old", Deno.args[0]);

let request = HttpRequest.get(origin.url);
let client = await HttpClient.connect(request.url);
try {
  for (let count = 0;; count++) {
    const output = await client.send(request);
    const { response, redirect } = output;
    console.log(response.status, request.url.href);
    if (redirect === null) {
      console.log(response.text());
      break;
    }
    if (count === MAX_REDIRECTS) throw new Error("Too many redirects");
    // Drops the body, credentials, and secrets if they must not go there.
    request = redirectRequest(request, output);
    if (!redirect.sameOrigin || !client.reusable) {
      console.log("    over a new connection:");
      await client.close();
      client = await HttpClient.connect(request.url);
    }
  }
} finally {
  await client.close();
}
