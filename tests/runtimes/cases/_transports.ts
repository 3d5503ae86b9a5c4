// Connections below HTTP, through the connectors of the runtime.

import { openConnection } from "../../../client/connect/open.ts";
import type {
  HttpAddress,
  HttpConnection,
} from "../../../client/transport/http_connection.ts";
import {
  readFrom,
  takeTransport,
  type Transport,
} from "../../../client/transport/transport.ts";
import { toText } from "../../_text.ts";
import type { Action, Env, Peer } from "./_case.ts";

/** The options of TLS. */
export type Tls = Exclude<Parameters<typeof openConnection>[0]["tls"], null>;

export const HOST = "127.0.0.1";

/** Opens a connection to a port or an address; with TLS unless that is `null`. */
export function open(
  { connector, caCert }: Env,
  target: number | HttpAddress,
  tls: Partial<Tls> | null,
  signal?: AbortSignal,
): Promise<HttpConnection> {
  return openConnection({
    connector,
    target: typeof target === "number"
      ? { hostname: HOST, port: target }
      : target,
    tls: tls && { serverName: "localhost", caCerts: [caCert], ...tls },
    signal,
  });
}

/** Opens a connection to a peer, and takes its transport. */
export async function openPeer(
  env: Env,
  script: Action[],
  tls: boolean,
): Promise<{ peer: Peer; transport: Transport }> {
  const peer = await env.peer([script], { tls });
  const connection = await open(env, peer.port, tls ? {} : null);
  return { peer, transport: take(connection) };
}

/** Takes the transport of one of our connections. */
export function take(connection: HttpConnection): Transport {
  const transport = takeTransport(connection);
  if (transport === null) throw new Error("The connection is not ours");
  return transport;
}

/** Reads through the end of a text. */
export async function readUntil(
  transport: Transport,
  end: string,
): Promise<string> {
  let text = "";
  while (!text.includes(end)) {
    const bytes = await readFrom(transport);
    if (bytes === null) throw new Error(`The end of file comes after ${text}`);
    text += toText(bytes);
    transport.recycle(bytes);
  }
  return text;
}
