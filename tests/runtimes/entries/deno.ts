// Runs the suite in Deno: `deno run bundle.js SITE` prints the outcomes.

import { denoConnector } from "../../../client/connect/deno.ts";
import { nodeConnector } from "../../../client/connect/node.ts";
import { connectorLink, type Outcome, runSuite } from "../suite.ts";

await runSuite({
  site: JSON.parse(Deno.args[0]!),
  links: [
    connectorLink("denoConnector", denoConnector),
    connectorLink("nodeConnector", nodeConnector),
    { name: "Deno.Conn", connector: null, open: connect },
    {
      name: "the streams of a Deno.Conn",
      connector: null,
      open: async (port) => {
        const { readable, writable } = await connect(port);
        return { readable, writable };
      },
    },
  ],
  report: (outcome: Outcome) => console.log(JSON.stringify(outcome)),
});

function connect(port: number): Promise<Deno.TcpConn> {
  return Deno.connect({ hostname: "127.0.0.1", port });
}
