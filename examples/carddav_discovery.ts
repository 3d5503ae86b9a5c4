// Finds the address books of a user, with a library that does no I/O: this
// program opens the connections that the library asks for.
//
//   deno run --allow-net examples/carddav_discovery.ts [URL USERNAME PASSWORD]

import { HttpAuthBasic, Secret } from "@pimalaya/io-http";
import { HttpClient } from "@pimalaya/io-http/client";
import { openOrigin } from "./_server.ts";
import { findAddressBooks } from "./libraries/carddav.ts";

await using origin = openOrigin("/", Deno.args[0]);
const { [1]: username = "Aladdin", [2]: password = "open sesame" } = Deno.args;
const basic = new HttpAuthBasic(username, password).toAuthorization();
const base = new URL(origin.url);

const discovery = findAddressBooks(
  base,
  (url) => url.origin === base.origin ? new Secret(basic) : null,
);
let client = await HttpClient.connect(base);
let step = await client.run(discovery);
while (step.type === "WantsConnection") {
  await client.close();
  client = await HttpClient.connect(step.url);
  step = await client.run(discovery); // the same coroutine continues
}
await client.close();
for (const { name, url } of step.value) console.log(`${name}: ${url}`);
