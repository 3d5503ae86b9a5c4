// An OAuth 2.0 token that is refreshed when it expires, with a library that does
// no I/O and reads no clock.
//
//   deno run --allow-net examples/oauth_refresh.ts [TOKEN_ENDPOINT ID SECRET]

import { HttpClient } from "@pimalaya/io-http/client";
import { openOrigin } from "./_server.ts";
import { freshToken, requestToken } from "./libraries/oauth.ts";

const [endpoint, id = "app", secret = "open sesame"] = Deno.args;
await using origin = openOrigin("/token", endpoint);
await using client = await HttpClient.connect(origin.url);

const app = { tokenEndpoint: origin.url, id, secret };
const grant = { grant_type: "client_credentials" };
const { value: token } = await client.run(requestToken(app, grant, Date.now()));
if ("error" in token) throw new Error(token.error);
console.log("A token:", token);

// Nothing is sent while the token is good; an hour later, it is refreshed.
const later = Date.now() + 60 * 60 * 1000;
const { value: next } = await client.run(freshToken(app, token, later));
if ("error" in next) throw new Error(next.error);
console.log("Refreshed:", next.access.expose() !== token.access.expose());
