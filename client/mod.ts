/**
 * Clients: the coroutines of `@pimalaya/io-http` driven over connections, over
 * a stream that you opened or one that is opened for you.
 *
 * @example An exchange over any pair of streams
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { HttpRequest } from "@pimalaya/io-http";
 * import { HttpClient } from "@pimalaya/io-http/client";
 *
 * // A server in memory, which answers whatever it is asked.
 * const readable = new Response("HTTP/1.1 204 No Content\r\n\r\n").body!;
 * const writable = new WritableStream<Uint8Array>();
 *
 * await using client = new HttpClient({ readable, writable });
 * const { response } = await client.send(HttpRequest.get("http://example.com/"));
 *
 * assertEquals(response.status, 204);
 * ```
 *
 * @module
 */

export {
  HttpClient,
  type HttpClientOptions,
  type HttpConnectOptions,
} from "./client.ts";
export { cloudflareConnector } from "./connect/cloudflare.ts";
export type { CloudflareConnect } from "./connect/cloudflare.ts";
export { defaultConnector } from "./connect/default.ts";
export { denoConnector } from "./connect/deno.ts";
export { nodeConnector } from "./connect/node.ts";
export {
  type HttpEvents,
  readEvents,
  type ReadEventsOptions,
} from "./events.ts";
export type { HttpExchange, HttpExchangeOptions } from "./exchange/exchange.ts";
export type { HttpTrailersInit } from "./exchange/request_plan.ts";
export type { HttpRunOptions } from "./exchange/run.ts";
export type {
  HttpClientOutput,
  HttpClientSendOptions,
} from "./exchange/send.ts";
export type { HttpBodyInit } from "./exchange/source.ts";
export type {
  ByteStream,
  HttpAddress,
  HttpConnection,
  HttpConnectionInfo,
  HttpConnector,
  HttpTlsOptions,
} from "./transport/http_connection.ts";
