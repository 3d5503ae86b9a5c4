/**
 * Agents: many connections, and the policies of a call over them.
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

export type { HttpBackoff } from "./backoff.ts";
export {
  HttpCall,
  type HttpCallExchange,
  type HttpCallInput,
  type HttpCallOptions,
  type HttpCallStep,
  type HttpHop,
} from "./call.ts";
export type { HttpCallCookies } from "./call_cookies.ts";
export type {
  HttpCredential,
  HttpCredentials,
  HttpCredentialsAsk,
  HttpPassword,
} from "./credentials.ts";
export type { HttpDecodeOptions } from "./decode.ts";
export type { HttpDecoderPair } from "./decode_pair.ts";
export { HttpCallMemory } from "./memory.ts";
export { type HttpProxyConnectorOptions, proxyConnector } from "./proxy.ts";
export type { HttpRedirectMode } from "./redirects.ts";
export type { HttpRetryOptions } from "./retry.ts";
export type { HttpPoolOptions } from "./pool_limits.ts";
export {
  type HttpPoolAskOptions,
  type HttpPoolCounts,
  type HttpPoolDecision,
  type HttpPoolFreeOptions,
  HttpPoolState,
} from "./pool_state.ts";
