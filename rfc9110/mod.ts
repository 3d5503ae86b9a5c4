/**
 * HTTP semantics, shared by every version (RFC 9110): requests, responses,
 * header fields, status codes, methods, challenges, and redirects.
 *
 * @example A request that follows a redirect
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import {
 *   HttpRequest,
 *   HttpResponse,
 *   redirectRequest,
 *   Secret,
 *   StatusCode,
 * } from "@pimalaya/io-http/rfc9110";
 *
 * const request = HttpRequest.get("https://example.com/old", {
 *   headers: { "X-Api-Key": new Secret("hush") },
 * });
 * const next = redirectRequest(request, {
 *   url: new URL("https://example.org/new"),
 *   response: new HttpResponse({ status: StatusCode.Found }),
 * });
 *
 * assertEquals(next.url.href, "https://example.org/new");
 * assertEquals(next.headers.has("x-api-key"), false);
 * ```
 *
 * @module
 */

export { fromByteString, toByteString } from "./byte_string.ts";
export { HttpChallenge } from "./challenge.ts";
export {
  type HttpFieldValue,
  HttpHeaders,
  type HttpHeadersInit,
} from "./headers.ts";
export { isIdempotent, isSafe } from "./method.ts";
export {
  findRedirect,
  type HttpRedirect,
  type HttpRedirectOutput,
  redirectRequest,
} from "./redirect.ts";
export { HttpRequest, type HttpRequestInit } from "./request.ts";
export type {
  HttpFormInit,
  HttpFormValue,
  HttpRequestBodyInit,
} from "./request_body.ts";
export {
  HttpResponse,
  type HttpResponseInit,
  type HttpVersion,
} from "./response.ts";
export { Secret } from "./secret.ts";
export { reasonPhrase, StatusCode } from "./status.ts";
