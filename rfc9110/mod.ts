/**
 * HTTP semantics, shared by every version (RFC 9110): requests, responses,
 * header fields, status codes, methods, challenges and redirects.
 *
 * @example A request that follows a redirect
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import {
 *   HttpRequest,
 *   HttpResponse,
 *   redirectRequest,
 *   StatusCode,
 * } from "@pimalaya/io-http/rfc9110";
 *
 * const request = HttpRequest.get("https://example.com/old", {
 *   headers: { Authorization: "Bearer secret" },
 * });
 * const next = redirectRequest(request, {
 *   url: new URL("https://example.org/new"),
 *   response: new HttpResponse({ status: StatusCode.Found }),
 * });
 *
 * assertEquals(next.url.href, "https://example.org/new");
 * assertEquals(next.headers.has("authorization"), false);
 * ```
 *
 * @module
 */

export { HttpChallenge } from "./challenge.ts";
export { HttpHeaders, type HttpHeadersInit } from "./headers.ts";
export { isIdempotent, isSafe } from "./method.ts";
export { type HttpRedirect, redirectRequest } from "./redirect.ts";
export { HttpRequest, type HttpRequestInit } from "./request.ts";
export {
  HttpResponse,
  type HttpResponseInit,
  type HttpVersion,
} from "./response.ts";
export { reasonPhrase, StatusCode } from "./status.ts";
