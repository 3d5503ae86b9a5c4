/**
 * Clients: requests over one connection, which the client opens, or which you
 * opened. For many connections, see the agent in `@pimalaya/io-http/agent`.
 *
 * `send` returns a whole response, and `exchange` returns one whose body arrives
 * while you read it. `run` drives any other coroutine. This is the life of an
 * exchange:
 *
 * ```txt
 *       idle      Nothing is sent. If bytes, end of file, or a reset has arrived,
 *        │        the call fails: this is not the response.
 *        v
 *     request     The head is sent, then the body. A response may come before the
 *        │        whole body is sent, and can stop it.
 *        v
 *       head      Interim responses, then the head of the final response. Now
 *        │        exchange() returns.
 *        v
 *       body      The body, then its trailers. Now send() returns.
 *        │
 *        ├──> idle        Another request can be sent.
 *        ├──> upgraded    detach() returns the connection.
 *        └──> closed      The response requires it, part of the request was not
 *                         sent, or the exchange failed. `closeReason` says why.
 * ```
 *
 * The `progress` of an {@linkcode HttpError} says how far its exchange had come.
 *
 * @example Over a socket
 * ```ts ignore
 * import { HttpRequest } from "@pimalaya/io-http";
 * import { HttpClient } from "@pimalaya/io-http/client";
 *
 * await using client = await HttpClient.connect("https://example.com/");
 * const output = await client.send(HttpRequest.get("https://example.com/"));
 * console.log(output.response.status, output.reused);
 * ```
 *
 * @example Two exchanges over any pair of streams
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { HttpRequest } from "@pimalaya/io-http";
 * import { HttpClient } from "@pimalaya/io-http/client";
 *
 * // A server in memory, which responds to each request.
 * let respond: (response: string) => void;
 * const encoder = new TextEncoder();
 * const readable = new ReadableStream<Uint8Array>({
 *   start(controller) {
 *     respond = (response) => controller.enqueue(encoder.encode(response));
 *   },
 * });
 * const writable = new WritableStream<Uint8Array>({
 *   write: () => respond("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nHello"),
 * });
 *
 * await using client = new HttpClient({ readable, writable });
 * const request = HttpRequest.get("http://example.com/");
 *
 * const { response } = await client.send(request);
 * assertEquals(response.text(), "Hello");
 *
 * const exchange = await client.exchange(request);
 * assertEquals(exchange.response.status, 200);
 * for await (const piece of exchange.body) {
 *   assertEquals(piece.length, 5);
 * }
 * assertEquals(await exchange.closed, { keepAlive: true, closeReason: null });
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
