// A tunnel through a proxy: CONNECT, and then another exchange inside it.
//
//   deno run --allow-net examples/tunnel.ts [URL [PROXY]]

import { HttpRequest } from "@pimalaya/io-http";
import { HttpClient } from "@pimalaya/io-http/client";
import { openOrigin, openProxy } from "./_server.ts";

await using origin = openOrigin("/hello", Deno.args[0]);
await using proxy = await openProxy(Deno.args[1]);
const request = HttpRequest.get(origin.url);
const { protocol, hostname } = request.url;

await using outer = await HttpClient.connect(proxy.url);
const { response, upgraded } = await outer.send(
  new HttpRequest("CONNECT", request.url),
);
console.log("The proxy says:", response.status, response.reason);
if (!upgraded) throw new Error("There is no tunnel");

// TLS starts inside the tunnel, so the proxy sees only encrypted bytes.
const tunnel = outer.detach();
const stream = protocol === "https:"
  ? await tunnel.startTls!({ serverName: hostname })
  : tunnel;
await using inner = new HttpClient(stream);
const answer = await inner.send(request);
console.log("The origin says:", answer.response.status);
console.log(answer.response.text());
