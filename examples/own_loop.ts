// Your own loop: the coroutine says what it needs, and you do the I/O.
//
//   deno run --allow-net examples/own_loop.ts [URL]

import { Http11Send, HttpRequest } from "@pimalaya/io-http";
import { openOrigin } from "./_server.ts";

await using origin = openOrigin("/hello", Deno.args[0]);
const request = HttpRequest.get(origin.url);

const { protocol, hostname, port } = request.url;
using conn = protocol === "https:"
  ? await Deno.connectTls({ hostname, port: Number(port || 443) })
  : await Deno.connect({ hostname, port: Number(port || 80) });

const send = new Http11Send(request);
const buffer = new Uint8Array(16384);
let step = send.resume();
while (step.type === "WantsWrite" || step.type === "WantsRead") {
  if (step.type === "WantsWrite") {
    let bytes: Uint8Array = step.bytes;
    while (bytes.length > 0) bytes = bytes.subarray(await conn.write(bytes));
    step = send.resume();
  } else {
    const length = await conn.read(buffer) ?? 0; // no bytes mean end of file
    step = send.resume(buffer.subarray(0, length));
  }
}
if (step.type === "Err") throw step.error;

const { response, keepAlive } = step;
console.log(response.version, response.status, response.reason);
console.log(response.text());
console.log(keepAlive ? "The connection may be reused" : "It has to close");
