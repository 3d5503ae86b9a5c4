// What fetch is asked for (WHATWG Fetch §5.4). A Request is created only if the
// caller gives one: it takes as long as a small exchange.

import { quote } from "../../core/quote.ts";
import { isToken } from "../../rfc9110/_syntax.ts";
import { forEachEntry } from "../../rfc9110/_entries.ts";
import { HttpHeaders } from "../../rfc9110/headers.ts";
import { Secret } from "../../rfc9110/secret.ts";
import { type FetchContent, readBody, readRequestBody } from "./body.ts";

/** What `fetch` takes for a request. */
export type FetchInput = string | URL | Request;

/** What fetch is asked for. */
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
];

/** An init with the members that not every runtime declares. */
type Init = RequestInit & { duplex?: unknown; window?: unknown };

/**
 * Reads the arguments of fetch.
 *
 * @throws {TypeError} If they are invalid.
 */
export function readArguments(
  input: FetchInput,
  init: Init,
): FetchRequest | Promise<FetchRequest> {
  return input instanceof Request
    ? readRequest(new Request(input, withDuplex(init)), init)
    : readInit(String(input), init);
}

/** The init of a caller who gives none. */
export const NO_INIT: Init = {};

function readInit(url: string, init: Init): FetchRequest {
  if (init !== NO_INIT) checkInit(init);
  const method = normalizeMethod(init.method ?? "GET");
  const headers = readHeaders(init.headers);
  let content: FetchContent | null = null;
  if (init.body !== undefined && init.body !== null) {
    if (method === "GET" || method === "HEAD") {
      throw new TypeError(`Cannot send a body with ${method}`);
    }
    const body = readBody(init.body);
    content = body.content;
    if (body.type !== null && !headers.has("content-type")) {
      headers.append("Content-Type", body.type);
    }
  }
  addCacheFields(headers, init.cache);
  return {
    method,
    url,
    headers,
    content,
    redirect: init.redirect,
    signal: init.signal ?? null,
    omitsCredentials: init.credentials === "omit",
    integrity: init.integrity ?? "",
  };
}

async function readRequest(
  request: Request,
  init: Init,
): Promise<FetchRequest> {
  const { method, url, signal, body, redirect, cache } = request;
  if (signal.aborted) {
    body?.cancel(signal.reason).catch(() => {});
    throw signal.reason;
  }
  const headers = readHeaders(request.headers);
  addCacheFields(headers, cache);
  return {
    method,
    url,
    headers,
    content: body === null ? null : await readRequestBody(body),
    // A Request that was made without a mode has "follow".
    redirect: redirect === "follow" ? init.redirect : redirect,
    signal,
    omitsCredentials: request.credentials === "omit",
    integrity: request.integrity ?? "",
  };
}

/** A stream as a body must say so, but not in every runtime. */
function withDuplex(init: Init): RequestInit {
  const { body } = init;
  const given = body === undefined || body === null ? {} : { duplex: "half" };
  return { ...given, ...init };
}

/** @throws {TypeError} If a member is invalid. */
function checkInit(init: Init): void {
  for (const [name, values] of ENUMS) {
    const value: unknown = init[name];
    if (value === undefined || values.includes(value as string)) continue;
    throw new TypeError(
      `Invalid init: ${name} ${quote(String(value))} is none of ` +
        values.join(", "),
    );
  }
  if (init.cache === "only-if-cached" && init.mode !== "same-origin") {
    throw new TypeError(
      'Invalid init: the cache mode "only-if-cached" needs the mode ' +
        '"same-origin"',
    );
  }
  if (init.window !== undefined && init.window !== null) {
    throw new TypeError("Invalid init: window is not null");
  }
  const { signal } = init;
  if (
    signal !== undefined && signal !== null && !(signal instanceof AbortSignal)
  ) throw new TypeError("Invalid init: signal is not an AbortSignal");
}

/** @throws {TypeError} If the method is not a token, or forbidden. */
function normalizeMethod(method: string): string {
  if (NORMALIZED.includes(method)) return method;
  if (!isToken(method)) {
    throw new TypeError(`Invalid method: ${quote(method)} is not a token`);
  }
  const upper = method.toUpperCase();
  if (FORBIDDEN.includes(upper)) {
    throw new TypeError(`Invalid method: fetch does not send ${upper}`);
  }
  return NORMALIZED.includes(upper) ? upper : method;
}

/**
 * Reads headers as `Headers` does, but keeps their case and order.
 *
 * @throws {TypeError} If they are invalid.
 */
function readHeaders(init: RequestInit["headers"]): HttpHeaders {
  const headers = new HttpHeaders();
  if (init === undefined) return headers;
  forEachEntry(init, "header", (name, value) => {
    // The framing is ours.
    if (/^(?:content-length|transfer-encoding)$/i.test(name)) return;
    headers.append(name, value instanceof Secret ? value : trim(String(value)));
  });
  return headers;
}

/** `Headers` also removes line ends. */
function trim(value: string): string {
  return value.replace(/^[\t\n\r ]+|[\t\n\r ]+$/g, "");
}

/** Asks caches on the way for what the mode says (WHATWG Fetch §4.6). */
function addCacheFields(headers: HttpHeaders, cache: string | undefined): void {
  if (cache === "no-cache" && !headers.has("cache-control")) {
    headers.append("Cache-Control", "max-age=0");
  } else if (cache === "no-store" || cache === "reload") {
    if (!headers.has("pragma")) headers.append("Pragma", "no-cache");
    if (!headers.has("cache-control")) {
      headers.append("Cache-Control", "no-cache");
    }
  }
}
