// The arguments of fetch (WHATWG Fetch §5.4). No Request is created unless the caller
// passes one: it takes as long as a small exchange.

import { invalid, quote } from "../../core/quote.ts";
import { checkToken, equalsIgnoringCase } from "../../rfc9110/_syntax.ts";
import { tryParseUrl } from "../../rfc9110/_url.ts";
import { appendFields, HttpHeaders } from "../../rfc9110/headers.ts";
import { Secret } from "../../rfc9110/secret.ts";
import { trim } from "./_whitespace.ts";
import {
  type FetchBody,
  type FetchContent,
  readBody,
  readRequestBody,
} from "./body.ts";

/** The first argument of `fetch`. */
export type FetchInput = string | URL | Request;

/** The arguments of fetch, checked. */
export interface FetchRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: HttpHeaders;
  readonly content: FetchContent | null;
  /** `undefined` if the caller did not say. */
  readonly redirect: "follow" | "error" | "manual" | undefined;
  readonly signal: AbortSignal | null;
  readonly omitsCredentials: boolean;
  readonly integrity: string;
}

const NORMALIZED = ["DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT"];
const FORBIDDEN = ["CONNECT", "TRACE", "TRACK"];

/** The values that some members of an init may have. */
const ENUMS: readonly [name: keyof Init, values: readonly string[]][] = [
  ["redirect", ["follow", "error", "manual"]],
  ["credentials", ["omit", "same-origin", "include"]],
  ["mode", ["cors", "no-cors", "same-origin"]],
  ["cache", [
    ...["default", "no-store", "reload", "no-cache", "force-cache"],
    "only-if-cached",
  ]],
  ["duplex", ["half"]],
  ["priority", ["auto", "high", "low"]],
  ["referrerPolicy", [
    ...["", "no-referrer", "no-referrer-when-downgrade", "same-origin"],
    ...["origin", "strict-origin", "origin-when-cross-origin"],
    ...["strict-origin-when-cross-origin", "unsafe-url"],
  ]],
];

/** The methods that a document may send to any origin. */
const SIMPLE = ["GET", "HEAD", "POST"];

/** An init with the members that some runtimes do not declare. */
type Init = RequestInit & {
  duplex?: unknown;
  priority?: unknown;
  window?: unknown;
};

/** The values of members that an init lacks: a Request, or these. */
interface Base {
  readonly url: string;
  readonly method: string;
  readonly headers?: Headers;
  readonly body: Request["body"];
  readonly bodyUsed: boolean;
  readonly cache?: string;
  readonly credentials?: string;
  readonly integrity?: string;
  readonly mode?: string;
  readonly redirect?: FetchRequest["redirect"];
  readonly signal: AbortSignal | null;
}

const NO_REQUEST = {
  method: "GET",
  body: null,
  bodyUsed: false,
  signal: null,
} as const;

/**
 * Requests by their signals. On Node, nothing aborts the signal of a Request that was
 * collected, so each lives as long as its signal.
 */
const requests = new WeakMap<AbortSignal, Request>();

/** The init of a caller that passes none. */
export const NO_INIT: Init = {};

/**
 * Checks the arguments of fetch.
 *
 * @param input A Request, or a URL.
 * @throws {TypeError} If they are invalid.
 */
export function readArguments(
  input: Request | string,
  given: Init,
): FetchRequest | Promise<FetchRequest> {
  const init = given === NO_INIT ? NO_INIT : readMembers(given);
  const base: Base = typeof input === "string"
    ? { ...NO_REQUEST, url: input }
    : input;
  if (init !== NO_INIT) checkInit(init);
  const method = init.method === undefined
    ? base.method
    : normalizeMethod(`${init.method}`);
  const { cache = base.cache, mode = base.mode } = init;
  checkModes(method, mode, cache);
  const headers = readHeaders(
    init.headers === undefined ? base.headers : init.headers,
  );
  const replaced = readOwnBody(init);
  const body = replaced === null ? readBaseBody(base) : null;
  if ((replaced ?? body) !== null && (method === "GET" || method === "HEAD")) {
    throw new TypeError(`Cannot send a body with ${method}`);
  }
  if (replaced !== null) addType(headers, replaced);
  addCacheFields(headers, cache);
  const { credentials = base.credentials, integrity = base.integrity ?? "" } =
    init;
  const signal = init.signal === undefined ? base.signal : init.signal;
  if (typeof input !== "string" && signal === input.signal) {
    requests.set(signal, input);
  }
  const rest = {
    method,
    url: base.url,
    headers,
    // A Request created without a mode has "follow".
    redirect: init.redirect ??
      (base.redirect === "follow" ? undefined : base.redirect),
    signal,
    omitsCredentials: credentials === "omit",
    integrity: `${integrity}`,
  };
  // Not later, so that an abort rejects at once.
  if (body === null || signal?.aborted) {
    return { ...rest, content: replaced?.content ?? body };
  }
  return readRequestBody(body).then((content) => ({ ...rest, content }));
}

/**
 * Reads the members of an init, which may be getters: each once, in the order of the
 * standard (Web IDL §3.2.17).
 *
 * @throws {TypeError} If it is not an object.
 */
function readMembers(init: Init): Init {
  if (!isObject(init)) {
    throw invalid("init", `${typeof init} is not an object`);
  }
  const { body, cache, credentials, duplex, headers, integrity } = init;
  const { keepalive, method, mode, priority, redirect, referrer } = init;
  const { referrerPolicy, signal, window } = init;
  return {
    body,
    cache,
    credentials,
    duplex,
    headers,
    integrity,
    keepalive,
    method,
    mode,
    priority,
    redirect,
    referrer,
    referrerPolicy,
    signal,
    window,
  } as Init;
}

/** @throws {TypeError} If a body was read, or is being read. */
function readBaseBody({ body, bodyUsed }: Base): Request["body"] {
  if (body !== null && (bodyUsed || body.locked)) {
    throw new TypeError("Cannot send the request: its body was read");
  }
  return body;
}

/** @throws {TypeError} If the body is invalid. */
function readOwnBody({ body, keepalive }: Init): FetchBody | null {
  if (body === undefined || body === null) return null;
  if (keepalive && body instanceof ReadableStream) {
    throw invalid("init", "keepalive does not go with a stream");
  }
  return readBody(body);
}

/** Adds the `Content-Type` that a body implies, unless there is one. */
function addType(headers: HttpHeaders, { type }: FetchBody): void {
  if (type === null || headers.has("content-type")) return;
  headers.append("Content-Type", type);
}

/** @throws {TypeError} If a member is invalid. */
function checkInit(init: Init): void {
  for (const [name, values] of ENUMS) {
    const value: unknown = init[name];
    if (value === undefined || values.includes(`${value}`)) continue;
    const known = values.join(", ");
    throw invalid("init", `${name} ${quote(value)} is none of ${known}`);
  }
  if (init.window !== undefined && init.window !== null) {
    throw invalid("init", "window is not null");
  }
  checkReferrer(init.referrer);
  const { signal } = init;
  if (
    signal !== undefined && signal !== null && !(signal instanceof AbortSignal)
  ) throw invalid("init", "signal is not an AbortSignal");
}

/** @throws {TypeError} If the modes do not go together. */
function checkModes(
  method: string,
  mode: string | undefined,
  cache: string | undefined,
): void {
  if (mode === "no-cors" && !SIMPLE.includes(method)) {
    throw new TypeError(`Cannot send ${method} with the mode "no-cors"`);
  }
  if (cache === "only-if-cached" && mode !== "same-origin") {
    throw new TypeError(
      'Cannot fetch: the cache mode "only-if-cached" needs the mode ' +
        '"same-origin"',
    );
  }
}

/** @throws {TypeError} If it is not a URL: there is no document to be relative to. */
function checkReferrer(referrer: string | undefined): void {
  if (referrer === undefined || referrer === "") return;
  if (tryParseUrl(`${referrer}`) !== null) return;
  throw invalid("init", `referrer ${quote(referrer)} is not a URL`);
}

/** @throws {TypeError} If the method is not a token, or forbidden. */
function normalizeMethod(method: string): string {
  if (NORMALIZED.includes(method)) return method;
  checkToken("method", method);
  const upper = method.toUpperCase();
  if (FORBIDDEN.includes(upper)) {
    throw invalid("method", `fetch does not send ${upper}`);
  }
  return NORMALIZED.includes(upper) ? upper : method;
}

/**
 * Reads headers like `Headers`, but keeps their case and order.
 *
 * @throws {TypeError} If they are invalid.
 */
function readHeaders(init: RequestInit["headers"]): HttpHeaders {
  const headers = new HttpHeaders();
  if (init === undefined) return headers;
  forEachField(init, (name, value) => {
    // The engine frames the body.
    if (/^(?:content-length|transfer-encoding)$/i.test(name)) return;
    if (value instanceof Secret) return headers.append(name, value);
    // As in `Headers`, line ends go too.
    const text = trim(`${value}`);
    if (headers.has(name)) joinField(headers, name, text);
    else headers.append(name, text);
  });
  return headers;
}

/**
 * Visits the fields in pairs or in a record. An `undefined` value is an absent field.
 *
 * @throws {TypeError} If it is neither.
 */
function forEachField(
  init: unknown,
  visit: (name: string, value: unknown) => void,
): void {
  if (!isObject(init)) {
    throw invalid("headers", "they are neither pairs nor a record");
  }
  if (isIterable(init)) {
    for (const pair of init) {
      const [name, value] = toPair(pair);
      visit(`${name}`, value);
    }
    return;
  }
  for (const symbol of Object.getOwnPropertySymbols(init)) {
    if (!Object.prototype.propertyIsEnumerable.call(init, symbol)) continue;
    throw invalid("headers", "a name is a symbol");
  }
  for (const [name, value] of Object.entries(init)) {
    if (value !== undefined) visit(name, value);
  }
}

/** @throws {TypeError} If it is not a pair: any two elements that can be iterated. */
function toPair(pair: unknown): [name: unknown, value: unknown] {
  const elements: unknown[] = Array.isArray(pair)
    ? pair
    : isObject(pair) && isIterable(pair)
    ? [...pair]
    : [];
  if (elements.length === 2) return elements as [unknown, unknown];
  throw invalid("headers", "an element is not a pair");
}

function isObject(value: unknown): value is object {
  return value !== null && ["object", "function"].includes(typeof value);
}

function isIterable(value: object): value is Iterable<unknown> {
  return Symbol.iterator in value;
}

/**
 * Adds to a field on one line, as `Headers` does, with the name as it was first
 * written. A field that hides a secret gets another line.
 */
function joinField(headers: HttpHeaders, name: string, text: string): void {
  let first = "";
  let isHidden = false;
  appendFields(new HttpHeaders(), headers, (own, isSecret) => {
    if (!equalsIgnoringCase(own, name)) return false;
    first ||= own;
    isHidden ||= isSecret;
    return false;
  });
  if (isHidden) return headers.append(name, text);
  // RFC 6265 §5.4 has its own separator.
  const separator = equalsIgnoringCase(name, "cookie") ? "; " : ", ";
  headers.set(first, `${headers.get(first)}${separator}${text}`);
}

/** Fields with which a caller asks as a cache does. */
const CONDITION =
  /^if-(?:modified-since|none-match|unmodified-since|match|range)$/i;

/** Adds fields for caches on the way, according to the mode (WHATWG Fetch §4.6). */
function addCacheFields(
  headers: HttpHeaders,
  cache: string = "default",
): void {
  const isBypassed = cache === "no-store" || cache === "reload" ||
    (cache === "default" &&
      [...headers].some(([name]) => CONDITION.test(name)));
  if (cache === "no-cache" && !headers.has("cache-control")) {
    headers.append("Cache-Control", "max-age=0");
  } else if (isBypassed) {
    if (!headers.has("pragma")) headers.append("Pragma", "no-cache");
    if (!headers.has("cache-control")) {
      headers.append("Cache-Control", "no-cache");
    }
  }
}
