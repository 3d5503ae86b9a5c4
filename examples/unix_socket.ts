// A loop of your own over a Unix socket, such as that of a local service.
//
//   deno run --allow-net --allow-read --allow-write examples/unix_socket.ts [SOCKET [URL]]

import { Http11Send, HttpRequest } from "@pimalaya/io-http";
import { openUnixOrigin } from "./_server.ts";

await using origin = await openUnixOrigin(Deno.args[0]);

// The URL names the host and the path to ask for, and not where to connect.
const request = HttpRequest.get(Deno.args[1] ?? "http://localhost/hello");
using conn = await Deno.connect({ transport: "unix", path: origin.path });

const send = new Http11Send(request);
const buffer = new Uint8Array(16384);
let step = send.resume();
while (step.type === "WantsWrite" || step.type === "WantsRead") {
  if (step.type === "WantsWrite") {
    let bytes: Uint8Array = step.bytes;
    while (bytes.length > 0) bytes = bytes.subarray(await conn.write(bytes));
    step = send.resume();
  } else {
    const length = await conn.read(buffer) ?? 0; // no bytes say end of file
    step = send.resume(buffer.subarray(0, length));
  }
}
if (step.type === "Err") throw step.error;

console.log(step.response.status, step.response.reason);
console.log(step.response.text());
