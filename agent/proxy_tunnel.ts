// Tunnels through HTTP proxies (RFC 9110 §9.3.6):
//
//   CONNECT ── 2xx ──────> tunnel
//      ^ │ └── 407 ──────> answer it if possible
//      └─┼───────────────────┘   on the same connection if it is still open
//        └── any other ──> ProxyRefused
//
// A 407 from inside the tunnel is the origin's, and does not come here.

import type { HttpClient } from "../client/client.ts";
import { abortable } from "../client/transport/abortable.ts";
import {
  formatAddress,
  type HttpAddress,
  type HttpConnection,
} from "../client/transport/http_connection.ts";
import { quoteBytes } from "../core/quote.ts";
import { HttpRequest } from "../rfc9110/request.ts";
import type { HttpResponse } from "../rfc9110/response.ts";
import { askForCredentials } from "./ask.ts";
import type { Authentication } from "./authentication.ts";
import type { HttpCredentials } from "./credentials.ts";
import {
  explainProxy,
  hasHungUp,
  proxyFailed,
  proxyRefused,
} from "./proxy_failure.ts";

/** How to talk to the proxy. */
export interface TunnelOptions {
  /** Opens a connection to it. */
  open(): Promise<HttpClient>;
  /** Answers its challenges; `null` if there are no credentials. */
  readonly authentication: Authentication | null;
  /** Finds the credentials to answer with. */
  readonly credentials: HttpCredentials | null;
  readonly signal: AbortSignal | undefined;
}

// A refusal is a page for people. A longer one would only fill memory.
const MAX_REFUSAL_BYTES = 1 << 20;

/**
 * Opens a tunnel to a target.
 *
 * @throws {HttpError} If the proxy cannot be reached, refuses, or breaks HTTP.
 */
export async function openTunnel(
  proxy: URL,
  target: HttpAddress,
  options: TunnelOptions,
): Promise<HttpConnection> {
  let client: HttpClient | null = null;
  while (true) {
    const isReused = client !== null;
    try {
      client ??= await options.open();
      const connection = await connect(client, proxy, target, options);
      if (connection !== null) return connection;
      if (client.reusable) continue;
      await client.close();
    } catch (error) {
      await client?.close();
      // It closed after its 407, without announcing that.
      if (!isReused || !hasHungUp(error)) {
        throw explainProxy(error, proxy, target);
      }
    }
    client = null;
  }
}

/** Sends CONNECT once. Returns `null` if it has to be sent again. */
async function connect(
  client: HttpClient,
  proxy: URL,
  target: HttpAddress,
  { authentication, credentials, signal }: TunnelOptions,
): Promise<HttpConnection | null> {
  const authority = formatAddress(target);
  // CONNECT always names the port, so the scheme does not matter.
  const request = new HttpRequest("CONNECT", `https://${authority}`);
  const value = authentication?.authorize({
    method: "CONNECT",
    target: authority,
    body: request.body,
  });
  if (value) request.header("Proxy-Authorization", value);
  const { response, upgraded, remaining } = await client.send(request, {
    signal,
    maxBodyBytes: MAX_REFUSAL_BYTES,
  });
  if (!upgraded) {
    const isAnswered = response.status === 407 && authentication !== null &&
      await answers(authentication, response, credentials, signal);
    if (isAnswered) return null;
    throw proxyRefused(proxy, target, response);
  }
  authentication?.learn(response.header("proxy-authentication-info"));
  // Neither TLS nor HTTP servers speak first, so this is the proxy's own.
  if (remaining.length > 0) {
    throw proxyFailed(
      "InvalidProxyReply",
      proxy,
      target,
      `bytes follow its response to CONNECT: ${
        quoteBytes(remaining, 0, remaining.length)
      }`,
    );
  }
  return client.detach();
}

/** Returns whether CONNECT is worth another try. */
async function answers(
  authentication: Authentication,
  response: HttpResponse,
  credentials: HttpCredentials | null,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const challenges = response.challenges("proxy-authenticate");
  let reaction = authentication.challenged(challenges);
  if (reaction.type === "Ask" && credentials !== null) {
    const asked = askForCredentials(credentials, reaction.ask);
    reaction = authentication.accept(await abortable(asked, signal));
  }
  return reaction.type === "Resend";
}
