/**
 * A cookie jar (RFC 6265bis).
 *
 * @module
 */

import { checkLimit, checkNow } from "../core/fault.ts";
import { makeInspectable } from "../rfc9110/_inspect.ts";
import { HttpHeaders } from "../rfc9110/headers.ts";
import { CookieStore, isExpired, type StoredCookie } from "./_store.ts";
import { hideValue, type HttpCookie } from "./cookie.ts";
import { domainMatches, isAddress } from "./domain.ts";
import { defaultPath, pathMatches } from "./path.ts";
import { parseSetCookie, type SetCookie } from "./set_cookie.ts";
import { parseSavedCookies } from "./saved.ts";

/**
 * Why a cookie was refused, stable across versions.
 *
 * | reason | why |
 * |---|---|
 * | `ControlCharacter` | the value holds a control character other than HTAB |
 * | `TooLarge` | name and value are more than 4,096 bytes |
 * | `Empty` | it has neither a name nor a value |
 * | `InvalidDomain` | `Domain` holds a byte above 0x7F |
 * | `SingleLabelDomain` | `Domain` has no dot and is not `localhost` |
 * | `PublicSuffix` | `isPublicSuffix` returns true for `Domain` |
 * | `DomainMismatch` | the host is neither `Domain` nor below it |
 * | `InsecureOrigin` | `Secure` over http |
 * | `OverwritesSecure` | over http, with the name of a `Secure` cookie |
 * | `SameSiteNoneInsecure` | `SameSite=None` without `Secure` |
 * | `SecurePrefix` | `__Secure-` without `Secure` |
 * | `HostPrefix` | `__Host-` without `Secure` and `Path=/`, or with `Domain` |
 * | `NamelessPrefix` | no name, and a value that starts with such a prefix |
 */
export type HttpCookieRefusal =
  | "ControlCharacter"
  | "TooLarge"
  | "Empty"
  | "InvalidDomain"
  | "SingleLabelDomain"
  | "PublicSuffix"
  | "DomainMismatch"
  | "InsecureOrigin"
  | "OverwritesSecure"
  | "SameSiteNoneInsecure"
  | "SecurePrefix"
  | "HostPrefix"
  | "NamelessPrefix";

/**
 * The outcome for one Set-Cookie value. A cookie that has expired already, which
 * is how servers delete cookies, is reported like any other.
 */
export type HttpCookieResult =
  | { readonly cookie: HttpCookie }
  | { readonly refused: HttpCookieRefusal };

/** Which cookies {@linkcode HttpCookieJar.delete} deletes. */
export interface HttpCookieFilter {
  /**
   * The exact name.
   *
   * @default {any name}
   */
  name?: string | undefined;
  /**
   * The exact domain.
   *
   * @default {any domain}
   */
  domain?: string | undefined;
  /**
   * The exact path.
   *
   * @default {any path}
   */
  path?: string | undefined;
}

/** Options of an {@linkcode HttpCookieJar}. */
export interface HttpCookieJarOptions {
  /**
   * Returns true if anybody can register names below the domain, such as
   * `co.uk`. No host may set a cookie for such a domain, except for itself alone.
   *
   * @default {no list, only single labels are refused}
   */
  isPublicSuffix?: ((domain: string) => boolean) | undefined;
  /**
   * The number of cookies that the jar holds: the minimum of RFC 6265bis §6.1.
   *
   * @default {3000}
   */
  maxCookies?: number | undefined;
  /**
   * The number of cookies that the jar holds for one domain: the minimum of RFC
   * 6265bis §6.1.
   *
   * @default {50}
   */
  maxCookiesPerDomain?: number | undefined;
}

/**
 * Stores cookies and returns those of a request (RFC 6265bis §5.7 and §5.8).
 *
 * **The jar comes without a public suffix list.** It refuses cookies for `com`
 * but not for `co.uk`, unless `isPublicSuffix` knows better. With `npm:tldts`
 * that takes one line:
 *
 * ```ts ignore
 * import { HttpCookieJar } from "@pimalaya/io-http/cookies";
 * import { getPublicSuffix } from "npm:tldts";
 *
 * const jar = new HttpCookieJar({
 *   isPublicSuffix: (domain) =>
 *     getPublicSuffix(domain, { allowPrivateDomains: true }) === domain,
 * });
 * ```
 *
 * The jar does no I/O and reads no clock: `now` is passed in, in milliseconds
 * since the epoch. Values are byte strings and never shown by inspection.
 *
 * @example Store the cookies of a response, and send them
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { HttpCookieJar } from "@pimalaya/io-http/cookies";
 *
 * const jar = new HttpCookieJar();
 * const url = new URL("https://example.com/login");
 * const now = Date.parse("2026-01-01T00:00:00Z");
 *
 * const results = jar.store(url, [
 *   "session=abc; Path=/; Secure; HttpOnly",
 *   "spy=1; Domain=other.example",
 * ], now);
 *
 * assertEquals(results.map((it) => "refused" in it ? it.refused : "stored"), [
 *   "stored",
 *   "DomainMismatch",
 * ]);
 * assertEquals(
 *   jar.header(new URL("https://example.com/"), now),
 *   "session=abc",
 * );
 * assertEquals(jar.header(new URL("http://example.com/"), now), null);
 * ```
 */
export class HttpCookieJar {
  static readonly #inspectable = /* @__PURE__ */ makeInspectable(
    this,
    "HttpCookieJar",
    (self) => ({ cookies: self.cookies() }),
  );

  readonly #store: CookieStore;
  readonly #isPublicSuffix: (domain: string) => boolean;

  /**
   * Creates an empty jar.
   *
   * @param options The limits, and the public suffixes.
   * @throws {RangeError} If a limit is not a non-negative integer.
   */
  constructor(options: HttpCookieJarOptions = {}) {
    this.#isPublicSuffix = options.isPublicSuffix ?? (() => false);
    this.#store = new CookieStore(
      checkLimit("maxCookies", options.maxCookies ?? 3000),
      checkLimit("maxCookiesPerDomain", options.maxCookiesPerDomain ?? 50),
    );
  }

  /**
   * Restores a jar from the result of {@linkcode HttpCookieJar.toJSON}.
   *
   * @param data The saved jar, parsed.
   * @param options The limits, and the public suffixes.
   * @returns The jar.
   * @throws {TypeError} If the data is not a saved jar.
   * @throws {RangeError} If a limit is not a non-negative integer.
   */
  static fromJSON(
    data: unknown,
    options?: HttpCookieJarOptions,
  ): HttpCookieJar {
    const jar = new HttpCookieJar(options);
    // Without a clock, the time is the epoch, when nothing has expired.
    for (const cookie of parseSavedCookies(data)) jar.#store.put(cookie, 0);
    return jar;
  }

  /**
   * Stores the cookies of a response.
   *
   * @param url The URL of the request.
   * @param headers The response's header fields, or the values of its
   * `Set-Cookie` fields.
   * @param now The current time, in milliseconds since the epoch.
   * @returns The outcome for each `Set-Cookie` value, in order.
   * @throws {TypeError} If a value holds a character above 0xFF, or the time is not
   * a number.
   */
  store(
    url: URL,
    headers: HttpHeaders | Headers | readonly string[],
    now: number,
  ): HttpCookieResult[] {
    checkNow(now);
    return setCookieValues(headers).map((text) => {
      const parsed = parseSetCookie(text, now);
      if (typeof parsed === "string") return { refused: parsed };
      const refused = this.#findRefusal(url, parsed, now);
      if (refused !== null) return { refused };
      const cookie = this.#store.put(makeCookie(url, parsed, now), now);
      return { cookie: snapshot(cookie) };
    });
  }

  /**
   * Returns the value of the `Cookie` field for a request: the longest path
   * first, then the oldest cookie.
   *
   * @param url The URL of the request.
   * @param now The current time, in milliseconds since the epoch.
   * @returns The value, or `null` if no cookie is for this request.
   * @throws {TypeError} If the time is not a number.
   */
  header(url: URL, now: number): string | null {
    checkNow(now);
    const cookies = this.#find(url, now);
    if (cookies.length === 0) return null;
    for (const cookie of cookies) cookie.lastAccess = now;
    return cookies
      .map(({ name, value }) => name === "" ? value : `${name}=${value}`)
      .join("; ");
  }

  /**
   * Lists cookies, without counting this as a use.
   *
   * @param url The URL of a request to list the cookies of, in the order in
   * which they are sent; otherwise all cookies are listed, the oldest first.
   * @param now The current time, in milliseconds since the epoch. Without it,
   * expired cookies are listed too.
   * @returns Copies of the cookies, with their values.
   */
  cookies(url?: URL, now: number = -Infinity): HttpCookie[] {
    const cookies = url === undefined
      ? this.#store.all().filter((cookie) => !isExpired(cookie, now))
      : this.#find(url, now);
    return cookies.map(snapshot);
  }

  /**
   * Deletes cookies.
   *
   * @param filter The members that the cookies have, or a function that returns
   * true for each of them. An empty filter deletes all cookies.
   * @returns The number of deleted cookies.
   */
  delete(filter: HttpCookieFilter | ((cookie: HttpCookie) => boolean)): number {
    const isMatch = typeof filter === "function"
      ? (cookie: HttpCookie) => filter(snapshot(cookie))
      : (cookie: HttpCookie) => matchesFilter(cookie, filter);
    const matches = this.#store.all().filter(isMatch);
    for (const cookie of matches) this.#store.remove(cookie);
    return matches.length;
  }

  /**
   * Returns the whole jar, values included, for `JSON.stringify` and
   * {@linkcode HttpCookieJar.fromJSON}. Keep it as safe as a password.
   *
   * @returns A plain object.
   */
  toJSON(): { version: 1; cookies: HttpCookie[] } {
    return { version: 1, cookies: this.cookies() };
  }

  #find(url: URL, now: number): StoredCookie[] {
    const isSecure = url.protocol === "https:";
    return [...this.#store.matching(url.hostname)]
      .filter((cookie) =>
        (isSecure || !cookie.secure) &&
        pathMatches(url.pathname, cookie.path) && !isExpired(cookie, now)
      )
      .sort((a, b) =>
        b.path.length - a.path.length || a.created - b.created ||
        a.order - b.order
      );
  }

  /** Checks a cookie in the order of §5.7. */
  #findRefusal(
    url: URL,
    parsed: SetCookie,
    now: number,
  ): HttpCookieRefusal | null {
    const { name, value, domain, secure } = parsed;
    const domainFault = this.#checkDomain(url.hostname, parsed);
    if (domainFault !== null) return domainFault;
    const isSecureOrigin = url.protocol === "https:";
    if (secure && !isSecureOrigin) return "InsecureOrigin";
    if (!isSecureOrigin && this.#hidesSecure(url, parsed, now)) {
      return "OverwritesSecure";
    }
    if (parsed.sameSite === "None" && !secure) return "SameSiteNoneInsecure";
    if (startsWithPrefix(name, "__secure-") && !secure) return "SecurePrefix";
    if (
      startsWithPrefix(name, "__host-") &&
      !(secure && domain === "" && parsed.path === "/")
    ) return "HostPrefix";
    const isNameless = name === "" &&
      (startsWithPrefix(value, "__secure-") ||
        startsWithPrefix(value, "__host-"));
    return isNameless ? "NamelessPrefix" : null;
  }

  #checkDomain(host: string, parsed: SetCookie): HttpCookieRefusal | null {
    const { domain } = parsed;
    if (domain === "") return null;
    if (/[\x80-\xff]/.test(domain)) return "InvalidDomain";
    if (
      !domain.includes(".") && domain !== "localhost" && !isAddress(domain)
    ) return "SingleLabelDomain";
    if (this.#isPublicSuffix(domain)) {
      if (host !== domain) return "PublicSuffix";
      // The site of the suffix itself, such as `github.io`: only for this host.
      parsed.domain = "";
      return null;
    }
    return domainMatches(host, domain) ? null : "DomainMismatch";
  }

  /** Returns true if a Secure cookie of that name would be hidden (§5.7). */
  #hidesSecure(url: URL, parsed: SetCookie, now: number): boolean {
    const { name, domain } = parsed;
    const path = parsed.path ?? defaultPath(url.pathname);
    const secure = this.#store.secureRelated(
      name,
      domain || url.hostname,
      now,
    );
    for (const cookie of secure) {
      if (pathMatches(path, cookie.path)) return true;
    }
    return false;
  }
}

function makeCookie(url: URL, parsed: SetCookie, now: number): HttpCookie {
  return {
    name: parsed.name,
    value: parsed.value,
    domain: parsed.domain || url.hostname,
    path: parsed.path ?? defaultPath(url.pathname),
    hostOnly: parsed.domain === "",
    secure: parsed.secure,
    httpOnly: parsed.httpOnly,
    sameSite: parsed.sameSite,
    expires: parsed.expires,
    created: now,
    lastAccess: now,
  };
}

/** Copies a cookie for the caller: a later use of the jar does not change it. */
function snapshot(cookie: HttpCookie): HttpCookie {
  const { order: _, ...copy } = cookie as StoredCookie;
  return hideValue(copy);
}

function setCookieValues(
  headers: HttpHeaders | Headers | readonly string[],
): readonly string[] {
  if (headers instanceof HttpHeaders) return headers.getAll("set-cookie");
  return "getSetCookie" in headers ? headers.getSetCookie() : headers;
}

function matchesFilter(cookie: HttpCookie, filter: HttpCookieFilter): boolean {
  return (filter.name ?? cookie.name) === cookie.name &&
    (filter.domain ?? cookie.domain) === cookie.domain &&
    (filter.path ?? cookie.path) === cookie.path;
}

function startsWithPrefix(text: string, prefix: string): boolean {
  return text.slice(0, prefix.length).toLowerCase() === prefix;
}
