/**
 * What a call reports besides its response.
 *
 * @module
 */

import type { HttpExchange } from "../client/exchange/exchange.ts";
import type { HttpClientOutput } from "../client/exchange/send.ts";
import type { HttpConnectionInfo } from "../client/transport/http_connection.ts";
import type { HttpHop } from "./redirects.ts";

/**
 * How long the phases of a call's last exchange took, in milliseconds. A phase
 * that is not over, or that was not necessary, is `null`.
 */
export interface HttpTimings {
  /** Waiting for a connection, except for the next two. */
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

/** What a call reports besides its response. */
export interface HttpAgentFacts {
  /** The URL of the response, after all redirects. */
  readonly url: URL;
  /** The redirects that were followed. */
  readonly hops: HttpHop[];
  /** How many requests were sent. */
  readonly attempts: number;
  /** Facts of the connection. */
  readonly info: HttpConnectionInfo | null;
  /** How long it took. */
  readonly timings: HttpTimings;
  /** The content codings that were decoded, in that order. */
  readonly decoded: string[];
}

/** The result of a buffered call. */
export type HttpAgentOutput = HttpClientOutput & HttpAgentFacts;

/** The result of a streamed call, whose body is still to be read. */
export type HttpAgentExchange = HttpExchange & HttpAgentFacts;
