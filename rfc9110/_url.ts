// Parsing URLs with error messages that do not repeat them. The platform's own
// message would show a password in the URL.

import { invalid, outOfRange, quote } from "../core/quote.ts";
import { REDACTED } from "./_inspect.ts";

/** Parses a URL. Returns `null` if that fails. */
export function tryParseUrl(
  text: string | URL,
  base?: string | URL,
): URL | null {
  try {
    return new URL(text, base);
  } catch {
    return null;
  }
}

/**
 * Parses a URL.
 *
 * @throws {TypeError} If that fails. The message does not repeat it.
 */
export function parseUrl(text: string | URL, base?: string | URL): URL {
  const url = tryParseUrl(text, base);
  if (url !== null) return url;
  throw invalid("URL", findUrlFault(text, base));
}

function findUrlFault(text: unknown, base: unknown): string {
  if (typeof text !== "string") return "it is neither a string nor a URL";
  const hasScheme = /^\s*[a-z][a-z\d+.-]*:/i.test(text);
  return base === undefined && !hasScheme
    ? "it is relative, without a scheme such as https:"
    : "it cannot be parsed";
}

/**
 * Parses an http or https URL.
 *
 * @throws {TypeError} If it is anything else. The message does not repeat it.
 */
export function parseHttpUrl(text: string | URL, base?: string | URL): URL {
  const url = parseUrl(text, base);
  checkScheme(url);
  return url;
}

/**
 * Checks that the scheme of a URL is http or https.
 *
 * @throws {TypeError} If it is not.
 */
export function checkScheme(url: URL): void {
  if (isHttp(url)) return;
  throw invalid(
    "URL",
    `its scheme ${quote(url.protocol)} is not http or https`,
  );
}

/** Returns whether the scheme of a URL is http or https. */
export function isHttp({ protocol }: URL): boolean {
  return protocol === "http:" || protocol === "https:";
}

/** Formats a URL with its userinfo redacted. */
export function showUrl(url: URL): string {
  if (url.username === "" && url.password === "") return url.href;
  const copy = new URL(url);
  dropUserinfo(copy);
  return copy.href.replace("//", `//${REDACTED}@`);
}

/** Removes the username and password from a URL. */
export function dropUserinfo(url: URL): void {
  url.username = url.password = "";
}

const DEFAULT_PORTS: Readonly<Record<string, number>> = {
  "http:": 80,
  "https:": 443,
  "socks5:": 1080,
  "socks5h:": 1080,
};

/** Returns the host and port of a URL's server. IPv6 is without brackets. */
export function serverOf(
  { hostname, port, protocol }: URL,
): { readonly hostname: string; readonly port: number } {
  return {
    hostname: unbracket(hostname),
    port: port === "" ? DEFAULT_PORTS[protocol]! : Number(port),
  };
}

/** Removes the brackets around an IPv6 address. */
export function unbracket(hostname: string): string {
  return hostname.replace(/^\[(.*)\]$/, "$1");
}

/**
 * Checks the port that an option names.
 *
 * @throws {RangeError} If it is not an integer from 1 to 65535.
 */
export function checkPort(option: string, port: number): void {
  if (Number.isInteger(port) && port > 0 && port < 65536) return;
  throw outOfRange(option, `the port ${port}`, "from 1 to 65535");
}
