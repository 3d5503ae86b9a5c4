// Runs the suite in Node and in Bun: `node bundle.js PORT` prints the report.

import { connect, type Socket } from "node:net";
import process from "node:process";
import { Duplex } from "node:stream";
import { runSuite } from "../suite.ts";
import { streamsOf } from "./_socket_events.ts";

const report = await runSuite({
  "Duplex.toWeb": async (port) => Duplex.toWeb(await open(port)),
  "events of a net.Socket": async (port) => streamsOf(await open(port)),
}, Number(process.argv[2]));
console.log(JSON.stringify(report));

async function open(port: number): Promise<Socket> {
  const socket = connect({ host: "127.0.0.1", port });
  await new Promise((resolve, reject) => {
    socket.once("connect", resolve);
    socket.once("error", reject);
  });
  return socket;
}
