// An agent's options with the defaults filled in.

import type {
  HttpConnector,
  HttpTlsOptions,
} from "../client/transport/http_connection.ts";
import { checkMethods, checkType } from "../core/fault.ts";
import { HttpProxies } from "../proxy/proxies.ts";
import {
  appendFields,
  HttpHeaders,
  type HttpHeadersInit,
} from "../rfc9110/headers.ts";
import {
  type ReceiveSettings,
  resolveReceiveOptions,
} from "../rfc9112/limits.ts";
import type { HttpCredentials } from "./credentials.ts";
import type { HttpCallCookies } from "./call_options.ts";
import { HttpCallMemory } from "./memory.ts";
import type {
  HttpAgentCallOptions,
  HttpAgentHeadersInit,
  HttpAgentOptions,
  HttpDecodeOptions,
  HttpWarning,
} from "./options.ts";
import { type HttpRedirectMode, resolveRedirects } from "./redirects.ts";
import { type HttpRetryOptions, resolveRetry } from "./retry.ts";
import { checkConnectTo, copyTls, type HttpConnectTo } from "./route.ts";
import {
  DEFAULT_TIMEOUTS,
  resolveTimeouts,
  type Timeouts,
} from "./timeouts.ts";

/** The settings of a call, unless its own options change them. */
export interface CallSettings {
  readonly timeouts: Timeouts;
  readonly redirect: HttpRedirectMode;
  readonly retry: boolean | HttpRetryOptions;
  readonly proxy: { match(url: URL): URL | null } | null;
  readonly credentials: HttpCredentials | null;
  readonly cookies: HttpCallCookies | null;
  readonly decode: boolean | HttpDecodeOptions;
  readonly headers: AddedHeaders;
  readonly connectTo:
    | HttpConnectTo
    | ((url: URL) => HttpConnectTo | null)
    | null;
  readonly httpsOnly: boolean;
}

/** The settings of an agent. */
export interface Settings extends CallSettings {
  readonly connector: HttpConnector | null;
  readonly tls: HttpTlsOptions;
  readonly receive: ReceiveSettings;
  readonly onWarning: ((warning: HttpWarning) => void) | null;
  readonly random: (() => number) | undefined;
  readonly memory: HttpCallMemory;
}

/** Returns the settings of an agent without options. */
export function defaultSettings(): Settings {
  return {
    timeouts: DEFAULT_TIMEOUTS,
    redirect: "follow",
    retry: false,
    proxy: null,
    credentials: null,
    cookies: null,
    decode: true,
    headers: NO_ADDED_HEADERS,
    connectTo: null,
    httpsOnly: false,
    connector: null,
    tls: {},
    receive: resolveReceiveOptions(undefined),
    onWarning: null,
    random: undefined,
    memory: new HttpCallMemory(),
  };
}

// A class with static methods will do.
const OBJECT = ["object", "function"];

/** Reads the environment, which only `proxy: "env"` does. */
export type ReadEnvironment = () => Record<string, string | undefined>;

/**
 * Applies the options of an agent. The pool and the clock are not among them:
 * agents that share a pool share both.
 *
 * @throws {TypeError} If an option is invalid.
 * @throws {RangeError} If a number is out of range.
 */
export function changeSettings(
  base: Settings,
  options: HttpAgentOptions,
  readEnvironment: ReadEnvironment,
): Settings {
  const { tls } = checkType("options", options, "object");
  return {
    ...changeCallSettings(base, options, readEnvironment),
    connector: checkMethods("connector", options.connector, "connect") ??
      base.connector,
    tls: tls === undefined ? base.tls : copyTls(tls),
    receive: resolveReceiveOptions(options, base.receive),
    onWarning: checkType("onWarning", options.onWarning, "function") ??
      base.onWarning,
    random: checkType("random", options.random, "function") ?? base.random,
    memory: base.memory,
  };
}

/**
 * Applies the options of one call.
 *
 * @throws {TypeError} If an option is invalid.
 * @throws {RangeError} If a number is out of range.
 */
export function changeCallSettings(
  base: CallSettings,
  options: HttpAgentCallOptions,
  readEnvironment: ReadEnvironment,
): CallSettings {
  const { redirect, retry, proxy, credentials, cookies, connectTo } = options;
  return {
    timeouts: resolveTimeouts(options.timeouts, base.timeouts),
    // Copies, since the caller may change the objects later.
    redirect: redirect === undefined ? base.redirect : copyRedirect(redirect),
    retry: retry === undefined ? base.retry : copyRetry(retry),
    proxy: proxy === undefined
      ? base.proxy
      : resolveProxy(proxy, readEnvironment),
    credentials: credentials === undefined
      ? base.credentials
      : checkType("credentials", credentials, "function"),
    cookies: cookies === undefined
      ? base.cookies
      : checkMethods("cookies", cookies, "header", "store"),
    decode: checkType("decode", options.decode, "boolean", "object") ??
      base.decode,
    headers: addHeaders(base.headers, options.headers),
    connectTo: connectTo === undefined
      ? base.connectTo
      : copyConnectTo(connectTo),
    httpsOnly: options.httpsOnly ?? base.httpsOnly,
  };
}

function copyRedirect(redirect: HttpRedirectMode): HttpRedirectMode {
  const { max, decide } = resolveRedirects(redirect, false);
  return typeof redirect === "object"
    ? { max, decide: decide ?? undefined }
    : redirect;
}

function copyRetry(retry: boolean | HttpRetryOptions): CallSettings["retry"] {
  const rules = resolveRetry(retry);
  return typeof retry === "object" && rules !== null ? rules : retry;
}

function copyConnectTo(
  connectTo: CallSettings["connectTo"],
): CallSettings["connectTo"] {
  checkType("connectTo", connectTo, ...OBJECT);
  if (typeof connectTo !== "object" || connectTo === null) return connectTo;
  checkConnectTo(connectTo);
  const { hostname, port, unixPath } = connectTo;
  return { hostname, port, unixPath };
}

function resolveProxy(
  proxy: NonNullable<HttpAgentCallOptions["proxy"]> | null,
  readEnvironment: ReadEnvironment,
): { match(url: URL): URL | null } | null {
  if (proxy === null) return null;
  if (proxy === "env") return HttpProxies.fromEnv(readEnvironment());
  return typeof proxy === "string" || proxy instanceof URL
    ? new HttpProxies({ all: proxy })
    : checkMethods("proxy", proxy, "match");
}

/** Fields to add to each request that has none of that name. */
export interface AddedHeaders {
  readonly fields: HttpHeaders;
  /** The lowercase names for which not even a default is added. */
  readonly withheld: ReadonlySet<string>;
}

/** Adds nothing. */
export const NO_ADDED_HEADERS: AddedHeaders = {
  fields: new HttpHeaders(),
  withheld: new Set(),
};

/**
 * Adds fields to others, replacing those of the same name.
 *
 * @throws {TypeError} If a field is invalid.
 */
export function addHeaders(
  base: AddedHeaders,
  init: HttpAgentHeadersInit | undefined,
): AddedHeaders {
  if (init === undefined) return base;
  const nulls = new Set<string>();
  const own = new HttpHeaders(withoutNulls(init, nulls));
  const fields = new HttpHeaders(own);
  appendFields(fields, base.fields, (name) => {
    return !own.has(name) && !nulls.has(name.toLowerCase());
  });
  for (const name of base.withheld) if (!own.has(name)) nulls.add(name);
  return { fields, withheld: nulls };
}

/** Moves the names whose value is `null` into a set. */
function withoutNulls(
  init: HttpAgentHeadersInit,
  nulls: Set<string>,
): HttpHeadersInit {
  if (typeof init !== "object" || init === null || Symbol.iterator in init) {
    return init as HttpHeadersInit;
  }
  const others: [string, unknown][] = [];
  for (const [name, value] of Object.entries(init)) {
    if (value === null) nulls.add(name.toLowerCase());
    else others.push([name, value]);
  }
  return Object.fromEntries(others) as HttpHeadersInit;
}
