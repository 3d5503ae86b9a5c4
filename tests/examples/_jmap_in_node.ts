// The lines of `examples/jmap_session.ts`, for Node.

import process from "node:process";
import { Secret } from "@pimalaya/io-http";
import { HttpClient } from "@pimalaya/io-http/client";
import { callMethod } from "../../examples/libraries/jmap.ts";

const [url, token] = process.argv.slice(2);
const call = callMethod(
  url!,
  new Secret(`Bearer ${token}`),
  "urn:ietf:params:jmap:mail",
  "Mailbox/get",
);
let client = await HttpClient.connect(url!);
let step = await client.run(call);
while (step.type === "WantsConnection") {
  await client.close();
  client = await HttpClient.connect(step.url);
  step = await client.run(call);
}
await client.close();
console.log(step.value);
