// Calls one JMAP method, with a library that does no I/O: this program opens the
// connections that the library asks for.
//
//   deno run --allow-net examples/jmap_session.ts [URL TOKEN]

import { Secret } from "@pimalaya/io-http";
import { HttpClient } from "@pimalaya/io-http/client";
import { openOrigin } from "./_server.ts";
import { callMethod } from "./libraries/jmap.ts";

await using origin = openOrigin("/", Deno.args[0]);
const authorization = new Secret(`Bearer ${Deno.args[1] ?? "a-token"}`);

const call = callMethod(
  origin.url,
  authorization,
  "urn:ietf:params:jmap:mail",
  "Mailbox/get",
  { ids: null },
);
let client = await HttpClient.connect(origin.url);
let step = await client.run(call);
while (step.type === "WantsConnection") {
  await client.close();
  client = await HttpClient.connect(step.url);
  step = await client.run(call); // the same coroutine continues
}
await client.close();
console.log(step.value);
