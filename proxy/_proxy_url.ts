// The URLs of proxies, in the forms that environment variables have.

import { quote } from "../core/quote.ts";

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

/** Parses a URL, with a host that is checked as that of an http URL is. */
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

function invalid(name: string, reason: string): TypeError {
  return new TypeError(`Invalid ${name}: ${reason}`);
}
