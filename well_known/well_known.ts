/**
 * Requests for well-known resources.
 *
 * @module
 */

import type {
  Err,
  HttpCoroutine,
  WantsRead,
  WantsWrite,
} from "../coroutine.ts";
import { invalid, quote } from "../core/quote.ts";
import { dropUserinfo, parseHttpUrl } from "../rfc9110/_url.ts";
import type { HttpHeadersInit } from "../rfc9110/headers.ts";
import { HttpRequest } from "../rfc9110/request.ts";
import {
  Http11Send,
  type HttpSendOptions,
  type HttpSendOutput,
} from "../rfc9112/send.ts";

/** Options of {@linkcode WellKnown}. */
export interface WellKnownInit extends HttpSendOptions {
  /**
   * The header fields of the request.
   *
   * @default {no fields}
   */
  headers?: HttpHeadersInit | undefined;
}

/** The steps of {@linkcode WellKnown}. */
export type WellKnownResult =
  | WantsRead
  | WantsWrite
  | Err
  | { readonly type: "Ok" } & Readonly<HttpSendOutput>;

/**
 * Requests `/.well-known/SERVICE` from an origin (RFC 8615).
 *
 * Many services respond with a redirect to their location. It is not followed,
 * and its target is in `redirect`.
 *
 * @example Discover a CalDAV service (RFC 6764)
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { WellKnown } from "@pimalaya/io-http/well-known";
 *
 * const lookup = new WellKnown("https://example.com/ignored", "caldav");
 * assertEquals(lookup.resume().type, "WantsWrite");
 * assertEquals(lookup.resume().type, "WantsRead");
 *
 * const step = lookup.resume(
 *   new TextEncoder().encode(
 *     "HTTP/1.1 301 Moved Permanently\r\n" +
 *       "Location: https://dav.example.com/\r\n" +
 *       "Content-Length: 0\r\n" +
 *       "\r\n",
 *   ),
 * );
 * assertEquals(
 *   step.type === "Ok" && step.redirect?.url.href,
 *   "https://dav.example.com/",
 * );
 * ```
 */
export class WellKnown implements HttpCoroutine<WellKnownResult> {
  /** The request. Connect to the host of its URL. */
  readonly request: HttpRequest;
  readonly #send: Http11Send;

  /**
   * Creates the request.
   *
   * @param base A URL of the origin. Its path, query, fragment, and userinfo are
   * dropped.
   * @param service The registered name, such as `"caldav"`, or several path
   * segments, such as `"acme-challenge/token"`.
   * @param init The header fields, and options of the exchange.
   * @throws {TypeError} If the base is not an http or https URL, a header field
   * is invalid, or the service is not one or more segments that are not empty,
   * `.`, or `..` and contain no `?`, `#`, backslash, space, or control character.
   * @throws {RangeError} If a limit is not a non-negative integer.
   */
  constructor(base: string | URL, service: string, init: WellKnownInit = {}) {
    checkService(service);
    const url = parseHttpUrl(`/.well-known/${service}`, base);
    dropUserinfo(url);
    this.request = HttpRequest.get(url, { headers: init.headers });
    this.#send = new Http11Send(this.request, init);
  }

  /**
   * Takes one step.
   *
   * @param bytes The bytes just read, `null` at end of file, or nothing.
   * @returns What the coroutine needs next, or how the exchange ended.
   */
  resume(bytes?: Uint8Array | null): WellKnownResult {
    const step = this.#send.resume(bytes);
    return step.type === "WantsRedirect" ? this.resume() : step;
  }
}

/** A segment that a URL parser treats as `.` or `..`. */
const DOT_SEGMENT = /^(?:\.|%2e){1,2}$/i;
// deno-lint-ignore no-control-regex
const FORBIDDEN_CHAR = /[?#\\\x00-\x20\x7f]/;

function checkService(service: string): void {
  const isValid = typeof service === "string" &&
    !FORBIDDEN_CHAR.test(service) &&
    service.split("/").every((segment) =>
      segment !== "" && !DOT_SEGMENT.test(segment)
    );
  if (isValid) return;
  throw invalid(
    "well-known service",
    `${quote(service)} is not one or more path segments`,
  );
}
