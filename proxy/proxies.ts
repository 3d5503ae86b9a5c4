/**
 * Which proxy to use for a URL, by the rules of the environment.
 *
 * @module
 */

import { checkType } from "../core/fault.ts";
import { invalid, quote } from "../core/quote.ts";
import { makeInspectable } from "../rfc9110/_inspect.ts";
import { showUrl } from "../rfc9110/_url.ts";
import {
  matchesNoProxy,
  type NoProxyEntry,
  parseNoProxy,
} from "./_no_proxy.ts";

/** Options of {@linkcode HttpProxies}. */
export interface HttpProxiesOptions {
  /**
   * The proxy for http URLs.
   *
   * @default {the one in `all`}
   */
  readonly http?: string | URL | undefined;
  /**
   * The proxy for https URLs.
   *
   * @default {the one in `all`}
   */
  readonly https?: string | URL | undefined;
  /**
   * The proxy for URLs whose scheme has no other.
   *
   * @default {no proxy}
   */
  readonly all?: string | URL | undefined;
  /**
   * The hosts that are reached without a proxy: entries separated by commas or
   * blanks.
   *
   * @default {none}
   */
  readonly noProxy?: string | readonly string[] | undefined;
}

/**
 * The proxies for URLs, and the hosts that need none.
 *
 * A proxy is a URL whose scheme is `http`, `https`, `socks5`, or `socks5h`; one
 * without a scheme is `http`. Its userinfo is for the proxy. Its path is ignored.
 *
 * An entry of `noProxy` is one of these, each with an optional `:port`:
 *
 * | entry | matches |
 * |---|---|
 * | `*` | every host |
 * | `example.org`, `.example.org` | that host and every host below it |
 * | `*.example.org` | every host below it |
 * | `192.0.2.1`, `2001:db8::1`, `[2001:db8::1]` | that address |
 * | `192.0.2.0/24`, `[2001:db8::]/32` | the addresses in that network |
 *
 * Case and trailing dots do not matter. Addresses are compared as numbers, and an
 * IPv4-mapped IPv6 address is the IPv4 address in it. Names are never resolved, and
 * `localhost` is a name like any other. Any other entry matches nothing.
 *
 * @example Use the proxies of the environment
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { HttpProxies } from "@pimalaya/io-http/proxy";
 *
 * const proxies = HttpProxies.fromEnv({
 *   https_proxy: "proxy.example:3128",
 *   no_proxy: "localhost, 10.0.0.0/8, .internal",
 * });
 *
 * const proxy = proxies.match(new URL("https://example.org/"));
 * assertEquals(proxy?.href, "http://proxy.example:3128/");
 * assertEquals(proxies.match(new URL("https://10.1.2.3/")), null);
 * assertEquals(proxies.match(new URL("http://example.org/")), null);
 * ```
 */
export class HttpProxies {
  static readonly #inspectable = /* @__PURE__ */ makeInspectable(
    this,
    "HttpProxies",
  );
  readonly #http: URL | null;
  readonly #https: URL | null;
  readonly #noProxy: readonly NoProxyEntry[];

  /**
   * Parses the proxies that can be used.
   *
   * @param options The proxies, and the hosts that need none.
   * @throws {TypeError} If a proxy is not a URL with one of the schemes above and
   * a host, or the options are not an object. The message does not repeat it.
   */
  constructor(options: HttpProxiesOptions) {
    const { http, https, all, noProxy } = checkType(
      "options",
      options,
      "object",
    );
    this.#http = parseProxy("http", http || all);
    this.#https = parseProxy("https", https || all);
    this.#noProxy = parseNoProxy(
      typeof noProxy === "object" ? noProxy.join() : noProxy ?? "",
    );
  }

  /**
   * Reads `http_proxy`, `https_proxy`, `all_proxy`, and `no_proxy`.
   *
   * The variable of a scheme takes precedence over `all_proxy`, and lowercase over
   * uppercase. An empty value counts as unset. `HTTP_PROXY` is ignored if
   * `REQUEST_METHOD` is set: in a CGI program, any client can set it.
   *
   * @param env The environment, as a record.
   * @returns The proxies.
   * @throws {TypeError} If a proxy that can be used is invalid. The message does
   * not repeat it.
   */
  static fromEnv(env: Record<string, string | undefined>): HttpProxies {
    const read = (name: string) =>
      env[name]?.trim() || env[name.toUpperCase()]?.trim() || undefined;
    const isCgi = Boolean(env["REQUEST_METHOD"]);
    return new HttpProxies({
      http: isCgi ? env["http_proxy"]?.trim() : read("http_proxy"),
      https: read("https_proxy"),
      all: read("all_proxy"),
      noProxy: read("no_proxy"),
    });
  }

  /**
   * Finds the proxy for a URL.
   *
   * @param url The URL of a request.
   * @returns The URL of the proxy, or `null` if the origin is reached directly.
   * @throws {TypeError} If it is not a URL. A text would be reached directly.
   */
  match(url: URL): URL | null {
    const { protocol } = checkType("url", url, "object");
    const proxy = protocol === "http:"
      ? this.#http
      : protocol === "https:"
      ? this.#https
      : null;
    if (proxy === null || matchesNoProxy(this.#noProxy, url)) return null;
    return new URL(proxy);
  }

  /**
   * Returns the proxies without their credentials, for logs.
   *
   * @returns A plain object.
   * @internal
   */
  toJSON(): Record<string, unknown> {
    const show = (url: URL | null) => url && showUrl(url);
    return { http: show(this.#http), https: show(this.#https) };
  }
}

function parseProxy(
  scheme: string,
  value: string | URL | undefined,
): URL | null {
  return value ? parseProxyUrl(`proxy for ${scheme} URLs`, value) : null;
}

const SCHEMES = ["http:", "https:", "socks5:", "socks5h:"];

/**
 * Parses the URL of a proxy. One without a scheme is http.
 *
 * @param name Its name in the message.
 * @throws {TypeError} If it is invalid. The message does not repeat it, because of
 * its password.
 */
export function parseProxyUrl(name: string, value: string | URL): URL {
  const text = String(value);
  const hasScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(text);
  const url = tryParse(hasScheme ? text : `http://${text}`);
  if (url === null) throw invalid(name, "the URL cannot be parsed");
  if (!SCHEMES.includes(url.protocol)) {
    const scheme = quote(url.protocol);
    throw invalid(
      name,
      `the scheme ${scheme} is not http, https, socks5, or socks5h`,
    );
  }
  if (url.hostname === "") throw invalid(name, "the URL has no host");
  return url;
}

/** Parses a URL, checking its host like that of an http URL. */
function tryParse(text: string): URL | null {
  try {
    const url = new URL(text);
    // URL parsers leave the host of a scheme that they do not know as it is.
    if (url.hostname !== "") {
      url.hostname = new URL(`http://${url.hostname}`).hostname;
    }
    return url;
  } catch {
    return null;
  }
}
