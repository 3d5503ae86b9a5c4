// What must not end up in a log: the values of fields that carry credentials,
// and the userinfo of a URL.

import { equalsIgnoringCase } from "./_syntax.ts";

/** What stands for a value that is not shown. */
export const REDACTED = "[redacted]";

/**
 * The method that `console.log` looks for in Deno, Node and Bun. It is a symbol
 * of the global registry, so that nothing has to be imported for it.
 */
export const INSPECT = Symbol.for("nodejs.util.inspect.custom");

const SENSITIVE_NAMES = [
  "authorization",
  "proxy-authorization",
  "cookie",
  "set-cookie",
  "www-authenticate",
  "proxy-authenticate",
  "authentication-info",
  "proxy-authentication-info",
];

/** Tells whether the values of a field are kept out of logs. */
export function isSensitive(name: string): boolean {
  return SENSITIVE_NAMES.some((sensitive) =>
    equalsIgnoringCase(name, sensitive)
  );
}

/** A URL without its user name and password. */
export function redactUrl(url: URL): string {
  if (url.username === "" && url.password === "") return url.href;
  const copy = new URL(url);
  copy.username = "";
  copy.password = "";
  return copy.href;
}

/** Shows `shown` under a class's name, or bare where there is no `inspect`. */
export function inspectAs(
  name: string,
  shown: unknown,
  options: unknown,
  inspect: ((value: unknown, options: unknown) => string) | undefined,
): unknown {
  return inspect === undefined ? shown : `${name} ${inspect(shown, options)}`;
}
