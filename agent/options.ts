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

/** Fields to add; in a record, `null` removes one of the defaults of `fetch`. */
export type HttpAgentHeadersInit =
  | HttpHeadersInit
  | Readonly<
    Record<
      string,
      HttpFieldValue | readonly HttpFieldValue[] | null | undefined
    >
  >;

/** A pair of streams: bytes written to one are read from the other, decoded. */
export interface HttpDecoderPair {
  /** The decoded body. */
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
  /** The coded body. */
  readonly writable: WritableStream<Uint8Array<ArrayBuffer>>;
}

/** How to decode bodies. */
export interface HttpDecodeOptions {
  /**
   * The highest ratio of decoded to encoded bytes, beyond 1 MiB; `null` for any.
   * Documents stay below 100; a gzip bomb reaches 1032.
   *
   * @default {1000}
   */
  maxRatio?: number | null | undefined;
  /**
   * Decoders by the names of their codings, in addition to those of the runtime
   * or instead of them. They are offered in `Accept-Encoding`. Each must fail if
   * its input is truncated.
   *
   * @default {none}
   */
  decoders?: Readonly<Record<string, () => HttpDecoderPair>> | undefined;
}

/** Reports something that is not a failure, but probably a mistake. */
export interface HttpWarning {
  /** An exchange was collected as garbage before its body was read. */
  readonly code: "ExchangeDropped";
  /** The event, described for people. */
  readonly message: string;
  /** The URL of the exchange. */
  readonly url: URL;
}

/** Options of an agent that a single call can override. */
export interface HttpAgentCallOptions {
  /**
   * Time limits, in milliseconds; `null` for none. {@linkcode HttpTimeouts} has
   * the default of each. A limit that is absent keeps its value. The whole call
   * has none, because downloads and event streams may take any time.
   *
   * @default {10 s to connect and for TLS, 300 s for a head or the next bytes}
   */
  timeouts?: HttpTimeouts | undefined;
  /**
   * Whether to follow redirects. Most callers want the resource, wherever it is.
   *
   * @default {"follow", at most 20}
   */
  redirect?: HttpRedirectMode | undefined;
  /**
   * Whether and how to retry idempotent requests; `true` adds up to two attempts.
   * It is off because it adds load to servers that are in trouble. A request that
   * is safe to resend is resent in any case.
   *
   * @default {false}
   */
  retry?: boolean | HttpRetryOptions | undefined;
  /**
   * The proxy: its URL, rules such as `HttpProxies`, or `"env"` for the rules of
   * the environment. These are not the default, so that no variable can redirect a
   * program that does not expect it.
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
   * Finds credentials for an origin or proxy that asks for them. Any origin may
   * ask, also after a redirect, so look at the URL. Without this function, a
   * challenge is a response like any other: no secret is sent by surprise.
   *
   * @default {null}
   */
  credentials?: HttpCredentials | null | undefined;
  /**
   * The jar that cookies come from and go to, such as the `HttpCookieJar` of
   * `@pimalaya/io-http/cookies`. There is none by default, so that calls for
   * different users share no cookies by accident.
   *
   * @default {null}
   */
  cookies?: HttpCallCookies | null | undefined;
  /**
   * Whether and how to ask for content codings and to decode them. They make text
   * several times smaller.
   *
   * @default {true}
   */
  decode?: boolean | HttpDecodeOptions | undefined;
  /**
   * Fields to add to each request that has none of that name. Besides these, only
   * `decode`, `cookies`, and `credentials` add any: not even a `User-Agent` is sent.
   *
   * @default {none}
   */
  headers?: HttpAgentHeadersInit | undefined;
  /**
   * Where to connect instead of to the URL's host and port, which remain those of
   * `Host` and of the certificate. It is for Unix sockets, tests, and names
   * without DNS. With an http URL behind an HTTP proxy it is a TypeError, because
   * the proxy connects.
   *
   * @default {null}
   */
  connectTo?:
    | HttpConnectTo
    | ((url: URL) => HttpConnectTo | null)
    | null
    | undefined;
  /**
   * Whether to refuse http URLs, also as the target of a redirect. It is off
   * because local services and devices often support nothing else.
   *
   * @default {false}
   */
  httpsOnly?: boolean | undefined;
}

/**
 * Options of an agent. Those of {@linkcode HttpAgentCallOptions} apply to each call
 * that does not override them, and the limits of `HttpLimits` to each response.
 */
export interface HttpAgentOptions
  extends HttpReceiveOptions, HttpAgentCallOptions {
  /**
   * Opens the connections. The runtime's own suits most programs; pass another
   * for a tunnel, or for tests in memory.
   *
   * @default {the runtime's own}
   */
  connector?: HttpConnector | undefined;
  /**
   * Certificates and keys, in addition to the authorities that the runtime
   * trusts. They are copied. Calls with different ones share no connection.
   *
   * @default {the runtime's own authorities}
   */
  tls?: HttpTlsOptions | undefined;
  /**
   * Limits of the pool. The defaults are high enough not to slow a program down,
   * and stay below the number of descriptors that systems allow a process.
   *
   * @default {256 connections, 64 per origin, idle for up to 60 s}
   */
  pool?: HttpPoolOptions | undefined;
  /**
   * Called for something that is not a failure, but probably a mistake. By
   * default nothing is reported, because a library writes no logs.
   *
   * @default {nothing is called}
   */
  onWarning?: ((warning: HttpWarning) => void) | undefined;
  /**
   * Tells the time. A test with its own clock need not wait.
   *
   * @default {the runtime's clock}
   */
  clock?: HttpClock | undefined;
  /**
   * Returns numbers from 0 to 1, exclusive, for delays and nonces, which must not
   * be predictable. A test may pass a fixed sequence.
   *
   * @default {a source that cannot be predicted}
   */
  random?: (() => number) | undefined;
}

/**
 * Options of one call. Those of {@linkcode HttpAgentCallOptions} and the limits of
 * `HttpLimits` override the agent's; `headers` are merged by name, and `timeouts`
 * by member.
 */
export interface HttpAgentSendOptions
  extends HttpSendOptions, HttpAgentCallOptions {
  /**
   * Aborts the call, up to the end of its body, with the signal's reason.
   *
   * @default {none}
   */
  signal?: AbortSignal | undefined;
  /**
   * The body, instead of the request's own, or a function that creates it, which
   * is called again if the request is resent.
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
   * after the body has been sent.
   *
   * @default {none}
   */
  trailers?: HttpExchangeOptions["trailers"];
  /**
   * Called with each interim (1xx) response, and awaited.
   *
   * @default {nothing is called}
   */
  onInterim?: HttpExchangeOptions["onInterim"];
  /**
   * Whether the request may be sent twice.
   *
   * @default {true if the method is idempotent, or there is an `Idempotency-Key`}
   */
  idempotent?: boolean | undefined;
}
