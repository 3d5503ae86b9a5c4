/**
 * The policies of a call.
 *
 * @module
 */

import { HttpProxies, parseProxyUrl } from "../proxy/proxies.ts";
import { HttpHeaders, type HttpHeadersInit } from "../rfc9110/headers.ts";
import type { HttpSendOptions } from "../rfc9112/send.ts";
import type { HttpCredentials } from "./credentials.ts";
import { HttpCallMemory } from "./memory.ts";
import {
  type HttpRedirectMode,
  type RedirectRules,
  resolveRedirects,
} from "./redirects.ts";
import {
  type HttpRetryOptions,
  resolveRetry,
  type RetryRules,
} from "./retry.ts";

/** The part of a cookie jar that a call uses. */
export interface HttpCallCookies {
  /**
   * Takes the cookies that a response sets.
   *
   * @param url The URL of the request.
   * @param headers The fields of the response.
   * @param now The time, in milliseconds since 1970.
   * @returns Anything; it is ignored.
   */
  store(url: URL, headers: HttpHeaders, now: number): unknown;
  /**
   * Returns the `Cookie` field of a request.
   *
   * @param url The URL of the request.
   * @param now The time, in milliseconds since 1970.
   * @returns The field value, or `null` if there are no cookies.
   */
  header(url: URL, now: number): string | null;
}

/** Options of a call. */
export interface HttpCallOptions {
  /**
   * Whether to follow redirects.
   *
   * @default {"follow"}
   */
  redirect?: HttpRedirectMode | undefined;
  /**
   * Whether and how to retry, beyond resending that is always safe.
   *
   * @default {false}
   */
  retry?: boolean | HttpRetryOptions | undefined;
  /**
   * Finds credentials. The call does not run this function: it yields
   * `WantsCredentials`, and its driver runs it.
   *
   * @default {null}
   */
  credentials?: HttpCredentials | null | undefined;
  /**
   * The jar that cookies come from and go to.
   *
   * @default {null}
   */
  cookies?: HttpCallCookies | null | undefined;
  /**
   * The proxy of every URL, or rules that choose it. It decides whether a 407 comes
   * from the proxy or from the origin.
   *
   * @default {null}
   */
  proxy?: string | URL | { match(url: URL): URL | null } | null | undefined;
  /**
   * Fields to add if the request has none of that name.
   *
   * @default {none}
   */
  headers?: HttpHeadersInit | undefined;
  /**
   * The `Accept-Encoding` of a request that has neither its own nor a `Range`.
   *
   * @default {null}
   */
  acceptEncoding?: string | null | undefined;
  /**
   * The form of the request target, as for an exchange; a digest covers it.
   *
   * @default {"origin", or "absolute" for an http URL behind an HTTP proxy}
   */
  target?: HttpSendOptions["target"];
  /**
   * Whether to refuse http URLs.
   *
   * @default {false}
   */
  httpsOnly?: boolean | undefined;
  /**
   * Whether the request may be sent twice.
   *
   * @default {true if the method is idempotent, or there is an `Idempotency-Key`}
   */
  idempotent?: boolean | undefined;
  /**
   * Whether the body can be sent again.
   *
   * @default {true}
   */
  replayable?: boolean | undefined;
  /**
   * Whether the body is not in the request, so that no digest can cover it.
   *
   * @default {false}
   */
  streamed?: boolean | undefined;
  /**
   * Returns numbers from 0 to 1, exclusive, for delays and nonces.
   *
   * @default {always 0.5}
   */
  random?: (() => number) | undefined;
  /**
   * The time at the start of the call, in milliseconds since 1970. Cookies that
   * have expired by then are not sent.
   *
   * @default {0}
   */
  now?: number | undefined;
  /**
   * State that calls share: credentials that were accepted, and retry budgets.
   *
   * @default {nothing is shared}
   */
  memory?: HttpCallMemory | undefined;
}

/** {@linkcode HttpCallOptions} with the defaults filled in. */
export interface CallRules {
  readonly redirects: RedirectRules;
  readonly retry: RetryRules | null;
  readonly credentials: HttpCredentials | null;
  readonly cookies: HttpCallCookies | null;
  readonly proxyOf: (url: URL) => URL | null;
  readonly headers: HttpHeaders | null;
  /** The one field, if it is to be added. */
  readonly acceptEncoding: HttpHeaders | null;
  readonly target: HttpSendOptions["target"];
  readonly idempotent: boolean | undefined;
  readonly replayable: boolean;
  readonly streamed: boolean;
  /** Returns the bytes of a body that is elsewhere, if it is in memory. */
  readonly bodyBytes: (() => Uint8Array | undefined) | null;
  /** Whether a 421 is a reason to send the request again, as for fetch. */
  readonly resendsMisdirected: boolean;
  readonly random: () => number;
  readonly now: number;
  readonly memory: HttpCallMemory;
}

/**
 * Fills in the defaults.
 *
 * @throws {TypeError} If an option is invalid.
 * @throws {RangeError} If a number is out of range.
 */
export function resolveCallOptions(options: HttpCallOptions): CallRules {
  const headers = new HttpHeaders(options.headers);
  return {
    redirects: resolveRedirects(options.redirect, options.httpsOnly ?? false),
    retry: resolveRetry(options.retry),
    credentials: options.credentials ?? null,
    cookies: options.cookies ?? null,
    proxyOf: resolveProxy(options.proxy ?? null),
    headers: headers.size > 0 ? headers : null,
    acceptEncoding: resolveAcceptEncoding(options.acceptEncoding ?? null),
    target: options.target,
    idempotent: options.idempotent,
    replayable: options.replayable ?? true,
    streamed: options.streamed ?? false,
    bodyBytes: null,
    resendsMisdirected: false,
    random: options.random ?? (() => 0.5),
    now: options.now ?? 0,
    memory: options.memory ?? new HttpCallMemory(),
  };
}

function resolveAcceptEncoding(value: string | null): HttpHeaders | null {
  return value === null ? null : new HttpHeaders([["Accept-Encoding", value]]);
}

function resolveProxy(
  proxy: NonNullable<HttpCallOptions["proxy"]> | null,
): (url: URL) => URL | null {
  if (proxy === null) return () => null;
  if (typeof proxy === "string" || proxy instanceof URL) {
    const url = parseProxyUrl("proxy", proxy);
    return () => url;
  }
  if (proxy instanceof HttpProxies) return (url) => proxy.match(url);
  return (url) => {
    // A copy, because the caller's function may change it.
    const found: unknown = proxy.match(new URL(url)) ?? null;
    return found === null ? null : parseProxyUrl("proxy", String(found));
  };
}
