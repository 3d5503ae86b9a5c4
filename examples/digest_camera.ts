// A camera that requires Digest. The agent answers its first 401, and authenticates
// later requests at once. The username and password come from the URL.
//
//   deno run --allow-net examples/digest_camera.ts [URL]

import { HttpAgent } from "@pimalaya/io-http/agent";
import { openCamera } from "./_camera.ts";

await using camera = openCamera(Deno.args[0]);
await using agent = new HttpAgent();

for (let picture = 1; picture <= 3; picture++) {
  const { response, attempts } = await agent.send(camera.url);
  const { status, body } = response;
  console.log(`Picture ${picture}: ${status}, ${body.length} bytes`);
  console.log(`  in ${attempts} request${attempts === 1 ? "" : "s"}`);
}
