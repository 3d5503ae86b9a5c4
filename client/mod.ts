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

export { HttpClient } from "./client.ts";
export type { HttpConnectOptions, HttpTlsOptions } from "./connect.ts";
export { readEvents, type ReadEventsOptions } from "./events.ts";
export type { HttpExchange, HttpExchangeOptions } from "./exchange.ts";
export type {
  HttpClientOptions,
  HttpClientOutput,
  HttpClientSendOptions,
  HttpRunOptions,
  HttpRunResult,
} from "./output.ts";
export type { ByteStream } from "./stream.ts";
