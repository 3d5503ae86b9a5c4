// Runs the suite in Node and in Bun: `node bundle.js SITE` prints the outcomes.

import { connect, type Socket } from "node:net";
import process from "node:process";
import { Duplex } from "node:stream";
import { nodeConnector } from "../../../client/connect/node.ts";
import { connectorLink, type Outcome, runSuite } from "../suite.ts";
import { streamsOf } from "./_socket_events.ts";

await runSuite({
  site: JSON.parse(process.argv[2]!),
  lacks: { closeNotify: "its TLS hides an end without close_notify" },
  links: [
    connectorLink("nodeConnector", nodeConnector),
    {
      name: "Duplex.toWeb",
      connector: null,
      open: async (port) => Duplex.toWeb(await open(port)),
    },
    {
      name: "streams by events",
      connector: null,
      open: async (port) => streamsOf(await open(port)),
    },
  ],
  report: (outcome: Outcome) => console.log(JSON.stringify(outcome)),
});

async function open(port: number): Promise<Socket> {
  const socket = connect({ host: "127.0.0.1", port });
  await new Promise((resolve, reject) => {
    socket.once("connect", resolve);
    socket.once("error", reject);
  });
  return socket;
}
