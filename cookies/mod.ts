/**
 * A cookie jar for HTTP clients (RFC 6265bis). It does no I/O and comes without
 * a public suffix list: see {@linkcode HttpCookieJar}.
 *
 * @example Carry a session from one request to the next
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { HttpRequest, HttpResponse, HttpHeaders } from "@pimalaya/io-http";
 * import { HttpCookieJar } from "@pimalaya/io-http/cookies";
 *
 * const jar = new HttpCookieJar();
 * const url = new URL("https://example.com/login");
 * const response = new HttpResponse({
 *   status: 200,
 *   headers: new HttpHeaders([["Set-Cookie", "session=abc; Path=/"]]),
 * });
 * jar.store(url, response.headers, Date.now());
 *
 * const next = HttpRequest.get("https://example.com/inbox");
 * const cookie = jar.header(next.url, Date.now());
 * if (cookie !== null) next.header("Cookie", cookie);
 *
 * assertEquals(next.headers.get("cookie"), "session=abc");
 * ```
 *
 * @module
 */

export type { HttpCookie } from "./cookie.ts";
export { HttpHeaders } from "../rfc9110/headers.ts";
export * from "./jar.ts";
export type { HttpSameSite } from "./set_cookie.ts";
