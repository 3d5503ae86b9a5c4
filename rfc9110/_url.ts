// Parsing URLs without telling of them: the platform's own error repeats the
// whole text, a password in it included.

import { quote } from "../core/quote.ts";

/** Parses a URL; `null` where that is not possible. */
export function tryParseUrl(
  text: string | URL,
  base?: string | URL,
): URL | null {
  // Not with `URL.parse`, which some supported runtimes do not have yet, and
  // not after `URL.canParse`, which on Node 20 comes to reject valid hosts.
  try {
    return new URL(text, base);
  } catch {
    return null;
  }
}

/**
 * Parses an http or https URL.
 *
 * @throws {TypeError} If it is something else. The message does not repeat it.
 */
export function parseHttpUrl(text: string | URL, base?: string | URL): URL {
  const url = tryParseUrl(text, base);
  if (url === null) throw new TypeError("Invalid URL: it cannot be parsed");
  checkScheme(url);
  return url;
}

/**
 * Checks that a URL is one of http or https.
 *
 * @throws {TypeError} If it is not.
 */
export function checkScheme({ protocol }: URL): void {
  if (protocol === "http:" || protocol === "https:") return;
  throw new TypeError(
    `Invalid URL: its scheme ${quote(protocol)} is not http or https`,
  );
}
