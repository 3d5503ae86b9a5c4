/**
 * Facts of a call besides its response.
 *
 * @module
 */

import type { HttpExchange } from "../client/exchange/exchange.ts";
import type { HttpClientOutput } from "../client/exchange/send.ts";
import type { HttpConnectionInfo } from "../client/transport/http_connection.ts";
import type { HttpHop } from "./redirects.ts";

/**
 * The durations of the phases of a call's last exchange, in milliseconds. A phase
 * that is not over, or was not needed, is `null`.
 */
export interface HttpTimings {
  /** Waiting for a connection, without the next two. */
  readonly queued: number | null;
  /** Resolving names and connecting; `null` if the connection was open already. */
  readonly connect: number | null;
  /** The TLS handshake; `null` if there was none. */
  readonly tls: number | null;
  /** Writing the request. */
  readonly send: number | null;
  /** Waiting for the head of the response. */
  readonly wait: number | null;
  /** Reading the body to its end. */
  readonly receive: number | null;
}

/** Facts of a call besides its response. */
export interface HttpAgentFacts {
  /** The URL of the response, after all redirects. */
  readonly url: URL;
  /** The redirects that were followed. */
  readonly hops: HttpHop[];
  /** The number of requests sent. */
  readonly attempts: number;
  /** Facts of the connection. */
  readonly info: HttpConnectionInfo | null;
  /** The durations of its phases. */
  readonly timings: HttpTimings;
  /** The content codings that were decoded, in order. */
  readonly decoded: string[];
}

/** The result of a buffered call. */
export type HttpAgentOutput = HttpClientOutput & HttpAgentFacts;

/** The result of a streamed call, whose body is yet to be read. */
export type HttpAgentExchange = HttpExchange & HttpAgentFacts;
