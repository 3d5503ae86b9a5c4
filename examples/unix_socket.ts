// Requests over a Unix socket, such as that of a local service.
//
//   deno run --allow-net --allow-read --allow-write examples/unix_socket.ts [SOCKET [URL]]

import { HttpAgent } from "@pimalaya/io-http/agent";
import { openUnixOrigin } from "./_server.ts";

await using origin = await openUnixOrigin(Deno.args[0]);

await using agent = new HttpAgent({ connectTo: { unixPath: origin.path } });
// The URL gives `Host` and the path, but not the address to connect to.
const url = Deno.args[1] ?? "http://localhost/hello";
const { response } = await agent.send(url);
console.log(response.status, response.reason);
console.log(response.text());
