// Runs the suite in Deno: `deno run bundle.js PORT` prints the report.

import { runSuite } from "../suite.ts";

const report = await runSuite({
  "Deno.Conn": connect,
  "streams of a Deno.Conn": async (port) => {
    const { readable, writable } = await connect(port);
    return { readable, writable };
  },
}, Number(Deno.args[0]));
console.log(JSON.stringify(report));

function connect(port: number): Promise<Deno.TcpConn> {
  return Deno.connect({ hostname: "127.0.0.1", port });
}
