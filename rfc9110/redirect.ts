/**
 * Redirects (RFC 9110 §10.2.2 and §15.4): where a response points, and the
 * request that would follow it. Nothing here follows one.
 *
 * @module
 */

import { equalsIgnoringCase } from "./_syntax.ts";
import { tryParseUrl } from "./_url.ts";
import { HttpHeaders } from "./headers.ts";
import { HttpRequest } from "./request.ts";
import type { HttpResponse } from "./response.ts";

/** Where a response points. */
export interface HttpRedirect {
  /** The target, resolved against the request's URL. */
  readonly url: URL;
  /** Whether scheme, host and port are those of the request. */
  readonly sameOrigin: boolean;
}

// 300 leaves the choice to the user, 304 points nowhere, 305 and 306 are dead.
const REDIRECT_STATUSES = [301, 302, 303, 307, 308];

// What a request without a body must not say about one (RFC 9110 §15.4, and
// §10.1.1 for Expect), besides the fields that start with `Content-`.
const BODY_FIELDS = ["transfer-encoding", "trailer", "expect"];

// What is meant for one origin alone.
const ORIGIN_FIELDS = [
  "authorization",
  "proxy-authorization",
  "cookie",
  "host",
];

const strictDecoder = new TextDecoder("utf-8", {
  fatal: true,
  ignoreBOM: true,
});

/**
 * Finds where a response points.
 *
 * @param base The request's URL.
 * @param response The response.
 * @returns The redirect, or `null` where the response is none that can be
 * followed.
 */
export function findRedirect(
  base: URL,
  response: HttpResponse,
): HttpRedirect | null {
  if (!REDIRECT_STATUSES.includes(response.status)) return null;
  const locations = new Set(response.headers.getAll("location"));
  const [location] = locations;
  if (location === undefined || locations.size > 1) return null;
  const url = tryParseUrl(decodeUtf8(location), base);
  if (url === null) return null;
  if (url.protocol !== "http:" && url.protocol !== "https:") return null;
  if (!location.includes("#")) url.hash = base.hash;
  return { url, sameOrigin: url.origin === base.origin };
}

/** Reads a byte string as UTF-8 where it is valid UTF-8. */
function decodeUtf8(text: string): string {
  try {
    return strictDecoder.decode(
      Uint8Array.from(text, (char) => char.charCodeAt(0)),
    );
  } catch {
    return text;
  }
}

/**
 * Makes the request that follows a redirect.
 *
 * After 303, every method but HEAD becomes GET; after 301 and 302, POST does,
 * as every client does it. The body then goes, and with it the fields that
 * speak of one. After 307 and 308, method and body stay. A target at another
 * origin does not get `Authorization`, `Proxy-Authorization`, `Cookie` or the
 * caller's `Host`.
 *
 * @param request The request that was redirected.
 * @param redirect The step or output that told of the redirect.
 * @returns A new request.
 * @throws {TypeError} If the scheme of the target is neither http nor https.
 *
 * @example A POST that was answered with 303
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import {
 *   HttpRequest,
 *   HttpResponse,
 *   redirectRequest,
 * } from "@pimalaya/io-http/rfc9110";
 *
 * const request = HttpRequest.post("http://example.com/form", { body: "a=1" });
 * const next = redirectRequest(request, {
 *   url: new URL("http://example.com/done"),
 *   response: new HttpResponse({ status: 303 }),
 * });
 *
 * assertEquals(next.method, "GET");
 * assertEquals(next.body.length, 0);
 * ```
 */
export function redirectRequest(
  request: HttpRequest,
  redirect: { url: URL; response: HttpResponse },
): HttpRequest {
  const { status } = redirect.response;
  const becomesGet = status === 303
    ? request.method !== "HEAD"
    : (status === 301 || status === 302) && request.method === "POST";
  const dropsBody = becomesGet || status === 303;
  const sameOrigin = redirect.url.origin === request.url.origin;
  const headers = new HttpHeaders();
  for (const [name, value] of request.headers) {
    if (dropsBody && describesBody(name)) continue;
    if (!sameOrigin && includesName(ORIGIN_FIELDS, name)) continue;
    headers.append(name, value);
  }
  return new HttpRequest(
    becomesGet ? "GET" : request.method,
    redirect.url,
    dropsBody ? { headers } : { headers, body: request.body },
  );
}

function describesBody(name: string): boolean {
  return name.toLowerCase().startsWith("content-") ||
    includesName(BODY_FIELDS, name);
}

function includesName(names: string[], name: string): boolean {
  return names.some((listed) => equalsIgnoringCase(name, listed));
}
