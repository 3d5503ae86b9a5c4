// Runs the suite in workerd: `workerd test` calls `test`, which prints the
// outcomes. Before that, requests end amid calls. Their promises and timers are lost,
// and nothing that follows may wait for them.

import { HttpAgent } from "../../../agent/mod.ts";
import {
  type CloudflareConnect,
  cloudflareConnector,
} from "../../../client/connect/cloudflare.ts";
import {
  type ByteStream,
  HttpClient,
  type HttpConnector,
} from "../../../client/mod.ts";
import { HttpRequest } from "../../../mod.ts";
import { equal } from "../../_sweep.ts";
import { runSuite } from "../suite.ts";
import type { Action } from "../cases/_case.ts";

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

interface Bindings {
  readonly SITE: string;
  /** This worker. */
  readonly SELF: { fetch(url: string): Promise<Response> };
}

const CHALLENGE = "HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm=a\r\n" +
  "Content-Length: 0\r\n\r\n";

let onAsked = () => {};
let credentials = () => {
  onAsked();
  return new Promise<null>(() => {});
};
const asked = () => credentials();

/** Start calls, and return while they are at work. */
const LEAVES: ((connector: HttpConnector, url: string) => unknown)[] = [
  // It finds out what the runtime decodes.
  (connector, url) => void new HttpAgent({ connector }).send(url),
  // It asks for credentials.
  (connector, url) =>
    new Promise<void>((resolve) => {
      onAsked = resolve;
      new HttpAgent({ connector, credentials: asked }).send(url);
    }),
  // It waits a turn of the event loop.
  async (connector, url) => {
    const client = await HttpClient.connect(url, { connector });
    client.send(HttpRequest.get(url));
  },
];
let left = 0;

async function checkLeft(
  url: string,
  connector: HttpConnector,
): Promise<void> {
  credentials = () => Promise.resolve(null);
  await using agent = new HttpAgent({ connector, credentials: asked });
  equal("status", (await agent.send(url)).response.status, 401);
}

export default {
  async fetch({ url }: Request): Promise<Response> {
    const { connect } = await import(SOCKETS) as Sockets;
    await LEAVES[left++]!(cloudflareConnector(connect), url);
    return new Response();
  },

  async test(_: unknown, { SITE, SELF }: Bindings): Promise<void> {
    const { connect } = await import(SOCKETS) as Sockets;
    const site = JSON.parse(SITE);
    const scripts: Action[][] = [["head", { write: CHALLENGE }]];
    const body = JSON.stringify(scripts);
    const origin = `http://127.0.0.1:${site.port}`;
    const started = await fetch(`${origin}/peer`, { method: "POST", body });
    const url = `http://127.0.0.1:${(await started.json()).port}/`;
    for (const _ of LEAVES) await SELF.fetch(url);
    await checkLeft(url, cloudflareConnector(connect));
    await runSuite({
      site,
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
