// Runs the suite in workerd: `workerd test` calls `test`, which prints the
// outcomes.

import {
  type CloudflareConnect,
  cloudflareConnector,
} from "../../../client/connect/cloudflare.ts";
import type { ByteStream } from "../../../client/mod.ts";
import { runSuite } from "../suite.ts";

interface Socket extends ByteStream {
  readonly opened: Promise<unknown>;
}
interface Sockets {
  readonly connect:
    & CloudflareConnect
    & ((address: { hostname: string; port: number }) => Socket);
}

// In a variable, so that no other runtime and no bundler resolves it.
const SOCKETS: string = "cloudflare:sockets";
const UNTRUSTED = "cloudflare:sockets trusts no authority of ours";

export default {
  async test(_: unknown, { SITE }: { readonly SITE: string }): Promise<void> {
    const { connect } = await import(SOCKETS) as Sockets;
    await runSuite({
      site: JSON.parse(SITE),
      lacks: {
        clientCertificate: "cloudflare:sockets has no client certificates",
        closeNotify: UNTRUSTED,
        tls: UNTRUSTED,
        transport: "this package drives its streams",
        unix: "cloudflare:sockets has no Unix sockets",
      },
      links: {
        cloudflareConnector: cloudflareConnector(connect),
        async "a bare Socket"(port) {
          const socket = connect({ hostname: "127.0.0.1", port });
          await socket.opened;
          return socket;
        },
      },
      report: (outcome) => console.log(JSON.stringify(outcome)),
    });
  },
};
