/**
 * Agents: calls over as many connections as they need. An agent pools
 * connections, follows redirects, resends requests if that is safe, limits the
 * time, and decodes content codings. Its `fetch` can be passed to any library.
 *
 * @example Send a request, and use its `fetch`
 * ```ts ignore
 * import { HttpAgent } from "@pimalaya/io-http/agent";
 *
 * await using agent = new HttpAgent({
 *   timeouts: { total: 30_000 },
 *   retry: true,
 * });
 * const { response, url } = await agent.send("https://example.com/");
 * console.log(url.href, response.status, response.text());
 *
 * const repository = await agent.fetch("https://example.com/repository");
 * console.log(await repository.json());
 * ```
 *
 * @example Follow a redirect by hand, without I/O
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { HttpHeaders, HttpRequest, HttpResponse } from "@pimalaya/io-http";
 * import { HttpCall } from "@pimalaya/io-http/agent";
 *
 * const call = new HttpCall(HttpRequest.get("http://example.com/old"));
 * call.resume();
 * const step = call.resume({
 *   type: "Response",
 *   response: new HttpResponse({
 *     status: 301,
 *     headers: new HttpHeaders({ Location: "/new" }),
 *   }),
 *   reused: false,
 *   now: 0,
 * });
 *
 * assertEquals(
 *   step.type === "WantsExchange" && step.request.url.pathname,
 *   "/new",
 * );
 * ```
 *
 * @module
 */

export type { HttpTimeouts } from "../error.ts";
export { HttpAgent } from "./agent.ts";
export { HttpCall } from "./call.ts";
export type { HttpCallCookies, HttpCallOptions } from "./call_options.ts";
export type { HttpClock } from "./clock.ts";
export type {
  HttpCallExchange,
  HttpCallInput,
  HttpCallStep,
} from "./conversation.ts";
export type {
  HttpCredential,
  HttpCredentials,
  HttpCredentialsAsk,
  HttpPassword,
} from "./credentials.ts";
export type {
  HttpAgentExchange,
  HttpAgentFacts,
  HttpAgentOutput,
  HttpTimings,
} from "./facts.ts";
export { createFetch } from "./fetch.ts";
export { HttpCallMemory } from "./memory.ts";
export type {
  HttpAgentCallOptions,
  HttpAgentHeadersInit,
  HttpAgentOptions,
  HttpAgentSendOptions,
  HttpDecodeOptions,
  HttpDecoderPair,
  HttpWarning,
} from "./options.ts";
export type { HttpPoolStats } from "./pool.ts";
export type { HttpPoolOptions } from "./pool_limits.ts";
export {
  type HttpPoolAskOptions,
  type HttpPoolCounts,
  type HttpPoolDecision,
  type HttpPoolFreeOptions,
  HttpPoolState,
} from "./pool_state.ts";
export { type HttpProxyConnectorOptions, proxyConnector } from "./proxy.ts";
export type { HttpHop, HttpRedirectMode } from "./redirects.ts";
export type { HttpBackoff, HttpRetryOptions } from "./retry.ts";
export type { HttpConnectTo } from "./route.ts";
