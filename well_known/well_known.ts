/**
 * Looking up a well-known resource.
 *
 * @module
 */

import type {
  Err,
  HttpCoroutine,
  WantsRead,
  WantsWrite,
} from "../coroutine.ts";
import { quote } from "../core/quote.ts";
import { parseHttpUrl } from "../rfc9110/_url.ts";
import type { HttpHeadersInit } from "../rfc9110/headers.ts";
import type { HttpRedirect } from "../rfc9110/redirect.ts";
import { HttpRequest } from "../rfc9110/request.ts";
import { Http11Send } from "../rfc9112/send.ts";
import type { HttpSendOutput } from "../rfc9112/send.ts";

/** What a {@linkcode WellKnown} may be given besides base and service. */
export interface WellKnownInit {
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
  | {
    /** The step's name: the exchange is complete. */
    readonly type: "Ok";
    /** Where the response points, or `null` where it is no redirect. */
    readonly redirect: HttpRedirect | null;
  } & Readonly<HttpSendOutput>;

/**
 * Asks an origin for `/.well-known/SERVICE` (RFC 8615).
 *
 * Many services answer with a redirect to where they are; it is not followed,
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
  /** The request, whose URL says where to connect. */
  readonly request: HttpRequest;
  readonly #send: Http11Send;
  #redirect: HttpRedirect | null = null;
  #end: WellKnownResult | null = null;

  /**
   * Makes the request.
   *
   * @param base A URL of the origin; its path, query, fragment and userinfo are
   * dropped.
   * @param service The registered name, for example `"caldav"`, or several
   * path segments, for example `"acme-challenge/token"`.
   * @param init The header fields of the request.
   * @throws {TypeError} If the base is not an http or https URL, a header field
   * is invalid, or the service is not one or more segments that are neither
   * empty, `.` nor `..`, and hold no `?`, `#`, backslash, space or control
   * character.
   */
  constructor(base: string | URL, service: string, init?: WellKnownInit) {
    checkService(service);
    const url = parseHttpUrl(`/.well-known/${service}`, base);
    url.username = url.password = "";
    this.request = HttpRequest.get(url, init);
    this.#send = new Http11Send(this.request);
  }

  /**
   * Takes one step.
   *
   * @param bytes The bytes just read, `null` at end of file, or nothing.
   * @returns What is wanted next, or how the exchange ended.
   */
  resume(bytes?: Uint8Array | null): WellKnownResult {
    const step = this.#send.resume(bytes);
    if (step.type === "WantsRedirect") {
      const { url, sameOrigin } = step;
      this.#redirect = { url, sameOrigin };
      return this.resume();
    }
    if (step.type !== "Ok") return step;
    return this.#end ??= { ...step, redirect: this.#redirect };
  }
}

/** A segment that the URL parser takes for `.` or `..`. */
const DOT_SEGMENT = /^(?:\.|%2e){1,2}$/i;
// deno-lint-ignore no-control-regex
const FORBIDDEN_CHAR = /[?#\\\x00-\x20\x7f]/;

function checkService(service: string): void {
  const isValid = !FORBIDDEN_CHAR.test(service) &&
    service.split("/").every((segment) =>
      segment !== "" && !DOT_SEGMENT.test(segment)
    );
  if (isValid) return;
  throw new TypeError(
    `Invalid well-known service: ${quote(service)} is not one or more ` +
      `path segments`,
  );
}
