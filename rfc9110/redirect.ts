/**
 * Redirects (RFC 9110 §10.2.2 and §15.4): the target of a response, and the
 * request that would follow it. Nothing here follows one.
 *
 * @module
 */

import { invalid } from "../core/quote.ts";
import { decodeValidUtf8, encodeByteString } from "./byte_string.ts";
import { includesName } from "./_syntax.ts";
import { dropUserinfo, isHttp, tryParseUrl } from "./_url.ts";
import { appendFields, HttpHeaders } from "./headers.ts";
import { bodyLength, HttpRequest } from "./request.ts";
import type { HttpResponse } from "./response.ts";

/** The target of a redirect. */
export interface HttpRedirect {
  /** The target, resolved against the request's URL, without userinfo. */
  readonly url: URL;
  /** Whether its scheme, host, and port are those of the request. */
  readonly sameOrigin: boolean;
}

/**
 * A response together with its target: any step, output, or exchange that
 * reports a redirect.
 */
export type HttpRedirectOutput =
  | {
    /** The response that redirects. */
    readonly response: HttpResponse;
    /** Its target. */
    readonly redirect: HttpRedirect | null;
  }
  | {
    /** The response that redirects. */
    readonly response: HttpResponse;
    /** Its target. */
    readonly url: URL;
  };

// 300 leaves the choice to the user, 304 has no target, 305 and 306 are dead.
export const REDIRECT_STATUSES: readonly number[] = [301, 302, 303, 307, 308];

// Fields that describe a body, besides those that start with `Content-`
// (RFC 9110 §15.4; RFC 9110 §10.1.1 for Expect; RFC 9530 and its predecessor
// RFC 3230 for the digests).
const BODY_FIELDS = [
  "transfer-encoding",
  "trailer",
  "expect",
  "digest",
  "repr-digest",
  "last-modified",
];

// Fields that are meant for one origin.
const ORIGIN_FIELDS = [
  "authorization",
  "proxy-authorization",
  "cookie",
  "host",
];

/**
 * Finds the target of a response (RFC 9110 §15.4).
 *
 * Bytes above 0x7F in `Location` are read as UTF-8 if they are valid UTF-8. A
 * `Location` without a fragment inherits that of the request. Userinfo is
 * dropped.
 *
 * @param request The request that was sent.
 * @param response The response to it.
 * @returns The redirect, or `null` if the response is not a 301, 302, 303, 307,
 * or 308 with exactly one distinct `Location` that resolves to an http or https
 * URL, or if the method is CONNECT.
 *
 * @example The target of a 302
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import {
 *   findRedirect,
 *   HttpHeaders,
 *   HttpRequest,
 *   HttpResponse,
 * } from "@pimalaya/io-http/rfc9110";
 *
 * const redirect = findRedirect(
 *   HttpRequest.get("http://example.com/a/b#top"),
 *   new HttpResponse({
 *     status: 302,
 *     headers: new HttpHeaders({ Location: "../c" }),
 *   }),
 * );
 *
 * assertEquals(redirect?.url.href, "http://example.com/c#top");
 * assertEquals(redirect?.sameOrigin, true);
 * ```
 */
export function findRedirect(
  request: Pick<HttpRequest, "method" | "url">,
  response: HttpResponse,
): HttpRedirect | null {
  if (request.method === "CONNECT") return null;
  if (!REDIRECT_STATUSES.includes(response.status)) return null;
  const locations = new Set(response.headers.getAll("location"));
  const [location] = locations;
  if (location === undefined || locations.size > 1) return null;
  const base = request.url;
  const reference = decodeValidUtf8(encodeByteString(location)) ?? location;
  const url = resolve(reference, base);
  if (url === null || !isHttp(url)) return null;
  dropUserinfo(url);
  if (!location.includes("#")) url.hash = base.hash;
  return { url, sameOrigin: url.origin === base.origin };
}

/** {@linkcode findRedirect}, for a request that may have changed since it was sent. */
export function redirectOf(
  method: string,
  href: string,
  response: HttpResponse,
): HttpRedirect | null {
  // Parsing a URL takes time, and most responses are no redirects.
  return response.isRedirection
    ? findRedirect({ method, url: new URL(href) }, response)
    : null;
}

/**
 * Resolves a reference against an http or https URL, as the URL standard does.
 * Not every runtime implements all of it.
 */
function resolve(reference: string, base: URL): URL | null {
  // Tabs are skipped, and so are slashes beyond two before a host.
  const standard = reference.replaceAll("\t", "").replace(/^[/\\]{2,}/, "//");
  const url = tryParseUrl(standard, base);
  // Chromium encodes a space in a host, which the standard forbids.
  if (url?.hostname.includes("%")) return null;
  if (url?.pathname.includes("^")) {
    url.pathname = url.pathname.replaceAll("^", "%5E");
  }
  return url;
}

/**
 * Creates the request that follows a redirect.
 *
 * 303 changes every method except HEAD to GET, and 301 and 302 change POST to
 * GET. The body is then dropped, and with it the fields that describe one, unless
 * a GET or HEAD had none to begin with. 307 and 308 keep the method and the body.
 * A request to another origin loses
 * `Authorization`, `Proxy-Authorization`, `Cookie`, the caller's `Host`, and
 * every field whose value is a `Secret`.
 *
 * @param request The request that was redirected.
 * @param output The step, output, or exchange that reported the redirect.
 * @returns A new request, with a URL without userinfo.
 * @throws {TypeError} If `output` reports no redirect, or the scheme of its
 * target is neither http nor https.
 *
 * @example A POST answered with 303
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
  output: HttpRedirectOutput,
): HttpRequest {
  const url = new URL(targetOf(output));
  dropUserinfo(url);
  const { status } = output.response;
  const becomesGet = status === 303
    ? request.method !== "HEAD"
    : (status === 301 || status === 302) && request.method === "POST";
  const dropsBody = becomesGet && request.method !== "GET" ||
    status === 303 && hasBody(request);
  const sameOrigin = url.origin === request.url.origin;
  const headers = new HttpHeaders();
  appendFields(
    headers,
    request.headers,
    (name, isSecret) =>
      !(dropsBody && describesBody(name)) &&
      (sameOrigin || !(isSecret || includesName(ORIGIN_FIELDS, name))),
  );
  return new HttpRequest(
    becomesGet ? "GET" : request.method,
    url,
    dropsBody ? { headers } : { headers, body: request.body },
  );
}

/** Returns whether a request has a body, here or elsewhere. */
function hasBody(request: HttpRequest): boolean {
  return bodyLength(request) > 0 || request.headers.has("content-length") ||
    request.headers.has("transfer-encoding");
}

function targetOf(output: HttpRedirectOutput): URL {
  // An output of the agent has both, and its `url` is that of the request.
  const url = "redirect" in output ? output.redirect?.url : output.url;
  if (url !== undefined) return url;
  throw invalid("output", "it reports no redirect");
}

function describesBody(name: string): boolean {
  return name.toLowerCase().startsWith("content-") ||
    includesName(BODY_FIELDS, name);
}
