/**
 * Options of an agent and of its calls.
 *
 * @module
 */

import type { HttpExchangeOptions } from "../client/exchange/exchange.ts";
import type {
  HttpConnector,
  HttpTlsOptions,
} from "../client/transport/http_connection.ts";
import type { HttpTimeouts } from "../error.ts";
import type { HttpFieldValue, HttpHeadersInit } from "../rfc9110/headers.ts";
import type { HttpReceiveOptions } from "../rfc9112/limits.ts";
import type { HttpSendOptions } from "../rfc9112/send.ts";
import type { HttpCallCookies } from "./call_options.ts";
import type { HttpClock } from "./clock.ts";
import type { HttpCredentials } from "./credentials.ts";
import type { HttpPoolOptions } from "./pool_limits.ts";
import type { HttpRedirectMode } from "./redirects.ts";
import type { HttpRetryOptions } from "./retry.ts";
import type { HttpConnectTo } from "./route.ts";

/** Fields to add; in a record, `null` is for one of the defaults of `fetch`. */
export type HttpAgentHeadersInit =
  | HttpHeadersInit
  | Readonly<
    Record<
      string,
      HttpFieldValue | readonly HttpFieldValue[] | null | undefined
    >
  >;

/** A pair of streams: what is written to one is read from the other. */
export interface HttpDecoderPair {
  /** The decoded body. */
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
  /** The coded body. */
  readonly writable: WritableStream<Uint8Array<ArrayBuffer>>;
}

/** How to decode bodies. */
export interface HttpDecodeOptions {
  /**
   * How many times its size a body may expand to, beyond 1 MiB; `null` for any
   * number. Documents stay below 100; a gzip bomb reaches 1032.
   *
   * @default {1000}
   */
  maxRatio?: number | null | undefined;
  /**
   * Decoders by the names of their codings, besides those of the runtime or in
   * place of them. They are offered in `Accept-Encoding`. Each must fail if its
   * input is truncated.
   *
   * @default {none}
   */
  decoders?: Readonly<Record<string, () => HttpDecoderPair>> | undefined;
}

/** Says of something that is no failure, but hardly what was meant. */
export interface HttpWarning {
  /** An exchange was collected as garbage before its body was read. */
  readonly code: "ExchangeDropped";
  /** What happened, for people. */
  readonly message: string;
  /** The URL of the exchange. */
  readonly url: URL;
}

/** Options that an agent and one call have in common. */
export interface HttpAgentCallOptions {
  /**
   * Time limits, in milliseconds; `null` for none. Each that is not given keeps
   * its value. The whole call has none, since downloads and event streams may
   * last for any time.
   *
   * @default {see {@linkcode HttpTimeouts}}
   */
  timeouts?: HttpTimeouts | undefined;
  /**
   * What to do with redirects. Most callers want the resource, wherever it is.
   *
   * @default {"follow", at most 20}
   */
  redirect?: HttpRedirectMode | undefined;
  /**
   * Whether, and how, to retry. It is off because it adds load to servers that
   * are in trouble. What is always safe is sent again in any case.
   *
   * @default {false}
   */
  retry?: boolean | HttpRetryOptions | undefined;
  /**
   * The proxy: its URL, the rules that choose it, or `"env"` for those of the
   * environment. By default, the environment has no influence.
   *
   * @default {null}
   */
  proxy?:
    | "env"
    | string
    | URL
    | { match(url: URL): URL | null }
    | null
    | undefined;
  /**
   * Finds credentials for an origin or proxy that asks for them. Without it, a
   * challenge is a response like any other: no secret is sent by surprise.
   *
   * @default {null}
   */
  credentials?: HttpCredentials | null | undefined;
  /**
   * The jar that cookies come from and go to. Without one, cookies are fields
   * like any other.
   *
   * @default {null}
   */
  cookies?: HttpCallCookies | null | undefined;
  /**
   * Whether, and how, to ask for content codings and to decode them. They make
   * text several times smaller.
   *
   * @default {true}
   */
  decode?: boolean | HttpDecodeOptions | undefined;
  /**
   * Fields to add to each request that has none of that name. By default, only
   * what you ask for is sent.
   *
   * @default {none}
   */
  headers?: HttpAgentHeadersInit | undefined;
  /**
   * Where to connect instead of to the URL's host and port, which stay those of
   * `Host` and of the certificate. By default, the URL says it all. Behind an HTTP
   * proxy, it is a TypeError for an http URL, to which the proxy connects itself.
   *
   * @default {null}
   */
  connectTo?:
    | HttpConnectTo
    | ((url: URL) => HttpConnectTo | null)
    | null
    | undefined;
  /**
   * Whether to refuse http URLs, also those that a redirect points to. It is off
   * because local services and devices often speak nothing else.
   *
   * @default {false}
   */
  httpsOnly?: boolean | undefined;
}

/** Options of an agent. */
export interface HttpAgentOptions
  extends HttpReceiveOptions, HttpAgentCallOptions {
  /**
   * Opens the connections. The runtime's own is the one that is tested with it;
   * pass another for a tunnel, or for tests in memory.
   *
   * @default {the runtime's own}
   */
  connector?: HttpConnector | undefined;
  /**
   * Certificates and keys, besides the authorities that the runtime trusts. They
   * are copied, and connections with different ones are not shared.
   *
   * @default {the runtime's own authorities}
   */
  tls?: HttpTlsOptions | undefined;
  /**
   * Limits of the pool. The defaults are high enough not to slow a program down,
   * and low enough to stay below what systems allow a process.
   *
   * @default {256 connections, 64 per origin, idle for up to 60 s}
   */
  pool?: HttpPoolOptions | undefined;
  /**
   * Is called with what is no failure, but hardly what was meant. By default, a
   * library writes no logs.
   *
   * @default {nothing is called}
   */
  onWarning?: ((warning: HttpWarning) => void) | undefined;
  /**
   * Tells the time, so that tests need not wait.
   *
   * @default {the runtime's clock}
   */
  clock?: HttpClock | undefined;
  /**
   * Returns numbers from 0 up to 1, for delays and nonces, which nobody should be
   * able to predict. A test may pass a sequence of its own.
   *
   * @default {a source that cannot be predicted}
   */
  random?: (() => number) | undefined;
}

/** Options of one call. */
export interface HttpAgentSendOptions
  extends HttpSendOptions, HttpAgentCallOptions {
  /**
   * Ends the call with the signal's reason, until its body is read.
   *
   * @default {none}
   */
  signal?: AbortSignal | undefined;
  /**
   * The body, instead of the request's own; or a function that creates one, and
   * another if the request is sent again.
   *
   * @default {the request's body}
   */
  body?:
    | HttpExchangeOptions["body"]
    | (() =>
      | HttpExchangeOptions["body"]
      | Promise<HttpExchangeOptions["body"]>);
  /**
   * The trailer fields that follow the body, or a function that creates them
   * when the body has been sent.
   *
   * @default {none}
   */
  trailers?: HttpExchangeOptions["trailers"];
  /**
   * Is called with each interim (1xx) response, and awaited.
   *
   * @default {nothing is called}
   */
  onInterim?: HttpExchangeOptions["onInterim"];
  /**
   * Whether the request may be sent twice. If it is not given, its method and an
   * `Idempotency-Key` decide.
   *
   * @default {undefined}
   */
  idempotent?: boolean | undefined;
}
