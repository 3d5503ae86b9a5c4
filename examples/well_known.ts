// Discovery: the URL of a service of an origin (RFC 8615).
//
//   deno run --allow-net examples/well_known.ts [URL [SERVICE]]

import { WellKnown } from "@pimalaya/io-http";
import { HttpClient } from "@pimalaya/io-http/client";
import { openOrigin } from "./_server.ts";

await using origin = openOrigin("/", Deno.args[0]);

const lookup = new WellKnown(origin.url, Deno.args[1] ?? "caldav");
await using client = await HttpClient.connect(lookup.request.url);
const { response, redirect } = await client.run(lookup);

console.log(response.status, lookup.request.url.href);
if (redirect !== null) console.log("The service is at", redirect.url.href);
else console.log(response.text());
