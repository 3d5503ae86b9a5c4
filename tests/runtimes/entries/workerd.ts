// Runs the suite in workerd: `workerd test` calls `test`, which prints the report.

import type { ByteStream } from "../../../client/mod.ts";
import { runSuite } from "../suite.ts";

interface Socket extends ByteStream {
  readonly opened: Promise<unknown>;
}
interface Sockets {
  connect(address: { hostname: string; port: number }): Socket;
}

// As a variable: no other runtime resolves it, and no bundler.
const SOCKETS: string = "cloudflare:sockets";

export default {
  async test(_: unknown, { PORT }: { readonly PORT: string }): Promise<void> {
    const { connect } = await import(SOCKETS) as Sockets;
    const report = await runSuite({
      "connect() of cloudflare:sockets": async (port) => {
        const socket = connect({ hostname: "127.0.0.1", port });
        await socket.opened;
        return socket;
      },
    }, Number(PORT));
    console.log(JSON.stringify(report));
  },
};
