// Runs the suite in Deno: `deno run bundle.mjs SITE` prints the outcomes.

import { denoConnector } from "../../../client/connect/deno.ts";
import { nodeConnector } from "../../../client/connect/node.ts";
import { runSuite } from "../suite.ts";

const connect = (port: number) => Deno.connect({ hostname: "127.0.0.1", port });

await runSuite({
  site: JSON.parse(Deno.args[0]!),
  links: {
    denoConnector,
    nodeConnector,
    "Deno.Conn": connect,
    async "the streams of a Deno.Conn"(port) {
      const { readable, writable } = await connect(port);
      return { readable, writable };
    },
  },
  report: (outcome) => console.log(JSON.stringify(outcome)),
});
